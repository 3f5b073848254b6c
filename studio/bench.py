"""One benchmark without a server: the same plan, engine and statistics, no storage."""

from __future__ import annotations

import asyncio
import collections
import functools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from domain.load import Endpoint, Shard, ShardKey
from domain.plan import Plan, shards
from domain.samples import Sample
from domain.wire.results import ResultRow
from engine.analyst import Analyst
from engine.local import LocalEngine
from engine.protocol import (
    EngineEvent,
    LiveReported,
    SamplesArrived,
    ShardEnded,
    WorkerLost,
)


@dataclass(slots=True)
class BenchState:
    """What the table shows: samples so far, what the load is doing, why it ended."""

    plan: Plan
    samples: list[Sample] = field(default_factory=list)
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
    stop: asyncio.Event,
    watch: Callable[[BenchState], None],
) -> tuple[BenchState, list[ResultRow]]:
    """Send all requests of `plan`, calling `watch` after each event; return the rows.

    When `stop` is set the sockets are closed and the rows are of what was measured.
    """
    engine, analyst = LocalEngine(workers=1), Analyst()
    state = BenchState(plan)
    try:
        await engine.start()
        await _send_all(engine, endpoints, state, stop=stop, watch=watch)
        return state, await _rows(analyst, state)
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
    open_keys = _hand_over(engine, endpoints, state.plan, events)
    stopper = asyncio.create_task(stop.wait())
    stopper.add_done_callback(functools.partial(_wake, events))
    try:
        while open_keys:
            event = await events.get()
            if event is None:
                state.interrupted = True
                for key in open_keys:
                    engine.abort(key)
                continue
            _take(event, state, open_keys)
            watch(state)
    finally:
        stopper.cancel()


def _hand_over(
    engine: LocalEngine,
    endpoints: Sequence[Endpoint],
    plan: Plan,
    events: asyncio.Queue[EngineEvent | None],
) -> set[ShardKey]:
    keys = set()
    for number, items in enumerate(shards(plan, frozenset())):
        key = ShardKey(job_id="bench", attempt=1, shard=number, shard_attempt=1)
        shard = Shard(
            key=key, endpoints=list(endpoints), workload=plan.workload, items=list(items)
        )
        engine.run(shard, events.put_nowait)
        keys.add(key)
    return keys


def _take(event: EngineEvent, state: BenchState, open_keys: set[ShardKey]) -> None:
    match event:
        case SamplesArrived():
            state.samples.extend(event.samples)
        case LiveReported():
            state.live[event.key] = event
        case ShardEnded():
            open_keys.discard(event.key)
            state.failure = state.failure or event.error
        case WorkerLost():
            open_keys.discard(event.key)
            state.failure = f"the load worker died: {event.detail}"


def _wake(events: asyncio.Queue[EngineEvent | None], stopper: asyncio.Task[bool]) -> None:
    if not stopper.cancelled():
        events.put_nowait(None)


async def _rows(analyst: Analyst, state: BenchState) -> list[ResultRow]:
    by_row: dict[int, list[Sample]] = collections.defaultdict(list)
    for row in state.plan.rows:
        by_row[row.row] = []
    for sample in state.samples:
        by_row[sample.row].append(sample)
    return await analyst.result_rows(
        state.plan,
        by_row,
        slo=None,
        seed=state.plan.workload.seed,
        partial=state.interrupted or state.failure is not None,
        attempts=1,
    )


def new_seed() -> int:
    """Return a seed for a benchmark that names none."""
    return secrets.randbits(53)
