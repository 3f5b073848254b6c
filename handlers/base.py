"""The base of every JSON handler: identity, bodies, answers, errors, headers."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
import structlog
import tornado.web

from domain.accounts import Account
from domain.errors import (
    InvalidRequestError,
    NotAllowedError,
    NotFoundError,
    UnauthenticatedError,
)
from handlers.edge import EdgeHandler
from handlers.operations import METHODS, Access, operation_of
from handlers.problems import body_error
from handlers.services import Services
from security.client_address import client_address
from security.tokens import AccessClaims
from storage import refresh_families

T = TypeVar("T")

MAX_BODY_BYTES = 2 * 1024 * 1024
_LIMIT = re.compile("[0-9]{1,3}")  # Python refuses to read a number of many thousand digits
log = structlog.get_logger()


class ApiHandler(EdgeHandler):
    """Translates between HTTP and the service; decides nothing itself."""

    services: Services
    account: Account
    claims: AccessClaims

    def initialize(self, services: Services) -> None:
        self.services = services
        # JSON whatever the label: Tornado would read what `curl -d` sends as a form
        self.request.headers.pop("Content-Type", None)

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=self.request_id)
        if len(self.request.body) > MAX_BODY_BYTES:
            raise tornado.web.HTTPError(413, "The body is larger than 2 MiB.")
        if self.services.liveness.draining:
            self.set_header("Connection", "close")

    async def authorise(self, access: Access) -> None:
        """Find out who asks; raises 401 without a valid token, 403 without the role."""
        if access in {"public", "cookie"}:
            return
        self.claims = self.services.access_tokens.verify(self._bearer())
        account = await self.services.tree.storage.read(
            refresh_families.account_of,
            self.claims.family_id,
            self.claims.user_id,
            self.services.now_ms(),
        )
        if account is None:
            raise UnauthenticatedError("You are signed out; sign in again.")
        self.account = account
        structlog.contextvars.bind_contextvars(user_id=account.id)
        if access == "admin" and not account.is_admin:
            raise NotAllowedError("This needs the role admin.")

    def decoded(self, body: type[T]) -> T:
        """Return the body as `body`; raises 400 or 422."""
        try:
            return msgspec.json.decode(self.request.body, type=body)
        except (ValueError, RecursionError) as error:
            raise body_error(error) from None

    def answer(self, status: int, value: Any) -> None:
        """Send `value` as JSON, or nothing for a 204."""
        self.set_status(status)
        if status == 204:
            self.finish()
            return
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(value))

    def page_limit(self) -> int:
        """Return `?limit`, 1 to 200; raises 422."""
        text = self.get_query_argument("limit", "50")
        if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= 200:
            raise InvalidRequestError.at("limit", "must be a whole number from 1 to 200")
        return int(text)

    def page_cursor(self) -> str | None:
        """Return `?cursor`, which is the last id of the page before."""
        return self.get_query_argument("cursor", None)

    @property
    def client(self) -> str:
        """Whose address this request counts for."""
        return client_address(
            self.request.remote_ip or "",
            self.request.headers.get("X-Forwarded-For"),
            self.services.settings.trusted_proxies,
        )

    def allowed_methods(self) -> tuple[str, ...]:
        """Return the methods that are declared as operations."""
        return tuple(m.upper() for m in METHODS if operation_of(getattr(self, m)))

    def compute_etag(self) -> None:
        """Send none: hashing every answer on the loop buys nothing under no-store."""

    def _bearer(self) -> str:
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError("Send `Authorization: Bearer <access token>`.")
        return token.strip()


class UnknownApiHandler(ApiHandler):
    """Whatever no route takes, below `/api/`."""

    def prepare(self) -> None:
        super().prepare()
        raise NotFoundError("There is no such route.")


def log_request(handler: tornado.web.RequestHandler) -> None:
    """Log a finished request; the path only, for a query may hold a token."""
    status = handler.get_status()
    level = log.warning if status >= 500 else log.debug
    level(
        "request",
        method=handler.request.method,
        path=handler.request.path,
        status=status,
        duration_ms=round(1000 * handler.request.request_time(), 1),
    )
