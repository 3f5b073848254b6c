"""One load process of `stopwatch.py`: an order on standard input, a report in a file."""

from __future__ import annotations

import asyncio
import gc
import random
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec

from engine.transport.certificates import trusting
from engine.transport.phases import Phases
from engine.transport.transport import StampedTransport
from providers.base import StampedBytes
from providers.openai_reply import parse_reply

RAMP_S = 1.0
SCHEDSTAT = Path("/proc/self/schedstat")
LIMIT_S = 300.0
BODY = b'{"model":"truth","stream":true,"messages":[{"role":"user","content":"Hello"}]}'


class Order(msgspec.Struct):
    """What to run; `client` is studio or httpx."""

    client: str
    url: str
    certificate: str | None
    streams: int
    requests: int  # of each stream
    report: str


class Timed(msgspec.Struct):
    """One request as the client saw it."""

    request: int
    t0_ns: int
    arrivals_ns: list[int]  # of token-bearing events
    coalesced: list[bool]
    bounds_ns: list[int]
    lags_ns: list[int]  # of reads with a kernel stamp


class Run(msgspec.Struct):
    """All requests, and from the first stream to the last: CPU used, CPU waited for."""

    requests: list[Timed]
    cpu_ns: int
    starved_ns: int


class Seen(msgspec.Struct):
    """What is kept of a request until the load is over."""

    request: int
    t0_ns: int
    reads: list[StampedBytes]

    def timed(self) -> Timed:
        """Take the reply apart, as the product does."""
        events = parse_reply(self.reads).events
        return Timed(
            request=self.request,
            t0_ns=self.t0_ns,
            arrivals_ns=[event.arrival_ns for event in events],
            coalesced=[event.coalesced for event in events],
            bounds_ns=[event.bound_ns for event in events],
            lags_ns=[read.lag_ns for read in self.reads if read.lag_ns],
        )


async def ask_studio(client: httpx.AsyncClient, url: str, request: int) -> Seen:
    """Send one request through our transport."""
    phases = Phases()
    async with client.stream(
        "POST",
        url,
        content=BODY,
        headers={"X-Request-Id": str(request)},
        extensions={"phases": phases},
    ) as response:
        reply = response.extensions["reply"]
        await reply.end()
    assert phases.sent_ns is not None
    return Seen(request, phases.sent_ns, reply.reads)


async def ask_httpx(client: httpx.AsyncClient, url: str, request: int) -> Seen:
    """Send one request through httpx's own transport; stamp pieces as they come."""
    sent: list[int] = []

    async def trace(event: str, _info: dict[str, Any]) -> None:
        if event == "http11.send_request_body.started":
            sent.append(time.perf_counter_ns())

    reads = []
    async with client.stream(
        "POST",
        url,
        content=BODY,
        headers={"X-Request-Id": str(request)},
        extensions={"trace": trace},
    ) as response:
        async for piece in response.aiter_raw():
            reads.append(StampedBytes(time.perf_counter_ns(), piece))  # noqa: PERF401
    return Seen(request, sent[-1], reads)


def _client(order: Order) -> httpx.AsyncClient:
    trusted = None if order.certificate is None else Path(order.certificate)
    if order.client == "studio":
        tls = None if trusted is None else trusting(trusted)
        return httpx.AsyncClient(transport=StampedTransport(tls=tls), timeout=LIMIT_S)
    unlimited = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    verify = ssl.create_default_context(cafile=trusted) if trusted else False
    return httpx.AsyncClient(
        verify=verify, limits=unlimited, trust_env=False, timeout=LIMIT_S
    )


async def carry_out(order: Order) -> Run:
    """Run all streams, beginning at moments spread over the ramp, then take apart."""
    ask = ask_studio if order.client == "studio" else ask_httpx
    seen: list[Seen] = []
    begins = random.Random(1)

    async def stream(number: int) -> None:
        await asyncio.sleep(begins.uniform(0, RAMP_S))
        for turn in range(order.requests):
            one = await ask(client, order.url, turn * order.streams + number)
            seen.append(one)

    gc.collect()
    # everything is kept until the end here, unlike in a worker: a collector that walks it
    # again and again would be what is measured
    gc.disable()
    async with _client(order) as client:
        began_ns, starved_ns = time.process_time_ns(), _starved_ns()
        async with asyncio.TaskGroup() as group:
            for number in range(order.streams):
                group.create_task(stream(number))
        cpu_ns = time.process_time_ns() - began_ns
        starved_ns = _starved_ns() - starved_ns
    return Run([one.timed() for one in seen], cpu_ns, starved_ns)


def _starved_ns() -> int:
    """Return for how long this process was ready to run and did not; 0 if not told."""
    try:
        return int(SCHEDSTAT.read_text(encoding="ascii").split()[1])
    except OSError:
        return 0


def main() -> None:
    """Run on uvloop if it is there, as load workers do."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    try:
        import uvloop  # noqa: PLC0415 - not on every platform

        factory = uvloop.new_event_loop
    except ImportError:
        factory = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        run = runner.run(carry_out(order))
    Path(order.report).write_bytes(msgspec.json.encode(run))


if __name__ == "__main__":
    main()
