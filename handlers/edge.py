"""What every answer of the edge has in common: an id, headers, errors as problems."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import structlog
import tornado.web

from domain.errors import ServiceError
from handlers.headers import ALWAYS, STRICT_TRANSPORT
from handlers.problems import problem_of
from security.ids import new_id

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
log = structlog.get_logger()


class EdgeHandler(tornado.web.RequestHandler):
    """Base of all handlers, whether they serve JSON, files or a socket."""

    request_id = ""

    def set_default_headers(self) -> None:
        # Tornado calls this again for an error: the id stays the one that was logged
        self.request_id = self.request_id or self._asked_id() or new_id()
        self.clear_header("Server")
        for name, value in ALWAYS.items():
            self.set_header(name, value)
        self.set_header("X-Request-ID", self.request_id)
        if self.application.settings["hsts"]:
            self.set_header("Strict-Transport-Security", STRICT_TRANSPORT)

    def allowed_methods(self) -> tuple[str, ...]:
        """Return what a 405 names in `Allow`, as RFC 9110, 15.5.6 wants it."""
        return ("GET", "HEAD")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what we did not expect; an answer on purpose is no incident.

        The path only: a query may hold a token.
        """
        if not isinstance(value, ServiceError | tornado.web.HTTPError):
            log.error("a request failed", path=self.request.path, exc_info=(typ, value, tb))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send a problem document for whatever was raised."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        status = error.status if isinstance(error, ServiceError) else status_code
        self.set_status(status)
        self.set_header("Content-Type", "application/problem+json")
        self.set_header("Cache-Control", "no-store")
        retry_after_s = getattr(error, "retry_after_s", None)
        if retry_after_s is not None:
            self.set_header("Retry-After", str(retry_after_s))
        if status == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        if status == 405:
            self.set_header("Allow", ", ".join(self.allowed_methods()))
        self.finish(msgspec.json.encode(problem_of(status, error, self.request_id)))

    def _asked_id(self) -> str | None:
        asked = self.request.headers.get("X-Request-ID", "")
        return asked if _REQUEST_ID.fullmatch(asked) else None
