"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

import http
import re

import msgspec
import tornado.web

from domain.errors import (
    FieldError,
    InvalidRequestError,
    MalformedRequestError,
    ServiceError,
)
from domain.wire.base import Problem, ProblemField

# what a pattern of the wire structs means, in words
_PATTERNS = {
    r"^[^@\s]+@[^@\s]+$": "must be an e-mail address",
    r"^https?://": "must begin with http:// or https://",
}
_FIELD = re.compile(r"^Object (?:contains unknown|missing required) field `(?P<name>.*)`$")
_AT_PATH = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)


def problem_of(status: int, error: BaseException | None, request_id: str) -> Problem:
    """Return the document for `error`; what was not raised on purpose says nothing."""
    title = http.HTTPStatus(status).phrase
    detail = "Something went wrong on our side; the log has this request id."
    fields: list[ProblemField] | msgspec.UnsetType = msgspec.UNSET
    if isinstance(error, ServiceError):
        title, detail = error.title, str(error)
    elif isinstance(error, tornado.web.HTTPError) and status < 500:
        detail = error.get_message() or title
    if isinstance(error, InvalidRequestError):
        fields = [ProblemField(path=e.path, message=e.message) for e in error.errors]
    return Problem(
        type="about:blank",
        title=title,
        status=status,
        detail=detail,
        request_id=request_id,
        errors=fields,
    )


def body_error(error: ValueError | RecursionError) -> ServiceError:
    """Return what is wrong with a body: unreadable (400), or readable and wrong (422)."""
    if isinstance(error, RecursionError):
        return MalformedRequestError("The body is nested too deeply.")
    if not isinstance(error, msgspec.ValidationError):
        return MalformedRequestError(f"The body is not JSON: {error}.")
    found = _AT_PATH.match(str(error))
    path = (found and found["path"]) or "$"
    message = _in_words(found["message"] if found else str(error))
    field = _FIELD.search(message)
    if field is not None:
        path = f"{path}.{field['name']}"
    return InvalidRequestError(f"{path}: {message}", (FieldError(path, message),))


def _in_words(message: str) -> str:
    for pattern, words in _PATTERNS.items():
        if repr(pattern) in message:
            return words
    return message
