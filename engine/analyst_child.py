"""The analyst process as the server sees it: start, ask, end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterable

import msgspec

from domain.errors import ServiceError
from engine.analyst_messages import Answer, ToAnalyst, decode_answer, encode
from engine.framing import FrameError, read_frame, write_frame
from security.child_environment import child_environment

_GRACE_S = 1.0


class AnalystError(ServiceError):
    """The statistics could not be computed: the process died, hung or said so."""

    title = "Statistics failed"


class AnalystChild:
    """A running analyst process; ended once, never restarted."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._reading = asyncio.create_task(self._read_answers(), name="analyst answers")

    @classmethod
    async def start(cls) -> AnalystChild:
        """Start the process; it loads numpy while the caller goes on.

        Raises:
            AnalystError: the machine cannot start another process.

        """
        # -P with the path spelled out: what lies in the working directory is no module
        command = (sys.executable, "-P", "-m", "engine.analyst_process")
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=_environment(),
            )
        except OSError as error:
            raise AnalystError(f"The analyst process cannot start: {error}") from error
        return cls(process)

    @property
    def is_alive(self) -> bool:
        """Whether the process was there when last heard of."""
        return not self._reading.done() and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def ask(self, number: int, messages: Iterable[ToAnalyst]) -> Answer:
        """Send `messages`, the last of which asks, and return the answer to `number`.

        Lets the event loop breathe between messages. May be cancelled at any point: the
        answer is then dropped when it comes.

        Raises:
            AnalystError: the process ended before it had answered.

        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            with contextlib.suppress(ConnectionError):
                await self._send(messages)
                await asyncio.wait((answer, self._reading), return_when="FIRST_COMPLETED")
        finally:
            del self._waiting[number]
        if not answer.done():
            raise AnalystError(f"The analyst process ended ({self._process.returncode}).")
        return answer.result()

    async def end(self) -> None:
        """Close its input, which ends it, or kill it after a second."""
        self._stdin.close()
        await asyncio.wait((self._reading,), timeout=_GRACE_S)
        await self.kill()

    async def kill(self) -> None:
        """Kill the process and wait until it has gone; the question under way fails."""
        self._kill()
        await asyncio.wait((self._reading,))

    async def _send(self, messages: Iterable[ToAnalyst]) -> None:
        for message in messages:
            write_frame(self._stdin, encode(message))
            await self._stdin.drain()
            await asyncio.sleep(0)  # drain alone does not yield while the pipe has room

    async def _read_answers(self) -> None:
        """Hand answers to who waits for them, until the process has gone for good."""
        try:
            while True:
                answer = decode_answer(await read_frame(self._stdout))
                waiting = self._waiting.get(answer.number)
                if waiting is not None:
                    waiting.set_result(answer)
        except EOFError:  # it ends by itself: its own exit status tells more than a kill
            await asyncio.wait((self._exit(),), timeout=_GRACE_S)
        except (OSError, FrameError, msgspec.DecodeError):
            pass  # no longer to be believed
        finally:
            self._kill()
            self._stdin.close()
        await self._exit()

    def _exit(self) -> asyncio.Task[int]:
        return asyncio.create_task(self._process.wait(), name="analyst exits")

    def _kill(self) -> None:
        """Kill the process unless it is known to have ended.

        Not by `Process.kill`: before Python 3.12 that may reap the process itself and
        leave asyncio with a made-up exit status and a warning (python/cpython#87744).
        """
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """Return a child's environment, with one thread for algebra: it is a guest here."""
    return child_environment() | {"OPENBLAS_NUM_THREADS": "1"}
