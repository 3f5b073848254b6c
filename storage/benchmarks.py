"""Benchmarks: what was asked, what was planned, what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from domain.errors import ConflictError, NotFoundError
from domain.jobs import Job
from domain.plan import Plan
from domain.samples import Sample
from domain.times import rfc3339
from domain.wire.accounts import Limits
from domain.wire.benchmarks import Benchmark, BenchmarkSummary, Submission
from domain.wire.results import ResultRow as Result
from storage import events, jobs, samples
from storage.changes import Change
from storage.jobs_rows import job_of
from storage.queries import tuples
from storage.tables import BenchmarkRow, JobRow, RequestRow, ResultRow

DELETE_SLICE = 1_000


@dataclass(frozen=True, slots=True)
class Work:
    """What a job actor needs to begin, or to go on after a restart."""

    owner_id: str
    plan: Plan
    spec: Submission
    seed: int
    finished: frozenset[samples.Identity]  # of sequential rows
    told: frozenset[int] = frozenset()  # rows whose result is stored
    tries: Mapping[int, int] = field(default_factory=dict)  # of stages, by row
    counted: Mapping[int, int] = field(default_factory=dict)  # requests of stages, by row

    @property
    def cut(self) -> list[int]:
        """Rows whose stage was cut off: some of it is stored, but no result."""
        return sorted(self.counted.keys() - self.told)


@dataclass(frozen=True, slots=True)
class NewBenchmark:
    """A benchmark about to be stored, with the job that will run it."""

    job: Job
    spec: Submission
    plan: Plan
    seed: int


def create(new: NewBenchmark, limits: Limits) -> Change[Job]:
    """Store a benchmark and its queued job, with the event that tells of it."""
    change = jobs.insert(new.job, limits)
    BenchmarkRow.insert(
        id=new.job.result_id,
        owner=new.job.owner_id,
        job=new.job.id,
        label=new.spec.label,
        notes=new.spec.notes,
        spec=msgspec.json.encode(new.spec).decode(),
        plan=msgspec.msgpack.encode(new.plan),
        seed=new.seed,
    ).execute()
    return change


def work(benchmark_id: str) -> Work:
    """Return what is needed to run a benchmark; raises `NotFoundError`."""
    row = BenchmarkRow.get_or_none(BenchmarkRow.id == benchmark_id)
    if row is None:
        raise NotFoundError("There is no such benchmark.")
    plan, spec = _plan(row), _spec(row)
    work = Work(row.owner_id, plan, spec, row.seed, frozenset())
    if not plan.has_stages:
        return replace(work, finished=samples.finished(benchmark_id))
    told = ResultRow.select(ResultRow.row).where(ResultRow.benchmark == benchmark_id)
    return replace(
        work,
        told=frozenset(number for (number,) in tuples(told)),
        tries=samples.tries(benchmark_id),
        counted=samples.counted(benchmark_id),
    )


def store_results(job: Job, rows: Mapping[int, Result], at_ms: int) -> Change[None]:
    """Store final result rows, each once, with their events."""
    told = []
    for number, result in sorted(rows.items()):
        stored = (
            ResultRow.insert(
                benchmark=job.result_id,
                row=number,
                body=msgspec.json.encode(result).decode(),
            )
            .on_conflict_ignore()
            .as_rowcount()
            .execute()
        )
        if stored:
            told.append(events.result_event(job, result, at_ms))
    return Change(None, tuple(told))


def conclude(
    before: Job,
    after: Job,
    at_ms: int,
    *,
    last_samples: Sequence[Sample] = (),
    rows: Mapping[int, Result] | None = None,
) -> Change[Job | None]:
    """End a job in one transaction: last samples, result rows, state, events.

    None, and nothing stored, if the job was not in `before`'s state and attempt.
    """
    if samples.store(before, last_samples).value is None:
        return Change(None)
    results = store_results(before, rows or {}, at_ms)
    ended = jobs.change(before, after, at_ms)
    return Change(ended.value, results.events + ended.events)


def get(benchmark_id: str, *, owner_id: str) -> Benchmark:
    """Return a benchmark of `owner_id`; raises `NotFoundError`, also for a foreign one."""
    row = _owned(benchmark_id, owner_id)
    job = job_of(row.job)
    results = (
        ResultRow.select(ResultRow.body)
        .where(ResultRow.benchmark == benchmark_id)
        .order_by(ResultRow.row)
    )
    return Benchmark(
        id=row.id,
        job_id=job.id,
        status=job.state.value,
        created_at=rfc3339(job.created_at_ms),
        started_at=rfc3339(job.started_at_ms),
        ended_at=rfc3339(job.ended_at_ms),
        label=row.label,
        notes=row.notes,
        spec=_spec(row),
        skipped_tiers=_plan(row).skipped_tiers,
        search=None,
        results=[msgspec.json.decode(b, type=Result) for (b,) in tuples(results)],
    )


def page(owner_id: str, *, limit: int, before_id: str | None) -> list[BenchmarkSummary]:
    """Return up to `limit` benchmarks of `owner_id`, newest first, after the cursor."""
    rows = (
        BenchmarkRow.select(BenchmarkRow, JobRow)
        .join(JobRow)
        .where(BenchmarkRow.owner == owner_id)
    )
    if before_id is not None:
        rows = rows.where(BenchmarkRow.id < before_id)
    return [_summary(row) for row in rows.order_by(BenchmarkRow.id.desc()).limit(limit)]


def annotate(benchmark_id: str, *, owner_id: str, columns: dict[str, Any]) -> Change[None]:
    """Change label or notes; raises `NotFoundError`."""
    row = _owned(benchmark_id, owner_id)
    if columns:
        BenchmarkRow.update(**columns).where(BenchmarkRow.id == row.id).execute()
    return Change(None)


def delete(benchmark_id: str, *, owner_id: str) -> Change[bool]:
    """Delete a slice of a benchmark; True once nothing of it is left.

    In slices, so that a large one does not hold up everybody's writes. Raises
    `ConflictError` while it runs.
    """
    row = _owned(benchmark_id, owner_id)
    if not job_of(row.job).state.is_final:
        raise ConflictError("The benchmark has not ended; cancel it first.")
    of_it = RequestRow.select(RequestRow.id).where(RequestRow.benchmark == benchmark_id)
    ids = [request_id for (request_id,) in tuples(of_it.limit(DELETE_SLICE))]
    if ids:
        RequestRow.delete().where(RequestRow.id.in_(ids)).execute()
        return Change(False)
    JobRow.delete().where(JobRow.id == row.job_id).execute()  # takes the rest along
    return Change(True)


def owned_plan(benchmark_id: str, *, owner_id: str) -> Plan:
    """Return the plan of a benchmark of `owner_id`; raises `NotFoundError`."""
    return _plan(_owned(benchmark_id, owner_id))


def _owned(benchmark_id: str, owner_id: str) -> BenchmarkRow:
    row = BenchmarkRow.get_or_none(
        (BenchmarkRow.id == benchmark_id) & (BenchmarkRow.owner == owner_id)
    )
    if row is None:
        raise NotFoundError("There is no such benchmark.")
    return row


def _summary(row: BenchmarkRow) -> BenchmarkSummary:
    job = job_of(row.job)
    return BenchmarkSummary(
        id=row.id,
        job_id=job.id,
        status=job.state.value,
        created_at=rfc3339(job.created_at_ms),
        ended_at=rfc3339(job.ended_at_ms),
        label=row.label,
        notes=row.notes,
        targets=_spec(row).targets,
    )


def _spec(row: BenchmarkRow) -> Submission:
    return msgspec.json.decode(row.spec, type=Submission)


def _plan(row: BenchmarkRow) -> Plan:
    return msgspec.msgpack.decode(row.plan, type=Plan)
