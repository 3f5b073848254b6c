"""Making an account with everything that belongs to it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.accounts import Account
from storage import accounts, providers
from storage.changes import Change

Models = Sequence[Mapping[str, Any]]


def register(
    email: str, password_hash: str, models: Models, at_ms: int, *, first_only: bool
) -> Change[Account]:
    """Store an account and its simulator provider; raises `ConflictError`."""
    made = accounts.create(email, password_hash, at_ms, first_only=first_only)
    _give_simulator(made.value, models, at_ms)
    return made


def ensure_admin(
    email: str, password_hash: str, models: Models, at_ms: int
) -> Change[Account]:
    """Make `email` an admin who has a simulator, see `accounts.ensure_admin`."""
    made = accounts.ensure_admin(email, password_hash, at_ms)
    _give_simulator(made.value, models, at_ms)
    return made


def _give_simulator(account: Account, models: Models, at_ms: int) -> None:
    providers.ensure_simulator(account.id, [dict(model) for model in models], at_ms)
