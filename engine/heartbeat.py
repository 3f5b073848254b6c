"""Signs of life of a worker: CPU share and event-loop lag of the last half second."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

BEAT_S = 0.5
PROBE_S = 0.05


@dataclass(frozen=True, slots=True)
class Beat:
    """`cpu_pct` is of one core; `loop_lag_ms` the latest wake-up since the last beat."""

    cpu_pct: float
    loop_lag_ms: float


class Pulse:
    """Gives a beat each half second, on a loop that may be late."""

    def __init__(self) -> None:
        self._cpu_s = time.process_time()
        self._wall_s = time.perf_counter()

    async def next_beat(self) -> Beat:
        """Wait for the next beat, waking in between to see how late the loop is."""
        lag_s = 0.0
        while time.perf_counter() - self._wall_s < BEAT_S:
            due_s = time.perf_counter() + PROBE_S
            await asyncio.sleep(PROBE_S)
            lag_s = max(lag_s, time.perf_counter() - due_s)
        return Beat(self._cpu_pct(), lag_s * 1000)

    def _cpu_pct(self) -> float:
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        share = (cpu_s - self._cpu_s) / (wall_s - self._wall_s)
        self._cpu_s, self._wall_s = cpu_s, wall_s
        return 100 * share
