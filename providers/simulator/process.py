"""The simulator as a child process that never outlives its parent."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from domain.errors import UnavailableError

_READY_LINE: Final = b"listening on "
_START_S: Final = 10.0
_STOP_S: Final = 5.0


class SimulatorProcess:
    """Starts and stops `python -m providers.simulator` on a free port of 127.0.0.1.

    Its stdin is a pipe that only we hold, and it ends when that pipe does: so it ends
    with us even if we are killed. `log_path` is where it writes what it did, see
    `docs/simulator.md`.
    """

    def __init__(
        self, log_path: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self._log_path = log_path
        self._environment = environment  # None: our own
        self._process: asyncio.subprocess.Process | None = None
        self._origin = ""

    @property
    def base_url(self) -> str:
        """Where it speaks the OpenAI protocol; raises `UnavailableError` if it does not."""
        if not self.is_running:
            raise UnavailableError("the simulator is not running")
        return f"{self._origin}/v1"

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended since."""
        return (
            bool(self._origin)
            and self._process is not None
            and self._process.returncode is None
        )

    async def start(self) -> None:
        """Start it, or do nothing if it runs; returns when it takes requests.

        Raises `UnavailableError` if it is not ready within 10 s.
        """
        if self.is_running:
            return
        await self.stop()
        log = ("--log", str(self._log_path)) if self._log_path else ()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "providers.simulator", "--port", "0", "--exit-on-stdin-eof"),
            *log,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
        )
        try:
            self._origin = await self._origin_when_ready(self._process)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End it, gently at first; returns when it is gone."""
        self._origin = ""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    @staticmethod
    async def _origin_when_ready(process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_START_S):
                line = await process.stdout.readline()
        except TimeoutError:
            raise UnavailableError("the simulator was not ready in time") from None
        if not line.startswith(_READY_LINE):
            raise UnavailableError("the simulator ended before it was ready")
        return line.removeprefix(_READY_LINE).decode().strip()
