"""Result rows of a benchmark: stored samples in, computed by the analyst, rows out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from actors.row_book import RowBook
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

PAUSES_S = (0.5, 2.0, 8.0)  # between tries, when the analyst is busy or has died


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

    def begin(self) -> Awaitable[None]:
        """Have the analyst ready, and keep it so until `end`: a cancel cannot wait."""
        self._analyst.hold()  # at once, so that an `end` before the first await fits
        return self._analyst.warm()

    def end(self) -> None:
        """Let the analyst go; once for each `begin`."""
        self._analyst.release()

    async def complete(
        self, job: Job, work: Work, rows: frozenset[int], at_ms: int
    ) -> None:
        """Compute complete rows, store and tell them; asks again when the analyst fails."""
        made = await self._patiently(job, work, rows, partial=False)
        await self._storage.write(benchmarks.store_results, job, made, at_ms)

    async def at_the_end(
        self,
        job: Job,
        work: Work,
        book: RowBook,
        last: Sequence[Sample],
        *,
        within_s: float,
    ) -> dict[int, ResultRow]:
        """Return the rows that are missing when a job is cut; none if that takes long.

        `last` are samples that are not stored yet.
        """
        try:
            async with asyncio.timeout(within_s):
                whole = await self._make(job, work, book.complete, partial=False)
                cut = book.untold - book.complete
                return whole | await self._make(job, work, cut, partial=True, unstored=last)
        except (TimeoutError, ServiceError) as error:
            log.info("rows come after the end", job_id=job.id, why=repr(error))
            return {}

    async def late(self, job: Job, work: Work, book: RowBook, at_ms: int) -> None:
        """Compute, store and tell the missing rows of a job that has ended."""
        whole = await self._patiently(job, work, book.complete, partial=False)
        cut = await self._patiently(job, work, book.untold - book.complete, partial=True)
        await self._storage.write(benchmarks.store_results, job, whole | cut, at_ms)

    async def _patiently(
        self, job: Job, work: Work, rows: frozenset[int], *, partial: bool
    ) -> dict[int, ResultRow]:
        for pause_s in PAUSES_S:
            try:
                return await self._make(job, work, rows, partial=partial)
            except ServiceError as error:
                log.warning("the analyst failed", job_id=job.id, why=repr(error))
                await asyncio.sleep(pause_s)
        return await self._make(job, work, rows, partial=partial)

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
