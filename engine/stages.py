"""Runs a worker's part of a stage: warm-up, the common start, then its measured requests.

An open loop never waits for an answer, nor for anything else: each request is a task of
its own, begun at its absolute deadline. A closed loop has a task a stream.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import msgspec

from domain.load import Endpoint, RequestItem, Shard
from domain.measures import NS_PER_MS
from domain.samples import Sample
from domain.schedule import NS_PER_S, offsets_ns
from domain.stages import Closed, StagePart
from engine.live import LiveMeter
from engine.pacing import Pacer
from engine.request import Requester
from engine.senders import open_sender

Report = Callable[[Sample], Awaitable[None]]
Gate = Callable[[], Awaitable[int]]  # says "ready", returns the start on perf_counter_ns


async def run_stage(
    shard: Shard, worker: str, meter: LiveMeter, report: Report, gate: Gate
) -> None:
    """Send this part of the stage and report each sample as it finishes.

    Cancellation closes all sockets and reports nothing for what was in flight. Raises
    what is wrong with the shard itself; a failed request is a sample.
    """
    part = shard.stage
    assert part is not None
    try:
        async with open_sender(shard, worker, meter) as requester:
            endpoint = shard.endpoints[part.endpoint]
            await _Stage(part, endpoint, requester, meter, report).run(gate)
    except ExceptionGroup as group:
        raise _first_of(group) from None


@dataclass(frozen=True, slots=True)
class _Stage:
    part: StagePart
    endpoint: Endpoint
    requester: Requester
    meter: LiveMeter
    report: Report

    async def run(self, gate: Gate) -> None:
        shape, part = self.part.shape, self.part
        await self._streams(part.warmup_indexes(), warmup=True, until_ns=None)
        if isinstance(shape, Closed):
            await self._closed(shape, await gate())
        else:
            schedule = offsets_ns(shape)[part.part :: part.parts]
            await self._open(schedule, await gate())

    async def _closed(self, shape: Closed, start_ns: int) -> None:
        with Pacer() as pacer:
            await pacer.wait_until(start_ns)
        limit_s = shape.duration_s
        until_ns = None if limit_s is None else start_ns + int(limit_s * NS_PER_S)
        await self._streams(self.part.indexes(), warmup=False, until_ns=until_ns)

    async def _open(self, schedule: list[int], start_ns: int) -> None:
        async with asyncio.TaskGroup() as group:
            with Pacer() as pacer:
                for index, offset_ns in zip(self.part.indexes(), schedule, strict=True):
                    due_ns = start_ns + offset_ns
                    await pacer.wait_until(due_ns)
                    group.create_task(self._send(index, due_ns=due_ns))

    async def _streams(
        self, indexes: Iterator[int], *, warmup: bool, until_ns: int | None
    ) -> None:
        """Send one after the other on each stream until none is left, or time is up."""

        async def stream() -> None:
            while until_ns is None or time.perf_counter_ns() < until_ns:
                index = next(indexes, None)
                if index is None:
                    return
                await self._send(index, warmup=warmup)

        async with asyncio.TaskGroup() as group:
            for _ in range(self.part.streams):
                group.create_task(stream())

    async def _send(
        self, index: int, *, warmup: bool = False, due_ns: int | None = None
    ) -> None:
        part = self.part
        item = RequestItem(
            row=part.row,
            index=index,
            warmup=warmup,
            endpoint=part.endpoint,
            filler_tokens=part.filler_tokens,
        )
        with self.meter.a_stream():
            sample = await self.requester.send(item, self.endpoint)
        ended_ns = time.perf_counter_ns()
        self.meter.on_sample(sample, ended_ns)
        await self.report(
            msgspec.structs.replace(
                sample,
                attempt=part.attempt,
                intended_at_ns=due_ns,
                send_lag_ms=_send_lag_ms(sample, due_ns),
                ended_at_ns=ended_ns,
            )
        )


def _send_lag_ms(sample: Sample, due_ns: int | None) -> float | None:
    """Return how late we were: not what name resolution, connecting and TLS took."""
    if due_ns is None or sample.sent_at_ns is None:
        return None
    connecting_ms = sum(
        phase for phase in (sample.dns_ms, sample.connect_ms, sample.tls_ms) if phase
    )
    return (sample.sent_at_ns - due_ns) / NS_PER_MS - connecting_ms


def _first_of(group: ExceptionGroup[Exception]) -> Exception:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, ExceptionGroup) else first
