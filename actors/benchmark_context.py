"""What a benchmark job needs of the rest of the studio, and how an attempt is prepared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from actors.benchmark_messages import Prepared, Refused
from actors.benchmark_rows import RowMaker
from actors.messages import JobProgressed
from actors.storage import Storage
from domain.errors import ServiceError
from domain.jobs import Job
from domain.load import Endpoint
from engine.protocol import Engine
from storage import benchmarks, samples
from storage.benchmarks import Work


@dataclass(frozen=True, slots=True)
class BenchmarkContext:
    """What a benchmark needs of the rest; `endpoints` reads keys at each attempt."""

    storage: Storage
    engine: Engine
    rows: RowMaker
    endpoints: Callable[[Work], Awaitable[Sequence[Endpoint]]]
    publish: Callable[[JobProgressed], None]
    now_ms: Callable[[], int]


async def prepare(context: BenchmarkContext, job: Job) -> Prepared | Refused:
    """Read the work of a job that has just started, and the keys for it."""
    storage = context.storage
    try:
        work = await storage.read(benchmarks.work, job.result_id)
        if work.cut:  # by a restart: a stage with a hole in it is measured anew
            done = await storage.write(samples.supersede, job, work.cut)
            job = job if done is None else replace(job, done=done)
        return Prepared(work, await context.endpoints(work), job)
    except ServiceError as error:
        return Refused(error)
