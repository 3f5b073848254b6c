"""An account and what it may occupy, as the rooms hand it around; no secrets."""

from __future__ import annotations

from dataclasses import dataclass

from domain.times import rfc3339
from domain.wire.accounts import Limits, Role, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in."""

    id: str
    email: str
    role: Role
    disabled: bool
    totp: bool
    limits: Limits
    created_at_ms: int

    @property
    def is_admin(self) -> bool:
        """Whether administration is open to this account."""
        return self.role == "admin"


def user_view(account: Account) -> User:
    """Return an account as its owner sees it."""
    return User(
        id=account.id,
        email=account.email,
        role=account.role,
        created_at=rfc3339(account.created_at_ms),
        totp=account.totp,
        limits=account.limits,
    )
