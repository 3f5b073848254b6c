"""Takes the compression off a reply that has ended; each read keeps its own stamp.

Requests ask for `identity`, since a compressor holds tokens back. Some servers and
proxies compress anyway: a byte has then arrived with the read that lets it be inflated.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import httpx

from engine.transport.errors import ReplyTooLargeError
from engine.transport.reply import MAX_REPLY_BYTES
from providers.base import StampedBytes

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_IDENTITY = frozenset({"", "identity"})
_INFLATED = frozenset({"gzip", "x-gzip", "deflate"})


def decoded(
    reads: Sequence[StampedBytes], encoding: str, max_bytes: int = MAX_REPLY_BYTES
) -> list[StampedBytes]:
    """Return `reads` without the content encoding named in the reply's header.

    Raises `httpx.DecodingError` for what cannot be read, `ReplyTooLargeError` for what
    grows over `max_bytes`.
    """
    name = encoding.strip().lower()
    if name in _IDENTITY:
        return list(reads)
    if name not in _INFLATED:
        raise httpx.DecodingError(f"the reply is encoded as {name[:40]!r}, unasked")
    try:
        return list(_inflated(reads, max_bytes))
    except zlib.error as error:
        raise httpx.DecodingError(f"the reply is not {name}: {error}") from error


def _inflated(reads: Sequence[StampedBytes], max_bytes: int) -> Iterator[StampedBytes]:
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    left = max_bytes
    for read in reads:
        data = inflater.decompress(read.data, left + 1)
        left -= len(data)
        if left < 0:
            raise ReplyTooLargeError("the reply inflates to more than is held of one")
        if data:
            yield replace(read, data=data)
