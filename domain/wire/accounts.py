"""Accounts: `/api/auth`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from domain.wire.base import SecretWire, Wire

Email = Annotated[
    str, msgspec.Meta(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")
]
Password = Annotated[str, msgspec.Meta(min_length=8, max_length=256)]
Role = Literal["user", "admin"]


class Registration(SecretWire, frozen=True):
    """`POST /api/auth/register`."""

    email: Email
    password: Password
    invite: str | None = None
    setup_token: str | None = None


class Login(SecretWire, frozen=True):
    """`POST /api/auth/login`; the password's form is not judged here."""

    email: Annotated[str, msgspec.Meta(max_length=254)]
    password: Annotated[str, msgspec.Meta(max_length=256)]
    otp: str | None = None


class Limits(Wire, frozen=True):
    """What a user may occupy; null means no limit."""

    max_concurrent_jobs: int | None = 4
    max_queued_jobs: int | None = 100
    jobs_per_hour: int | None = 1000


class User(Wire, frozen=True):
    """An account, as its owner and admins see it."""

    id: str
    email: str
    role: Role
    created_at: str
    totp: bool
    limits: Limits


class Access(SecretWire, frozen=True):
    """What a sign-in, a registration or a refresh answers."""

    user: User
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int


class Ticket(SecretWire, frozen=True):
    """A single-use token for `/ws?token=`, good for `expires_in` seconds."""

    token: str
    expires_in: int
