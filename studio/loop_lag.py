"""How late the event loop wakes up: the figure that says whether something blocks it."""

from __future__ import annotations

import asyncio

from handlers.services import Liveness

PERIOD_S = 0.5
WINDOW = 20


async def watch_loop_lag(liveness: Liveness) -> None:
    """Keep `event_loop_lag_ms` at the worst of the last ten seconds, until cancelled."""
    loop = asyncio.get_running_loop()
    recent: list[float] = []
    while True:
        due_s = loop.time() + PERIOD_S
        await asyncio.sleep(PERIOD_S)
        recent = [*recent[-WINDOW + 1 :], 1000 * (loop.time() - due_s)]
        liveness.event_loop_lag_ms = round(max(0.0, *recent), 2)
