"""Response heads, and chunks: the HTTP/1.1 that the simulator writes."""

from __future__ import annotations

import http
from collections.abc import Mapping
from typing import Final

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Return a status line and headers, up to and with the empty line."""
    lines = [f"HTTP/1.1 {status} {_reason(status)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _reason(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unnamed"


def chunk(data: bytes) -> bytes:
    """Return `data` as one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
