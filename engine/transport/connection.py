"""One open HTTP/1.1 connection: sends requests and stamps what comes back, in turn."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable

import httpx

from engine.transport.errors import EndedEarlyError, StaleConnectionError
from engine.transport.phases import Phases
from engine.transport.reply import StampedReply
from engine.transport.segments import SegmentCount
from engine.transport.stamps import CONTROL_BYTES, StampClock
from engine.transport.tls import TlsLayer

READ_BYTES = 64 * 1024
# A server-sent event of one line ends with two; more may be several events.
LINES_OF_AN_EVENT = 2


class Connection:
    """Owns a connected socket; carries one exchange at a time.

    `on_idle` is told when a reply has ended and the connection may be used again. While
    idle it keeps reading: a peer that leaves, or talks unasked, closes it.
    """

    def __init__(
        self,
        sock: socket.socket,
        tls: TlsLayer | None,
        clock: StampClock,
        on_idle: Callable[[Connection], None],
    ) -> None:
        self._sock = sock
        self._tls = tls
        self._clock = clock
        self._on_idle = on_idle
        self._loop = asyncio.get_running_loop()
        self._segments = SegmentCount(sock)
        self._reply: StampedReply | None = None
        self._phases = Phases()
        self._empty_ns = 0  # when the socket was last known to hold nothing
        self._is_sending = False
        self._room: asyncio.Future[None] | None = None
        self._exchanges = 0
        self.is_open = True
        self._loop.add_reader(sock, self._on_readable)

    async def carry(self, message: bytes, reply: StampedReply, phases: Phases) -> None:
        """Send `message` and wait for the head of `reply`; raises `httpx.TransportError`.

        Whoever is cancelled here must close the connection.
        """
        phases.reused = self._exchanges > 0
        self._exchanges += 1
        self._reply, self._phases = reply, phases
        reply.when_closed(lambda: self._let_go(reply))
        self._is_sending = True
        await self._send(message if self._tls is None else self._tls.seal(message))
        self._is_sending = False
        await reply.head()
        phases.headers_ns = reply.headers_ns
        self._rest_if_over()

    def is_alive(self) -> bool:
        """Whether an idle connection still stands, by a look at its socket."""
        if self.is_open:
            self._on_readable()
        return self.is_open

    def close(self) -> None:
        """Close now; a reply that has not ended breaks off."""
        if not self.is_open:
            return
        self.is_open = False
        self._loop.remove_reader(self._sock)
        if self._room is not None:
            self._loop.remove_writer(self._sock)
            if not self._room.done():
                self._room.set_result(None)
        self._sock.close()
        reply, self._reply = self._reply, None
        if reply is not None:
            closed = httpx.ReadError("the connection was closed here")
            reply.fail(closed, time.perf_counter_ns())

    def _let_go(self, reply: StampedReply) -> None:
        if self._reply is reply:
            self.close()

    async def _send(self, message: bytes) -> None:
        rest = memoryview(message)
        self._phases.sending_ns = time.perf_counter_ns()
        while rest and self.is_open:
            # overwritten until the last piece has gone: t0 is right before that one
            self._phases.sent_ns = self._empty_ns = time.perf_counter_ns()
            try:
                rest = rest[self._sock.send(rest) :]
            except (BlockingIOError, InterruptedError):
                await self._writable()
            except OSError as error:
                self._on_send_error(error)
                return

    async def _writable(self) -> None:
        self._room = self._loop.create_future()
        self._loop.add_writer(self._sock, self._on_writable)
        await self._room

    def _on_writable(self) -> None:
        self._loop.remove_writer(self._sock)
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _on_send_error(self, error: OSError) -> None:
        """Read what the peer may have said before it left; it explains more."""
        while self.is_open and self._reply is not None and not self._reply.is_over:
            if not self._on_readable():
                self._fail(httpx.WriteError(str(error)), error)

    def _on_readable(self) -> bool:
        """Take one read in; False if there was none. The hot path of every measurement."""
        before_ns = time.perf_counter_ns()
        try:
            data, control, _, _ = self._sock.recvmsg(READ_BYTES, CONTROL_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self._fail(httpx.ReadError(str(error)), error)
            return False
        arrival_ns, lag_ns = self._clock.arrival(control)
        earliest_ns = self._empty_ns
        if len(data) < READ_BYTES:
            self._empty_ns = before_ns
        else:
            self._segments.full_read()
        if data:
            self._segments.reads += 1
            self._take(data, arrival_ns, lag_ns, earliest_ns)
        else:
            self._take_end(arrival_ns)
        return True

    def _take(self, data: bytes, arrival_ns: int, lag_ns: int, earliest_ns: int) -> None:
        reply = self._reply
        try:
            if self._tls is not None:
                data = self._open(self._tls, data)
                if not data:
                    return
            if reply is None:
                self.close()  # nobody asked
                return
            lines = reply.take(data, arrival_ns, lag_ns, min(earliest_ns, arrival_ns))
        except ssl.SSLError as error:
            self._fail(httpx.ReadError(str(error)), error)
        except httpx.TransportError as error:
            self._fail(error, None)
        else:
            if lines > LINES_OF_AN_EVENT and self._segments.last_read_was_one():
                reply.arrived_at_once()
            if reply.ended_ns is not None:
                self._rest_if_over()

    def _open(self, tls: TlsLayer, data: bytes) -> bytes:
        plain = tls.open(data)
        owed = tls.owed()
        if owed and self._sock.send(owed) < len(owed):
            raise ssl.SSLError("the peer takes no more bytes")
        return plain

    def _take_end(self, now_ns: int) -> None:
        reply = self._reply
        if reply is not None:
            try:
                reply.take_end(now_ns)
            except EndedEarlyError as error:
                self._fail(error, None)
                return
        self.close()

    def _rest_if_over(self) -> None:
        """Give the connection back once both the request and its reply are over."""
        reply = self._reply
        if reply is None or not reply.is_over:
            return
        parser = reply.parser
        if self._is_sending or not parser.keeps_alive or parser.has_surplus:
            self.close()
        elif self.is_open:
            self._reply = None
            self._on_idle(self)

    def _fail(self, error: httpx.TransportError, cause: Exception | None) -> None:
        reply = self._reply
        if reply is not None:
            ended = isinstance(error, httpx.NetworkError | EndedEarlyError)
            if ended and self._phases.reused and reply.is_unanswered:
                error = StaleConnectionError(str(error))
            error.__cause__ = cause
            reply.fail(error, time.perf_counter_ns())
        self.close()
