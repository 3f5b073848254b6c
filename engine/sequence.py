"""Runs a shard: its requests strictly one after the other."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from domain.load import Shard
from domain.samples import Sample
from engine.live import LiveMeter
from engine.senders import open_sender

Report = Callable[[Sample], Awaitable[None]]


async def run_sequence(shard: Shard, worker: str, meter: LiveMeter, report: Report) -> None:
    """Send every item of `shard` in order and report each sample as it finishes.

    A failed request neither stops nor delays what comes after it; a `report` that waits
    does. Cancellation closes the socket in use and reports nothing for it.
    """
    async with open_sender(shard, worker, meter) as requester:
        for item in shard.items:
            with meter.a_stream():
                sample = await requester.send(item, shard.endpoints[item.endpoint])
            meter.on_sample(sample, time.perf_counter_ns())
            await report(sample)
