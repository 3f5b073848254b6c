"""Waits for absolute instants, to a fraction of a millisecond.

A kernel timer that the loop watches wakes 0.06 ms late in the median. Spinning through the
last millisecond would gain those and take the core from the streams in
flight (`docs/load.md` has the figures). Waiting from an absolute instant to the next,
lateness does not add up.
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from providers.simulator.alarms import Alarms


class Pacer:
    """Used by one task; instants are on `time.perf_counter_ns`."""

    def __init__(self) -> None:
        self._alarms = Alarms()

    async def wait_until(self, due_ns: int) -> None:
        """Return at `due_ns`, or at once if that is past."""
        now_ns = time.perf_counter_ns()
        if due_ns <= now_ns:
            return
        rung = asyncio.get_running_loop().create_future()
        # the alarms' clock is `monotonic`: the same as ours on Linux, not everywhere
        alarm = self._alarms.at(
            time.monotonic_ns() + due_ns - now_ns, lambda: rung.set_result(None)
        )
        try:
            await rung
        finally:
            alarm.cancel()

    def __enter__(self) -> Self:
        """Hold a timer of the kernel's."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Give it back."""
        self._alarms.close()
