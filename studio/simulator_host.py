"""The built-in simulator: started when first needed, started anew if it dies."""

from __future__ import annotations

import asyncio

from providers.simulator.process import SimulatorProcess
from security.child_environment import child_environment


class SimulatorHost:
    """Keeps one simulator process for the studio; costs nothing until it is used."""

    def __init__(self) -> None:
        self._process: SimulatorProcess | None = None
        self._starting = asyncio.Lock()

    async def base_url(self) -> str:
        """Return where the simulator listens; raises `UnavailableError`."""
        async with self._starting:
            if self._process is None or not self._process.is_running:
                self._process = await self._started()
            return self._process.base_url

    async def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            await self._process.stop()

    async def _started(self) -> SimulatorProcess:
        process = SimulatorProcess(environment=child_environment())
        await process.start()
        return process
