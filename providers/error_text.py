"""The provider's own words about an error, as one line of at most 500 characters."""

from __future__ import annotations

from typing import Any

import msgspec

LONGEST_MESSAGE = 500
# Enough of a body for 500 characters of four bytes each, with white space to drop.
READ_OF_PLAIN_TEXT_BYTES = 4096


def text_of_body(body: bytes) -> str:
    """Return the message in an HTTP error's body: JSON if it is, else its beginning."""
    try:
        return text_of_error(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        plain = body[:READ_OF_PLAIN_TEXT_BYTES].decode("utf-8", "replace")
        return one_line(plain)


def text_of_error(error: Any) -> str:
    """Return the message in a decoded error, however the provider wraps it."""
    found = _find(error, depth=4)
    if found is None:
        found = msgspec.json.encode(error).decode()
    return one_line(found)


def one_line(text: str) -> str:
    """Return `text` on one line, cut to what a sample keeps."""
    return " ".join(text.split())[:LONGEST_MESSAGE]


def _find(error: Any, depth: int) -> str | None:
    if isinstance(error, str):
        return error
    if isinstance(error, list) and len(error) == 1:
        return _find(error[0], depth - 1) if depth else None
    if not isinstance(error, dict) or not depth:
        return None
    for name in ("error", "message", "detail", "msg"):
        if error.get(name):
            return _find(error[name], depth - 1)
    return None
