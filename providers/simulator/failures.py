"""Errors as an OpenAI-compatible server tells them."""

from __future__ import annotations

from typing import Final

import msgspec

RETRY_AFTER_S: Final = 7

_SAYS: Final = {
    400: ("invalid_request_error", "invalid_request"),
    401: ("authentication_error", "invalid_api_key"),
    403: ("permission_error", "forbidden"),
    404: ("invalid_request_error", "not_found"),
    405: ("invalid_request_error", "method_not_allowed"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}


class ApiError(Exception):
    """A request that is answered with an error; the text goes to the client."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        kind = "server_error" if status >= 500 else "invalid_request_error"
        self.status = status
        self.kind, usual_code = _SAYS.get(status, (kind, kind))
        self.code = code or usual_code

    @property
    def headers(self) -> dict[str, str]:
        """What the status asks for besides the body."""
        return {"Retry-After": str(RETRY_AFTER_S)} if self.status == 429 else {}

    @property
    def body(self) -> bytes:
        """The error object: `{"error": {"message", "type", "code"}}`."""
        error = {"message": str(self), "type": self.kind, "code": self.code}
        return msgspec.json.encode({"error": error})
