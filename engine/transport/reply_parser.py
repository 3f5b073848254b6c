"""Finds head, body and end of one HTTP/1.1 reply in the bytes of a connection."""

from __future__ import annotations

import httptools
import httpx

from engine.transport.errors import EndedEarlyError

MAX_HEAD_BYTES = 64 * 1024


class ReplyParser:
    """Feed it reads; it gives back the body bytes that each one held.

    The methods `on_...` are called by httptools. Interim replies (1xx) are skipped.
    """

    def __init__(self, method: str) -> None:
        self._method = method
        self._parser = httptools.HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._head_bytes = 0
        self._has_length = False
        self._status = 0
        self.status: int | None = None  # of the final reply, once its head is complete
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.is_complete = False
        self.keeps_alive = False
        self.has_surplus = False  # bytes came that belong to no reply

    def feed(self, data: bytes) -> bytes:
        """Return the body bytes in `data`; raises `httpx.RemoteProtocolError`."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.is_complete:
                message = f"the reply is not HTTP/1.1: {error}"
                raise httpx.RemoteProtocolError(message) from error
            self.has_surplus = True
        if self.status is None:
            self._count_head(len(data))
        parts = self._parts
        if not parts:
            return b""
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        return body

    def feed_end(self) -> None:
        """Note that the connection ended; raises `EndedEarlyError` if that is early."""
        if self.is_complete:
            return
        if self.status is None:
            raise EndedEarlyError("the connection was closed before an answer came")
        if self._has_length:
            raise EndedEarlyError("the connection was closed in the middle of the reply")
        self.is_complete = True

    @property
    def http_version(self) -> bytes:
        """The protocol's name and version, as the peer gave it."""
        return b"HTTP/" + self._parser.get_http_version().encode("ascii")

    def on_message_begin(self) -> None:
        if self.is_complete:
            self.has_surplus = True

    def on_status(self, reason: bytes) -> None:
        if self.status is None:
            self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status is None:  # later ones are trailers
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.is_complete:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            self.headers, self.reason = [], b""
            return
        self.status = status
        self._has_length = _has_length(self.headers)
        if self._method == "HEAD":
            self.is_complete = True

    def on_body(self, body: bytes) -> None:
        if not self.is_complete:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        if self.status is not None and not self.is_complete:
            self.is_complete = True
            self.keeps_alive = self._parser.should_keep_alive()

    def _count_head(self, fed_bytes: int) -> None:
        self._head_bytes += fed_bytes
        if self._head_bytes > MAX_HEAD_BYTES:
            raise httpx.RemoteProtocolError("the reply's head is over 64 KiB")


def _has_length(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the body says where it ends, so that a mere close is too early."""
    names = {name.lower(): value.lower() for name, value in headers}
    return b"content-length" in names or names.get(
        b"transfer-encoding", b""
    ).strip().endswith(b"chunked")
