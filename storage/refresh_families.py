"""Sign-ins and their chains of refresh tokens; only hashes are stored."""

from __future__ import annotations

from dataclasses import dataclass

from domain.accounts import Account
from security.ids import new_id
from security.refresh import RefreshFamily, Verdict, expiry_ms, judge
from storage import accounts
from storage.changes import Change
from storage.tables import RefreshFamilyRow, RetiredTokenRow


@dataclass(frozen=True, slots=True)
class Presented:
    """What a presented refresh token earned, and for whom."""

    verdict: Verdict
    account: Account | None = None
    family_id: str | None = None


def start(user_id: str, token_hash: str, at_ms: int) -> Change[str]:
    """Store a new sign-in; returns its family id."""
    family_id = new_id()
    RefreshFamilyRow.insert(
        id=family_id,
        user=user_id,
        current_hash=token_hash,
        rotated_at_ms=at_ms,
        created_at_ms=at_ms,
        expires_at_ms=expiry_ms(created_at_ms=at_ms, rotated_at_ms=at_ms),
    ).execute()
    return Change(family_id)


def present(token_hash: str, successor_hash: str, at_ms: int) -> Change[Presented]:
    """Judge a presented token and do what follows, in this one transaction."""
    row = _family_of(token_hash)
    verdict = judge(_judged(row, token_hash) if row else None, token_hash, at_ms)
    if row is None or verdict is Verdict.UNKNOWN:
        return Change(Presented(Verdict.UNKNOWN))
    if verdict is Verdict.ROTATE:
        _rotate(row, successor_hash, at_ms)
    elif verdict is Verdict.REVOKE_FAMILY:
        revoke(row.id)
    return Change(Presented(verdict, accounts.find(row.user_id), row.id))


def family_of_token(token_hash: str) -> tuple[str, str] | None:
    """Return (user id, family id) of a refresh token, old or new; None if unknown."""
    row = _family_of(token_hash)
    return (row.user_id, row.id) if row else None


def revoke(family_id: str) -> Change[None]:
    """End a sign-in: its access tokens are refused from now on, too."""
    RefreshFamilyRow.update(revoked=True).where(RefreshFamilyRow.id == family_id).execute()
    return Change(None)


def account_of(family_id: str, user_id: str, at_ms: int) -> Account | None:
    """Return the account behind a sign-in that has not ended, else None."""
    alive = (
        (RefreshFamilyRow.id == family_id)
        & (RefreshFamilyRow.user == user_id)
        & (RefreshFamilyRow.revoked == False)  # noqa: E712 - SQL, not Python
        & (RefreshFamilyRow.expires_at_ms > at_ms)
    )
    if not RefreshFamilyRow.select(RefreshFamilyRow.id).where(alive).exists():
        return None
    account = accounts.find(user_id)
    return None if account is None or account.disabled else account


def _family_of(token_hash: str) -> RefreshFamilyRow | None:
    row: RefreshFamilyRow | None = RefreshFamilyRow.get_or_none(
        RefreshFamilyRow.current_hash == token_hash
    )
    if row is not None:
        return row
    retired = RetiredTokenRow.get_or_none(RetiredTokenRow.hash == token_hash)
    return retired.family if retired else None


def _judged(row: RefreshFamilyRow, token_hash: str) -> RefreshFamily:
    retired = RetiredTokenRow.get_or_none(RetiredTokenRow.hash == token_hash)
    return RefreshFamily(
        current_hash=row.current_hash,
        previous_hash=row.previous_hash,
        rotated_at_ms=row.rotated_at_ms,
        expires_at_ms=row.expires_at_ms,
        revoked=row.revoked,
        older={token_hash: retired.replaced_at_ms} if retired else {},
    )


def _rotate(row: RefreshFamilyRow, successor_hash: str, at_ms: int) -> None:
    RetiredTokenRow.insert(
        hash=row.current_hash, family=row.id, replaced_at_ms=at_ms
    ).execute()
    RefreshFamilyRow.update(
        current_hash=successor_hash,
        previous_hash=row.current_hash,
        rotated_at_ms=at_ms,
        expires_at_ms=expiry_ms(created_at_ms=row.created_at_ms, rotated_at_ms=at_ms),
    ).where(RefreshFamilyRow.id == row.id).execute()
