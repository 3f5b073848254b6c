"""A reply as its connection hands it over: every read with its stamp, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx

from engine.transport.errors import ReplyTooLargeError
from engine.transport.reply_parser import ReplyParser
from providers.base import StampedBytes

MAX_REPLY_BYTES = 64 * 1024 * 1024
# A read costs some 200 bytes beside its data, so a reply of single bytes is bounded too.
MAX_READS = 500_000

OnRead = Callable[[int, bytes], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is held of one reply; `max_bytes` counts the bytes on the wire."""

    max_bytes: int = MAX_REPLY_BYTES
    max_reads: int = MAX_READS


class StampedReply(httpx.AsyncByteStream):
    """One reply that is coming in; also the byte stream that httpx reads it from.

    `on_read` is told (arrival, body bytes) of each read after it was stamped; it must be
    quick. `ended_ns` is the arrival of the reply's last byte, or of what broke it off.
    """

    def __init__(self, method: str, limits: Limits, on_read: OnRead | None) -> None:
        self.parser = ReplyParser(method)
        self.error: httpx.TransportError | None = None
        self.headers_ns: int | None = None
        self.ended_ns: int | None = None
        self.longest_lag_ns = 0
        self.is_kernel_stamped = True
        self.is_unanswered = True  # not a single byte has come
        self._on_read = on_read
        self._bytes_left = limits.max_bytes
        self._reads_left = limits.max_reads
        self._reads: list[tuple[int, bytes, int, int]] = []
        self._on_close: Callable[[], None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._waits_for_end = False

    @property
    def reads(self) -> list[StampedBytes]:
        """The body so far: the bytes of each read, framing taken off, with its stamp."""
        return [StampedBytes(*read) for read in self._reads]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.ended_ns is not None

    def limit(self, max_bytes: int) -> None:
        """Take no more than so many bytes from here on."""
        self._bytes_left = min(self._bytes_left, max_bytes)

    async def head(self) -> None:
        """Wait for status and headers; raises `httpx.TransportError`."""
        while self.parser.status is None:
            self._raise_error()
            await self._wait(for_end=False)

    async def end(self) -> None:
        """Wait for the reply's end; raises `httpx.TransportError`."""
        while self.ended_ns is None:
            await self._wait(for_end=True)
        self._raise_error()

    def when_closed(self, close: Callable[[], None]) -> None:
        """Call `close` when whoever reads the reply lets go of it."""
        self._on_close = close

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes of read after read; raises `httpx.TransportError`."""
        number = 0
        while True:
            while number < len(self._reads):
                yield self._reads[number][1]
                number += 1
            self._raise_error()
            if self.ended_ns is not None:
                return
            await self._wait(for_end=False)

    async def aclose(self) -> None:
        """Let go of the reply; one that has not ended takes its connection with it."""
        if self._on_close is not None:
            self._on_close()

    def take(self, data: bytes, arrival_ns: int, lag_ns: int, earliest_ns: int) -> int:
        """Take a read in and return how many events' worth of lines it held.

        Raises `httpx.RemoteProtocolError`.
        """
        self.is_unanswered = False
        if lag_ns > self.longest_lag_ns:
            self.longest_lag_ns = lag_ns
        elif not lag_ns:
            self.is_kernel_stamped = False
        self._bytes_left -= len(data)
        parser = self.parser
        knew_head = parser.status is not None
        body = parser.feed(data)
        if body:
            self._reads_left -= 1
            self._reads.append((arrival_ns, body, lag_ns, earliest_ns))
            if self._on_read is not None:
                self._on_read(arrival_ns, body)
        if not knew_head and parser.status is not None:
            self.headers_ns = arrival_ns
        if parser.is_complete:
            self.ended_ns = arrival_ns
        elif self._bytes_left < 0 or self._reads_left < 0:
            raise ReplyTooLargeError("the reply is larger than what is held of one")
        if self._waiter is not None and (parser.is_complete or not self._waits_for_end):
            self._wake()
        return body.count(b"\n")

    def arrived_at_once(self) -> None:
        """Note that the bytes of the latest read were one segment."""
        arrival_ns, body, lag_ns, _ = self._reads[-1]
        self._reads[-1] = arrival_ns, body, lag_ns, arrival_ns

    def take_end(self, now_ns: int) -> None:
        """Note that the connection ended; raises `EndedEarlyError` if that is early."""
        self.parser.feed_end()
        if self.ended_ns is None:
            self.ended_ns = now_ns
            self._wake()

    def fail(self, error: httpx.TransportError, now_ns: int) -> None:
        """Break the reply off, unless it has ended."""
        if self.ended_ns is None:
            self.error, self.ended_ns = error, now_ns
            self._wake()

    async def _wait(self, *, for_end: bool) -> None:
        self._waits_for_end = for_end
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _raise_error(self) -> None:
        if self.error is not None:
            raise self.error
