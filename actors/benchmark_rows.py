"""Result rows of a benchmark: stored samples in, computed by the analyst, rows out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from actors.storage import Storage
from domain.errors import ServiceError
from domain.jobs import Job
from domain.plan import Plan
from domain.samples import Sample
from domain.wire.benchmarks import Slo
from domain.wire.results import ResultRow
from storage import benchmarks, samples
from storage.benchmarks import Work

log = structlog.get_logger()

AT_CANCEL_S = 0.1  # a cancel is told within 250 ms; rows that take longer come after it


class Analyst(Protocol):
    """The process that does the statistics."""

    async def warm(self) -> None:
        """Start it, so that the first question is answered at once."""
        ...

    def hold(self) -> None:
        """Keep it from ending while it is idle."""
        ...

    def release(self) -> None:
        """Undo one `hold`."""
        ...

    async def result_rows(
        self,
        plan: Plan,
        samples_by_row: Mapping[int, Sequence[Sample]],
        *,
        slo: Slo | None,
        seed: int,
        partial: bool,
        attempts: int,
    ) -> list[ResultRow]:
        """Return a row for each key of `samples_by_row`, in the order of the keys."""
        ...


class RowMaker:
    """Reads what is stored of a benchmark and has rows made of it."""

    def __init__(self, storage: Storage, analyst: Analyst) -> None:
        self._storage = storage
        self._analyst = analyst

    async def begin(self) -> None:
        """Have the analyst ready, and keep it so until `end`: a cancel cannot wait."""
        self._analyst.hold()
        await self._analyst.warm()

    def end(self) -> None:
        """Let the analyst go; once for each `begin`."""
        self._analyst.release()

    async def complete(
        self, job: Job, work: Work, rows: frozenset[int], at_ms: int
    ) -> None:
        """Compute complete rows, store and tell them."""
        made = await self._make(job, work, rows, partial=False)
        await self._storage.write(benchmarks.store_results, job, made, at_ms)

    async def partial(
        self, job: Job, work: Work, rows: frozenset[int], last: Sequence[Sample]
    ) -> Mapping[int, ResultRow]:
        """Return rows of what was measured before a cancel; none if that takes long."""
        try:
            async with asyncio.timeout(AT_CANCEL_S):
                return await self._make(job, work, rows, partial=True, unstored=last)
        except (TimeoutError, ServiceError) as error:
            log.info("partial rows come later", job_id=job.id, why=repr(error))
            return {}

    async def late(self, job: Job, work: Work, rows: frozenset[int], at_ms: int) -> None:
        """Compute and tell partial rows after the job has ended."""
        made = await self._make(job, work, rows, partial=True)
        await self._storage.write(benchmarks.store_results, job, made, at_ms)

    async def _make(
        self,
        job: Job,
        work: Work,
        rows: frozenset[int],
        *,
        partial: bool,
        unstored: Sequence[Sample] = (),
    ) -> dict[int, ResultRow]:
        if not rows:
            return {}
        stored = await self._storage.read(samples.of_rows, job.result_id, sorted(rows))
        by_row = _by_row([*stored, *unstored], rows)
        made = await self._analyst.result_rows(
            work.plan,
            by_row,
            slo=work.spec.slo,
            seed=work.seed,
            partial=partial,
            attempts=job.attempt,
        )
        return dict(zip(by_row, made, strict=True))


def _by_row(found: Iterable[Sample], rows: frozenset[int]) -> dict[int, list[Sample]]:
    by_row: dict[int, list[Sample]] = {row: [] for row in sorted(rows)}
    for sample in found:
        if sample.row in by_row:
            by_row[sample.row].append(sample)
    return by_row
