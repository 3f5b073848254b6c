"""One benchmark without a server: the same plan, engine and statistics, no storage."""

from __future__ import annotations

import asyncio
import collections
import functools
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from domain.load import Endpoint, RequestItem, Shard, ShardKey
from domain.plan import Plan, shards
from domain.samples import Sample
from domain.wire.benchmarks import Slo
from domain.wire.results import ResultRow
from engine.analyst import Analyst
from engine.local import LocalEngine
from engine.protocol import (
    EngineEvent,
    LiveReported,
    SamplesArrived,
    ShardEnded,
    ShardReady,
    Sink,
    WorkerLost,
)
from engine.stage_book import StageBook


@dataclass(slots=True)
class BenchState:
    """What the table shows: samples so far, what the load is doing, why it ended."""

    plan: Plan
    samples: list[Sample] = field(default_factory=list)
    ok: int = 0
    live: dict[ShardKey, LiveReported] = field(default_factory=dict)
    interrupted: bool = False
    failure: str | None = None

    @property
    def done(self) -> int:
        """Requests that have finished, warm-up included."""
        return len(self.samples)


async def run_bench(
    plan: Plan,
    endpoints: Sequence[Endpoint],
    *,
    slo: Slo | None,
    stop: asyncio.Event,
    watch: Callable[[BenchState], None],
) -> tuple[BenchState, list[ResultRow]]:
    """Send all requests of `plan`, calling `watch` after each event; return the rows.

    When `stop` is set the sockets are closed and the rows are of what was measured.
    """
    workers = (os.cpu_count() or 1) if plan.has_stages else 1
    engine, analyst = LocalEngine(workers), Analyst()
    state = BenchState(plan)
    try:
        await engine.start()
        await _send_all(engine, endpoints, state, stop=stop, watch=watch)
        return state, await _rows(analyst, state, slo)
    finally:
        await analyst.stop()
        await engine.stop()


async def _send_all(
    engine: LocalEngine,
    endpoints: Sequence[Endpoint],
    state: BenchState,
    *,
    stop: asyncio.Event,
    watch: Callable[[BenchState], None],
) -> None:
    events: asyncio.Queue[EngineEvent | None] = asyncio.Queue()
    work = _work(engine, endpoints, state.plan, events.put_nowait)
    stopper = asyncio.create_task(stop.wait())
    stopper.add_done_callback(functools.partial(_wake, events))
    try:
        work.start()
        while work.is_sending:
            event = await events.get()
            if event is None:
                state.interrupted = True
                work.abort()
                continue
            _take(event, state, work)
            watch(state)
    finally:
        stopper.cancel()


def _work(
    engine: LocalEngine, endpoints: Sequence[Endpoint], plan: Plan, sink: Sink
) -> BenchSequence | StageBook:
    if not plan.has_stages:
        return BenchSequence(engine, endpoints, plan, sink)
    return StageBook("bench", 1, plan=plan, endpoints=endpoints, engine=engine, sink=sink)


class BenchSequence:
    """Sequential shards, one a provider, as `StageBook` is for stages."""

    def __init__(
        self, engine: LocalEngine, endpoints: Sequence[Endpoint], plan: Plan, sink: Sink
    ) -> None:
        self._engine = engine
        self._sink = sink
        self._shards = {
            (shard := _sequential(number, items, endpoints, plan)).key: shard
            for number, items in enumerate(shards(plan, frozenset()))
        }

    @property
    def is_sending(self) -> bool:
        """Whether a shard has not ended."""
        return bool(self._shards)

    def start(self) -> None:
        """Give every shard to the engine."""
        for shard in self._shards.values():
            self._engine.run(shard, self._sink)

    def abort(self) -> None:
        """Close all sockets."""
        for key in self._shards:
            self._engine.abort(key)

    def end(self, key: ShardKey) -> None:
        """Note that a shard has ended."""
        self._shards.pop(key, None)


def _sequential(
    number: int, items: Sequence[RequestItem], endpoints: Sequence[Endpoint], plan: Plan
) -> Shard:
    key = ShardKey(job_id="bench", attempt=1, shard=number, shard_attempt=1)
    return Shard(
        key=key, endpoints=list(endpoints), workload=plan.workload, items=list(items)
    )


def _take(event: EngineEvent, state: BenchState, work: BenchSequence | StageBook) -> None:
    match event:
        case SamplesArrived():
            state.samples.extend(event.samples)
            state.ok += sum(sample.status == "ok" for sample in event.samples)
        case ShardReady():
            if isinstance(work, StageBook):
                work.ready(event.key)
        case LiveReported():
            state.live[event.key] = event
        case ShardEnded() | WorkerLost():
            state.live.pop(event.key, None)
            _end(event, state, work)


def _end(
    event: ShardEnded | WorkerLost, state: BenchState, work: BenchSequence | StageBook
) -> None:
    """Take note of a shard's end; after a trouble nothing more is begun."""
    if isinstance(event, WorkerLost):
        trouble: str | None = f"the load worker died: {event.detail}"
    else:
        trouble = event.error
    if trouble is not None:
        state.failure = state.failure or trouble
        work.abort()
    stage = work.end(event.key)
    if stage is not None and isinstance(work, StageBook):
        work.go_on(stage)


def _wake(events: asyncio.Queue[EngineEvent | None], stopper: asyncio.Task[bool]) -> None:
    if not stopper.cancelled():
        events.put_nowait(None)


async def _rows(analyst: Analyst, state: BenchState, slo: Slo | None) -> list[ResultRow]:
    by_row: dict[int, list[Sample]] = collections.defaultdict(list)
    for row in state.plan.rows:
        by_row[row.row] = []
    for sample in state.samples:
        by_row[sample.row].append(sample)
    return await analyst.result_rows(
        state.plan,
        by_row,
        slo=slo,
        seed=state.plan.workload.seed,
        partial=state.interrupted or state.failure is not None,
        attempts=1,
    )


def new_seed() -> int:
    """Return a seed for a benchmark that names none."""
    return secrets.randbits(53)
