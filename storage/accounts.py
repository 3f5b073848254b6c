"""Accounts: created, found, promoted. Addresses are compared case-folded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from domain.accounts import Account
from domain.errors import ConflictError
from domain.wire.accounts import Limits, Role
from security.ids import new_id, new_token
from storage.changes import Change
from storage.tables import RefreshFamilyRow, UserRow


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with its password hash, for signing in only."""

    account: Account
    password_hash: str = field(repr=False)


def count() -> int:
    """Return how many accounts there are."""
    return int(UserRow.select().count())


def find(user_id: str) -> Account | None:
    """Return the account with this id, if there is one."""
    row = UserRow.get_or_none(UserRow.id == user_id)
    return _account(row) if row else None


def credentials(email: str) -> Credentials | None:
    """Return account and hash for an address, if there is one."""
    row = UserRow.get_or_none(UserRow.email == fold(email))
    return Credentials(_account(row), row.password_hash) if row else None


def create(
    email: str,
    password_hash: str,
    at_ms: int,
    *,
    first_only: bool,
    role: Role | None = None,
) -> Change[Account]:
    """Store an account; the first one becomes the admin, decided here, in the write.

    Raises `ConflictError` when the address is taken, or when `first_only` is asked for
    and somebody was faster.
    """
    is_first = count() == 0
    if first_only and not is_first:
        raise ConflictError("The first account exists already; sign in instead.")
    if UserRow.select().where(UserRow.email == fold(email)).exists():
        raise ConflictError("This address has an account already; sign in instead.")
    limits = Limits()
    row = UserRow.create(
        id=new_id(),
        email=fold(email),
        password_hash=password_hash,
        role=role or ("admin" if is_first else "user"),
        max_concurrent_jobs=limits.max_concurrent_jobs,
        max_queued_jobs=limits.max_queued_jobs,
        jobs_per_hour=limits.jobs_per_hour,
        created_at_ms=at_ms,
        epoch=new_token()[:16],
    )
    return Change(_account(row))


def ensure_admin(email: str, password_hash: str, at_ms: int) -> Change[Account]:
    """Make `email` an admin: created, or promoted with this password; else left alone.

    Whoever is promoted loses all sessions, for the password is no longer theirs.
    """
    known = UserRow.get_or_none(UserRow.email == fold(email))
    if known is None:
        return create(email, password_hash, at_ms, first_only=False, role="admin")
    if known.role != "admin":
        UserRow.update(role="admin", password_hash=password_hash, totp=False).where(
            UserRow.id == known.id
        ).execute()
        RefreshFamilyRow.delete().where(RefreshFamilyRow.user == known.id).execute()
    return Change(_account(UserRow.get_by_id(known.id)))


def set_password_hash(user_id: str, password_hash: str) -> Change[None]:
    """Replace a hash whose cost is out of date."""
    UserRow.update(password_hash=password_hash).where(UserRow.id == user_id).execute()
    return Change(None)


def fold(email: str) -> str:
    """Return the form in which addresses are stored and compared."""
    return email.strip().casefold()


def _account(row: UserRow) -> Account:
    return Account(
        id=row.id,
        email=row.email,
        role=cast("Role", row.role),
        disabled=row.disabled,
        totp=row.totp,
        limits=Limits(
            max_concurrent_jobs=row.max_concurrent_jobs,
            max_queued_jobs=row.max_queued_jobs,
            jobs_per_hour=row.jobs_per_hour,
        ),
        created_at_ms=row.created_at_ms,
    )
