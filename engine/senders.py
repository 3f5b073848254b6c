"""The sender of a shard: one client for all its requests, closed with it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from domain.load import Shard
from engine.clients import make_client
from engine.live import LiveMeter
from engine.request import Requester


@contextlib.asynccontextmanager
async def open_sender(
    shard: Shard, worker: str, meter: LiveMeter
) -> AsyncIterator[Requester]:
    """Give a requester for the shard's workload, its connections closed at the end."""
    workload = shard.workload
    addresses = [endpoint.base_url.lower() for endpoint in shard.endpoints]
    client = make_client(
        fresh_connections=workload.fresh_connections,
        tls=any(address.startswith("https:") for address in addresses),
    )
    async with client:
        yield Requester(client, workload, worker, meter.on_read)
