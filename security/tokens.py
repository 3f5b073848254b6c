"""Access tokens of fifteen minutes, and tickets that open one WebSocket."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from domain.errors import UnauthenticatedError
from domain.wire.accounts import Role
from security.jwts import REFUSAL, Claims, PurposeSigner

ACCESS_LIFETIME_S = 900
TICKET_LIFETIME_S = 30
MAX_OPEN_TICKETS = 10_000


class _AccessPayload(Claims, frozen=True, kw_only=True):
    aud: Literal["access"]
    typ: Literal["access"]
    fam: str
    role: Role


class _TicketPayload(Claims, frozen=True, kw_only=True):
    aud: Literal["ws"]
    typ: Literal["ws"]
    fam: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """Who sent a request, by which sign-in, and when that token ends (Unix seconds)."""

    user_id: str
    family_id: str
    role: Role
    token_id: str
    expires_at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClaims:
    """Who may open a WebSocket, and by which sign-in."""

    user_id: str
    family_id: str


class AccessTokens:
    """Issues and verifies access tokens; holds no state but the secret.

    Raises:
        ValueError: the secret is shorter than 32 bytes.

    """

    def __init__(self, secret: bytes) -> None:
        self._signer = PurposeSigner(
            secret, "access", _AccessPayload, lifetime_s=ACCESS_LIFETIME_S
        )

    def issue(
        self, user_id: str, family_id: str, role: Role, now_s: float | None = None
    ) -> str:
        """Return a token good for 900 s from `now_s` (Unix seconds; None: now)."""
        private = {"fam": family_id, "role": role}
        return self._signer.encode(self._signer.sign(user_id, private, _at(now_s)))

    def verify(self, token: str, now_s: float | None = None) -> AccessClaims:
        """Return what `token` says.

        Raises:
            UnauthenticatedError: for every cause, with the same text.

        """
        claims = self._signer.read(token, _at(now_s))
        return AccessClaims(
            user_id=claims.sub,
            family_id=claims.fam,
            role=claims.role,
            token_id=claims.jti,
            expires_at_s=claims.exp,
        )


class WsTickets:
    """Issues tickets for `/ws` and redeems each once; belongs to the event loop.

    It remembers the tickets that are *open*, not the used ones: then a restart can forget
    a ticket but never honour it twice, and a full memory costs the oldest open ticket
    (its owner asks for another) instead of letting a used one pass.
    """

    def __init__(self, secret: bytes, *, max_open: int = MAX_OPEN_TICKETS) -> None:
        self._signer = PurposeSigner(
            secret, "ws", _TicketPayload, lifetime_s=TICKET_LIFETIME_S
        )
        self._max_open = max_open
        self._open: OrderedDict[str, int] = OrderedDict()

    def issue(self, user_id: str, family_id: str, now_s: float | None = None) -> str:
        """Return a ticket good once within 30 s from `now_s` (Unix seconds; None: now)."""
        at_s = _at(now_s)
        claims = self._signer.sign(user_id, {"fam": family_id}, at_s)
        self._forget_expired(at_s)
        self._open[claims.jti] = claims.exp
        if len(self._open) > self._max_open:
            self._open.popitem(last=False)
        return self._signer.encode(claims)

    def redeem(self, token: str, now_s: float | None = None) -> TicketClaims:
        """Return what the ticket says, and close it.

        Raises:
            UnauthenticatedError: for every cause, with the same text.

        """
        claims = self._signer.read(token, _at(now_s))
        if self._open.pop(claims.jti, None) is None:
            raise UnauthenticatedError(REFUSAL)
        return TicketClaims(user_id=claims.sub, family_id=claims.fam)

    def _forget_expired(self, now_s: float) -> None:
        while self._open and next(iter(self._open.values())) <= now_s:
            self._open.popitem(last=False)


def _at(now_s: float | None) -> float:
    return time.time() if now_s is None else now_s
