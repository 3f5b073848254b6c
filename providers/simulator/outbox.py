"""Bytes that the kernel did not take at once, bounded."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

FULL_BYTES: Final = 256 * 1024


class Outbox:
    """Sends on a non-blocking socket; what does not fit waits here, in order.

    Whoever sends asks `is_full` before and waits with `when_empty`; `on_broken` hears of
    the first send that failed.
    """

    def __init__(self, sock: socket.socket, on_broken: Callable[[], None]) -> None:
        self._sock = sock
        self._on_broken = on_broken
        self._loop = asyncio.get_running_loop()
        self._waiting = bytearray()
        self._then: Callable[[], None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether the client is so far behind that nothing more should be sent."""
        return len(self._waiting) > FULL_BYTES

    def send(self, data: bytes) -> bool:
        """Send `data`; returns whether the kernel took all of it at once."""
        if self._waiting:
            self._waiting += data
            return False
        sent = self._try_to_send(data)
        if sent == len(data):
            return True
        self._waiting += data[sent:]
        self._loop.add_writer(self._sock, self._on_writable)
        return False

    def when_empty(self, then: Callable[[], None]) -> None:
        """Call `then` once all has gone to the kernel, perhaps at once."""
        if self._waiting:
            self._then = then
        else:
            then()

    def close(self) -> None:
        """Forget what waits; call it before the socket is closed."""
        self._then = None
        if self._waiting:
            self._waiting.clear()
            self._loop.remove_writer(self._sock)

    def _on_writable(self) -> None:
        del self._waiting[: self._try_to_send(self._waiting)]
        if self._waiting:
            return
        self._loop.remove_writer(self._sock)
        then, self._then = self._then, None
        if then is not None:
            then()

    def _try_to_send(self, data: bytes | bytearray) -> int:
        try:
            return self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            # Later, for the caller is in the middle of something.
            self._loop.call_soon(self._on_broken)
            return len(data)
