"""Stamps the bytes of a reply as they arrive; nothing slow stands before the next read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from providers.base import StampedBytes

MAX_REPLY_BYTES = 64 * 1024 * 1024
# A read costs some 170 bytes beside its data, so a reply of single bytes is bounded too.
MAX_READS = 500_000

OnBytes = Callable[[int, bytes], None]


class TooLargeError(Exception):
    """The reply is over what a worker holds of one."""


class LoopTurn:
    """Tells whether the event loop has turned since the last look.

    Bytes that came without a turn were there already: they belong to the same read. The
    client library hands over what it has parsed, piece by piece, without saying so.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._look()

    def passed(self) -> bool:
        """Return whether the loop turned; the next look counts from here."""
        passed = self._passed
        self._mark.cancel()
        self._look()
        return passed

    def close(self) -> None:
        """Leave nothing behind on the loop."""
        self._mark.cancel()

    def _look(self) -> None:
        self._passed = False
        self._mark = self._loop.call_soon(self._note)

    def _note(self) -> None:
        self._passed = True


class Reads:
    """The reads of one reply; `chunks` are complete once `close` was called.

    `empty_at_ns` is when nothing of the reply can have arrived yet (its request had not
    been sent), `first_at_ns` when its headers, and bytes in the same read, did.
    """

    def __init__(
        self,
        empty_at_ns: int,
        first_at_ns: int,
        *,
        max_bytes: int = MAX_REPLY_BYTES,
        max_reads: int = MAX_READS,
    ) -> None:
        self.chunks = [StampedBytes(empty_at_ns, b"")]
        self._arrival_ns = first_at_ns
        self._parts: list[bytes] = []
        self._bytes_left = max_bytes
        self._reads_left = max_reads

    async def take_all(self, pieces: AsyncIterator[bytes], on_bytes: OnBytes) -> None:
        """Take pieces until there are no more; raises `TooLargeError`."""
        turn = LoopTurn()
        try:
            async for piece in pieces:
                now_ns = time.perf_counter_ns()
                if turn.passed():
                    self._next_read(now_ns)
                self._parts.append(piece)
                on_bytes(self._arrival_ns, piece)
                self._count(piece)
        finally:
            turn.close()

    def close(self) -> None:
        """Put what came last into `chunks`."""
        if self._parts:
            self.chunks.append(StampedBytes(self._arrival_ns, b"".join(self._parts)))
            self._parts = []

    def _next_read(self, now_ns: int) -> None:
        self.close()
        self._arrival_ns = now_ns
        self._reads_left -= 1

    def _count(self, piece: bytes) -> None:
        self._bytes_left -= len(piece)
        if self._bytes_left < 0 or self._reads_left < 0:
            raise TooLargeError
