"""Runs a shard: its requests strictly one after the other."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from domain.load import Shard
from domain.samples import Sample
from engine.clients import make_client
from engine.live import LiveMeter
from engine.request import Requester

Report = Callable[[Sample], Awaitable[None]]


async def run_sequence(shard: Shard, worker: str, meter: LiveMeter, report: Report) -> None:
    """Send every item of `shard` in order and report each sample as it finishes.

    A failed request neither stops nor delays what comes after it; a `report` that waits
    does. Cancellation closes the socket in use and reports nothing for it.
    """
    workload = shard.workload
    addresses = [endpoint.base_url.lower() for endpoint in shard.endpoints]
    client = make_client(
        fresh_connections=workload.fresh_connections,
        tls=any(address.startswith("https:") for address in addresses),
    )
    async with client:
        requester = Requester(client, workload, worker, meter.on_read)
        for item in shard.items:
            meter.active_streams = 1
            try:
                sample = await requester.send(item, shard.endpoints[item.endpoint])
            finally:
                meter.active_streams = 0
            meter.on_sample(sample, time.perf_counter_ns())
            await report(sample)
