"""The simulator as a process of its own: a ready line, signals, the end of stdin."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import sys
import threading
from pathlib import Path

from providers.simulator.server import serve


def main_process(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    log_path: Path | None = None,
    exit_on_stdin_eof: bool = False,
) -> int:
    """Serve until SIGTERM or SIGINT, or until stdin ends if so told; returns 0.

    Prints `listening on http://HOST:PORT` once, when ready. Returns 1, and says why on
    stderr, if the address is taken or the log cannot be opened.
    """
    _raise_file_limit()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(host, port, log_path, exit_on_stdin_eof=exit_on_stdin_eof))
    except OSError as error:
        sys.stderr.write(f"the simulator cannot start: {error}\n")
        return 1
    return 0


async def _serve(
    host: str, port: int, log_path: Path | None, *, exit_on_stdin_eof: bool
) -> None:
    loop = asyncio.get_running_loop()
    serving = loop.create_task(
        serve(host, port, log_path=log_path, on_ready=lambda port: _say_ready(host, port))
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    if exit_on_stdin_eof:
        stop = (loop, serving)
        threading.Thread(target=_cancel_at_eof, args=stop, daemon=True).start()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _say_ready(host: str, port: int) -> None:
    # What is there by now stays: the collector need not look at it in mid-stream.
    gc.collect()
    gc.freeze()
    name = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"listening on http://{name}:{port}\n")
    sys.stdout.flush()


def _cancel_at_eof(loop: asyncio.AbstractEventLoop, serving: asyncio.Task[None]) -> None:
    # A thread, for a loop cannot watch every kind of stdin (a file, for one).
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
        loop.call_soon_threadsafe(serving.cancel)


def _raise_file_limit() -> None:
    """Allow as many connections as the system lets us have without asking."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - there is none on some platforms
    except ImportError:
        return None
    return uvloop.Loop
