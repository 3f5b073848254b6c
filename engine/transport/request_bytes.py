"""A request as it goes over the wire, HTTP/1.1."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx

# RFC 9110, 5.1 and 5.5: what may stand in a header's name and value.
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(rb"[\x21-\x7e]+")


async def request_bytes(request: httpx.Request) -> bytes:
    """Return head and body in one piece; raises `httpx.LocalProtocolError`.

    A body that is a stream is read whole first, and sent with its length.
    """
    body = await request.aread()
    target = request.url.raw_path
    if not _TARGET.fullmatch(target):
        raise httpx.LocalProtocolError("the address cannot be sent", request=request)
    head = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), target)]
    head += _header_lines(request, len(body))
    return b"\r\n".join([*head, b"", body])


def _header_lines(request: httpx.Request, body_bytes: int) -> Iterator[bytes]:
    for name, value in request.headers.raw:
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            # not quoted: it may be a secret
            raise httpx.LocalProtocolError("a header cannot be sent", request=request)
        if name.lower() == b"transfer-encoding":
            yield b"Content-Length: %d" % body_bytes
        else:
            yield b"%s: %s" % (name, value)
