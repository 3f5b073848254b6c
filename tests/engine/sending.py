"""Sends single requests in the process of the test."""

import contextlib

import msgspec

from engine.clients import make_client
from engine.live import LiveMeter
from engine.request import Requester
from tests.engine.made import WORKLOAD, item


@contextlib.asynccontextmanager
async def requester(client=None, meter=None, **workload):
    """Give a requester with its own client."""
    wanted = msgspec.structs.replace(WORKLOAD, **workload)
    client = client or make_client(fresh_connections=wanted.fresh_connections, tls=True)
    async with client:
        yield Requester(client, wanted, "w-1", (meter or LiveMeter()).on_read)


async def send(endpoint, **workload):
    """Send one request on a connection of its own and return its sample."""
    async with requester(**workload) as sender:
        return await sender.send(item(), endpoint)
