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
    ServiceError,
    UnauthenticatedError,
)
from handlers.headers import ALWAYS, STRICT_TRANSPORT
from handlers.operations import Access
from handlers.problems import body_error, problem_of
from handlers.services import Services
from security.client_address import client_address
from security.ids import new_id
from security.tokens import AccessClaims
from storage import refresh_families

T = TypeVar("T")

MAX_BODY_BYTES = 2 * 1024 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
log = structlog.get_logger()


class ApiHandler(tornado.web.RequestHandler):
    """Translates between HTTP and the service; decides nothing itself."""

    services: Services
    account: Account
    claims: AccessClaims
    request_id: str

    def initialize(self, services: Services) -> None:
        self.services = services

    def set_default_headers(self) -> None:
        asked = self.request.headers.get("X-Request-ID", "")
        self.request_id = asked if _REQUEST_ID.fullmatch(asked) else new_id()
        self.clear_header("Server")
        for name, value in ALWAYS.items():
            self.set_header(name, value)
        self.set_header("X-Request-ID", self.request_id)
        self.set_header("Cache-Control", "no-store")
        if self.application.settings["hsts"]:
            self.set_header("Strict-Transport-Security", STRICT_TRANSPORT)

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
        except msgspec.DecodeError as error:
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
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 200:
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

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what we did not expect; an answer on purpose is no incident."""
        if not isinstance(value, ServiceError | tornado.web.HTTPError):
            log.error("a request failed", path=self.request.path, exc_info=(typ, value, tb))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send a problem document for whatever was raised."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        status = error.status if isinstance(error, ServiceError) else status_code
        self.set_status(status)
        self.set_header("Content-Type", "application/problem+json")
        retry_after_s = getattr(error, "retry_after_s", None)
        if retry_after_s is not None:
            self.set_header("Retry-After", str(retry_after_s))
        if status == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        self.finish(msgspec.json.encode(problem_of(status, error, self.request_id)))

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
