"""One worker process as its parent sees it: orders in, reports out, signs of life."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable

import msgspec

from engine.frames import Order, Report, decode_report, encode
from engine.framing import FrameError, framed, read_frame
from security.child_environment import child_environment

# What a Python process and its TLS need; the server's own secrets are not the worker's.
TICK_S = 0.25
SILENT_TICKS = 8  # 2 s: four heartbeats missed
STARTING_TICKS = 120  # 30 s: a cold disk, or a machine with other things to do
STOP_STEP_S = 1.0
MAX_UNSENT_ORDERS = 10_000

OnReport = Callable[[Report], None]
OnGone = Callable[[str], None]


class WorkerProcess:
    """Starts a worker, passes its reports on, and says once, and why, that it is gone."""

    def __init__(self, on_report: OnReport, on_gone: OnGone, *, delay_s: float) -> None:
        self._on_report = on_report
        self._on_gone = on_gone
        self._orders: asyncio.Queue[bytes] = asyncio.Queue(MAX_UNSENT_ORDERS)
        self._process: asyncio.subprocess.Process | None = None
        self._ticks_left = STARTING_TICKS
        self._reason: str | None = None
        self._life = asyncio.create_task(self._live(delay_s))
        # not at the end of the coroutine: one cancelled before its first step never runs
        self._life.add_done_callback(self._tell_end)

    @property
    def pid(self) -> int | None:
        """The process's id, once there is one."""
        return None if self._process is None else self._process.pid

    def send(self, order: Order) -> None:
        """Queue an order; a worker that takes none any more is ended.

        Raises:
            FrameError: the order is too large to be sent.

        """
        frame = framed(encode(order))
        try:
            self._orders.put_nowait(frame)
        except asyncio.QueueFull:
            self.kill("the worker does not take its orders")

    def kill(self, reason: str) -> None:
        """End the process at once; `reason` is what its shards hear."""
        self._reason = self._reason or reason
        if self._process is None:
            self._life.cancel()
        elif self._process.returncode is None:
            self._process.kill()

    async def stop(self, reason: str) -> None:
        """End the process within three seconds: by its pipe, by SIGTERM, by SIGKILL."""
        self._reason = self._reason or reason
        if self._process is None:
            self._life.cancel()
        for step in (self._close_pipe, self._terminate, self._kill):
            step()
            done, _ = await asyncio.wait({self._life}, timeout=STOP_STEP_S)
            if done:
                return

    async def _live(self, delay_s: float) -> str:
        """Start the process and stay with it; returns what became of it."""
        await asyncio.sleep(delay_s)
        try:
            self._process = await _spawn()
        except OSError as error:
            return f"the worker could not be started: {error}"
        return await self._serve(self._process)

    def _tell_end(self, life: asyncio.Task[str]) -> None:
        if life.cancelled():
            detail = "the worker was stopped before it had started"
        else:
            trouble = life.exception()
            detail = life.result() if trouble is None else f"the worker was lost: {trouble}"
        self._on_gone(self._reason or detail)

    async def _serve(self, process: asyncio.subprocess.Process) -> str:
        """Pass frames both ways until the process is gone."""
        sides = [
            asyncio.create_task(self._write_orders(process)),
            asyncio.create_task(self._watch()),
        ]
        try:
            await self._read_reports(process)
        finally:
            for side in sides:
                side.cancel()
            await asyncio.wait(sides)
            code = await _end(process)
        return f"the worker ended with code {code}"

    async def _read_reports(self, process: asyncio.subprocess.Process) -> None:
        pipe = process.stdout
        assert pipe is not None
        try:
            while True:
                report = decode_report(await read_frame(pipe))
                self._ticks_left = SILENT_TICKS
                self._on_report(report)
        except EOFError:
            return  # end of the pipe: the process is gone or about to be
        except (FrameError, msgspec.DecodeError) as error:
            self.kill(f"the worker sent no frame: {error}")

    async def _write_orders(self, process: asyncio.subprocess.Process) -> None:
        pipe = process.stdin
        assert pipe is not None
        with contextlib.suppress(ConnectionError):
            while True:
                pipe.write(await self._orders.get())
                await pipe.drain()

    async def _watch(self) -> None:
        """Count turns of our own loop, not seconds: while we sleep, nobody is silent."""
        while self._ticks_left > 0:
            await asyncio.sleep(TICK_S)
            self._ticks_left -= 1
        self.kill("the worker gave no sign of life")

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def _terminate(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    def _kill(self) -> None:
        self.kill("the worker did not stop")


async def _spawn() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the directory somebody started us from is no place to import from
        "-m",
        "engine.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=child_environment(),
        # Ctrl-C goes to a terminal's whole foreground group, even before it is ignored;
        # (process_group would do, but uvloop does not take it)
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process) -> int:
    """Close the pipe and wait for the exit code, with force if need be."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(STOP_STEP_S):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()
