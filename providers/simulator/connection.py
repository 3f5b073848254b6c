"""One client's connection: owns the socket, takes requests one after the other."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Final

from providers.simulator import clock, http_head
from providers.simulator.clock import Arrival
from providers.simulator.failures import ApiError
from providers.simulator.http_reader import HttpRequest, RequestReader
from providers.simulator.outbox import Outbox
from providers.simulator.steps import error_step

_READ_BYTES: Final = 64 * 1024
_MOST_WAITING: Final = 8  # pipelined requests; more wait in the kernel
_LINGER_S: Final = 2.0
_LINGER_0_S: Final = struct.pack("ii", 1, 0)

Serve = Callable[["Connection", HttpRequest, Arrival], None]


class Connection:
    """Reads with the kernel's stamps and hands whole requests to `serve`.

    Whoever serves sends by `outbox`, then calls `reply_ended`, or `reset`; it sets
    `on_gone` to hear when the client goes away in the middle of a reply.
    """

    def __init__(
        self, sock: socket.socket, serve: Serve, on_closed: Callable[[Connection], None]
    ) -> None:
        self._sock = sock
        self._serve = serve
        self._on_closed = on_closed
        self._loop = asyncio.get_running_loop()
        self._reader = RequestReader()
        self._waiting: collections.deque[tuple[HttpRequest, Arrival]] = collections.deque()
        self._is_serving = self._is_paused = self._is_closed = False
        self.outbox = Outbox(sock, self.close)
        self.on_gone: Callable[[], None] | None = None
        self._loop.add_reader(sock, self._on_readable)

    def reply_ended(self, *, keep_alive: bool) -> None:
        """Go on with the next request, or close once everything has been sent."""
        self.on_gone = None
        if not keep_alive:
            self.outbox.when_empty(self.close)
            return
        self._is_serving = False
        if self._waiting:
            self._loop.call_soon(self._serve_next)  # not from here: it may go deep

    def reset(self) -> None:
        """Close so that the client sees the connection break, not end."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0_S)
        self.close()

    def close(self) -> None:
        """Close now; what has not gone to the kernel is lost."""
        if self._is_closed:
            return
        self._is_closed = True
        on_gone, self.on_gone = self.on_gone, None
        self.outbox.close()
        self._reader.close()
        self._loop.remove_reader(self._sock)
        self._sock.close()
        self._on_closed(self)
        if on_gone is not None:
            on_gone()

    def _on_readable(self) -> None:
        try:
            data, control, _, _ = self._sock.recvmsg(_READ_BYTES, clock.CONTROL_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        arrival = clock.arrival_of(control)
        if data:
            self._take(data, arrival)
        else:
            self.close()

    def _take(self, data: bytes, arrival: Arrival) -> None:
        try:
            requests = self._reader.feed(data)
        except ApiError as error:
            self._refuse(error)
            return
        if self._reader.take_expectation() and not self._is_serving:
            self.outbox.send(http_head.CONTINUE)
        self._waiting.extend((request, arrival) for request in requests)
        if len(self._waiting) > _MOST_WAITING:
            self._is_paused = True
            self._loop.remove_reader(self._sock)
        self._serve_next()

    def _serve_next(self) -> None:
        if self._is_serving or self._is_closed or not self._waiting:
            return
        self._is_serving = True
        request, arrival = self._waiting.popleft()
        if self._is_paused:
            self._is_paused = False
            self._loop.add_reader(self._sock, self._on_readable)
        self._serve(self, request, arrival)

    def _refuse(self, error: ApiError) -> None:
        if self._is_serving:
            self.close()
            return
        self._is_serving = True
        self.outbox.send(error_step(error, keep_alive=False).data)
        self._loop.remove_reader(self._sock)
        self.outbox.when_empty(self._linger)

    def _linger(self) -> None:
        """Read what still comes and drop it: a close would break off our own answer."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
        self._loop.add_reader(self._sock, self._on_unwanted)
        self._loop.call_later(_LINGER_S, self.close)

    def _on_unwanted(self) -> None:
        with contextlib.suppress(BlockingIOError, InterruptedError, ConnectionError):
            if self._sock.recv(_READ_BYTES):
                return
            self.close()
