"""The simulator's HTTP server: accepts, answers, stops when cancelled."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from providers.simulator import clock
from providers.simulator.answers import Answers
from providers.simulator.connection import Connection
from providers.simulator.truth_log import TruthLog

_BACKLOG: Final = 4096
_ACCEPTS_A_TURN: Final = 128
_PAUSE_S: Final = 0.1


async def serve(
    host: str,
    port: int,
    *,
    log_path: Path | None = None,
    on_ready: Callable[[int], None] | None = None,
) -> None:
    """Serve on `host` until cancelled; port 0 picks one, `on_ready` is told which.

    With `log_path` each finished request is written there. Raises `OSError` when the
    address is taken or the file cannot be opened.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=_BACKLOG) as listener:
        log = TruthLog(log_path) if log_path is not None else None
        answers = Answers(log)
        acceptor = Acceptor(listener, answers)
        try:
            if on_ready is not None:
                on_ready(listener.getsockname()[1])
            await asyncio.Event().wait()
        finally:
            acceptor.close()
            answers.close()
            if log is not None:
                log.close()


class Acceptor:
    """Takes connections from the listening socket and keeps them until they close."""

    def __init__(self, listener: socket.socket, answers: Answers) -> None:
        listener.setblocking(False)
        # Here too: stamps are taken when bytes come in, perhaps before the accept, and
        # Linux takes a moment to begin once the first socket of the machine asks.
        clock.ask_for_stamps(listener)
        self._listener = listener
        self._answers = answers
        self._connections: set[Connection] = set()
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._resume()

    def close(self) -> None:
        """Take no more and close those there are, replies under way included."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)
        for connection in list(self._connections):
            connection.close()

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._on_connections)

    def _on_connections(self) -> None:
        for _ in range(_ACCEPTS_A_TURN):
            try:
                sock, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                # Out of file descriptors: trying again at once would only burn the CPU.
                self._loop.remove_reader(self._listener)
                self._pause = self._loop.call_later(_PAUSE_S, self._resume)
                return
            self._take(sock)

    def _take(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        clock.ask_for_stamps(sock)
        connection = Connection(sock, self._answers.serve, self._connections.discard)
        self._connections.add(connection)
