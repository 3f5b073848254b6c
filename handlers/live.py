"""`/ws`: lets a socket in, hands it to its user's session, carries text both ways."""

from __future__ import annotations

import contextlib
from typing import Any

import tornado.websocket

from actors.connection import CloseCode, Received, SocketClosed
from actors.runtime import tell_if_alive
from actors.session import Attach
from domain.errors import (
    MalformedRequestError,
    NotAllowedError,
    UnauthenticatedError,
    UnavailableError,
)
from handlers.edge import EdgeHandler
from handlers.services import Services
from security.tokens import TicketClaims
from storage import refresh_families

UNSUPPORTED_DATA = 1003


class TornadoSocket:
    """The far end of a connection, as `actors.connection.Socket` wants it."""

    def __init__(self, handler: tornado.websocket.WebSocketHandler) -> None:
        self._handler = handler

    async def write(self, frame: bytes) -> None:
        """Send one text frame; returns when its bytes went to the kernel."""
        await self._handler.write_message(frame)

    def close(self, code: int, reason: str) -> None:
        """Close with a code; harmless when closed already."""
        self._handler.close(code, reason)


class LiveHandler(EdgeHandler, tornado.websocket.WebSocketHandler):
    """One socket; everything that is decided is decided by actors."""

    services: Services

    def initialize(self, services: Services) -> None:
        self.services = services
        self._connection: Any = None

    def prepare(self) -> None:
        if self.services.liveness.draining:
            raise UnavailableError("The studio is stopping; try again.")
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise MalformedRequestError("This is a WebSocket: send `Upgrade: websocket`.")

    def check_origin(self, origin: str) -> bool:
        """Refuse a page of another site, before the upgrade."""
        if not self.check_trusted_origin(origin):
            raise NotAllowedError(f"The origin {origin!r} is not allowed.")
        return True

    async def open(self, *_: str) -> None:
        """Authenticate after the upgrade, so that a browser sees the close code."""
        self.set_nodelay(True)
        try:
            who = await self._authenticate()
            self._connection = await self.services.tree.ask_sessions(self._attach(who))
        except UnauthenticatedError:
            self.close(CloseCode.UNAUTHENTICATED, "sign in")
        except (UnavailableError, TimeoutError):
            self.close(CloseCode.RESTART, "try again")

    def on_message(self, message: str | bytes) -> None:
        """Hand a text frame on; pongs are not read while this runs, so it only tells."""
        if isinstance(message, bytes):
            self.close(UNSUPPORTED_DATA, "text frames only")
        elif self._connection is not None:
            with contextlib.suppress(UnavailableError):  # a flood beyond the mailbox
                tell_if_alive(self._connection, Received(message))

    def on_close(self) -> None:
        """Let the connection's actor end."""
        if self._connection is not None:
            tell_if_alive(self._connection, SocketClosed())

    async def _authenticate(self) -> TicketClaims:
        who = self._redeem(self.get_query_argument("token", ""))
        account = await self.services.tree.storage.read(
            refresh_families.account_of,
            who.family_id,
            who.user_id,
            self.services.now_ms(),
        )
        if account is None:
            raise UnauthenticatedError("signed out")
        return who

    def _redeem(self, token: str) -> TicketClaims:
        try:
            claims = self.services.access_tokens.verify(token)
        except UnauthenticatedError:
            return self.services.ws_tickets.redeem(token)
        return TicketClaims(user_id=claims.user_id, family_id=claims.family_id)

    def _attach(self, who: TicketClaims) -> Attach:
        since = self.get_query_argument("since", "")
        known = since.isascii() and since.isdecimal() and len(since) <= 18
        return Attach(
            user_id=who.user_id,
            source_id=who.family_id,
            socket=TornadoSocket(self),
            epoch=self.get_query_argument("epoch", None),
            since=int(since) if known else None,
        )
