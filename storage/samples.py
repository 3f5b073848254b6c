"""Finished requests of a benchmark: stored in batches, once each, only while wanted.

A request's `attempt` is that of the job, or the try of its stage: a stage that is cut off
is measured anew as a whole, and what was stored of it stays as `superseded`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from peewee import fn

from domain.jobs import Job
from domain.samples import Sample
from security.ids import new_id
from storage.changes import Change
from storage.queries import tuples
from storage.tables import JobRow, RequestRow

Identity = tuple[int, bool, int]  # row, warmup, index

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Sample).decode


def store(job: Job, samples: Sequence[Sample]) -> Change[int | None]:
    """Store samples of `job`'s running attempt; returns how many requests are done.

    None if the job is no longer in that attempt: nothing was stored. A request that is
    stored already (a batch told twice) is left as it was.
    """
    if _done_of_living(job) is None:
        return Change(None)
    if samples:
        rows = [_row(job, sample) for sample in samples]
        insert = RequestRow.insert_many(rows).on_conflict_ignore().as_rowcount()
        stored: int = insert.execute()
        JobRow.update(done=JobRow.done + stored).where(JobRow.id == job.id).execute()
    done: int = JobRow.select(JobRow.done).where(JobRow.id == job.id).scalar()
    return Change(done)


def supersede(job: Job, rows: Sequence[int]) -> Change[int | None]:
    """Keep the requests of these rows for the record only: they are measured anew.

    Returns how many requests are done now; None, and nothing changed, if the job is no
    longer in this attempt.
    """
    done = _done_of_living(job)
    if done is None:
        return Change(None)
    superseded = (
        RequestRow.update(status="superseded")
        .where(
            (RequestRow.benchmark == job.result_id)
            & RequestRow.row.in_(list(rows))
            & (RequestRow.status != "superseded")
        )
        .execute()
    )
    JobRow.update(done=JobRow.done - superseded).where(JobRow.id == job.id).execute()
    return Change(done - superseded)


def settle(job: Job, total: int) -> Change[int | None]:
    """Store how many requests the job has in all, now that a stage has ended.

    Returns `total`; None, and nothing changed, if the job is not in this attempt.
    """
    if _done_of_living(job) is None:
        return Change(None)
    JobRow.update(total=total).where(JobRow.id == job.id).execute()
    return Change(total)


def finished(benchmark_id: str) -> frozenset[Identity]:
    """Return the identities of all requests stored so far."""
    rows = RequestRow.select(RequestRow.row, RequestRow.warmup, RequestRow.number).where(
        RequestRow.benchmark == benchmark_id
    )
    return frozenset((r, bool(w), i) for r, w, i in tuples(rows))


def tries(benchmark_id: str) -> dict[int, int]:
    """Return the latest attempt that left a request, by row."""
    rows = (
        RequestRow.select(RequestRow.row, fn.MAX(RequestRow.attempt))
        .where(RequestRow.benchmark == benchmark_id)
        .group_by(RequestRow.row)
    )
    return dict(tuples(rows))


def counted(benchmark_id: str) -> dict[int, int]:
    """Return the number of requests that count, by row, warm-up included."""
    rows = (
        RequestRow.select(RequestRow.row, fn.COUNT(RequestRow.id))
        .where((RequestRow.benchmark == benchmark_id) & (RequestRow.status != "superseded"))
        .group_by(RequestRow.row)
    )
    return dict(tuples(rows))


def of_rows(benchmark_id: str, rows: Sequence[int]) -> list[Sample]:
    """Return the samples of these rows that count, in the order they were stored."""
    found = (
        RequestRow.select(RequestRow.sample)
        .where(
            (RequestRow.benchmark == benchmark_id)
            & RequestRow.row.in_(list(rows))
            & (RequestRow.status != "superseded")
        )
        .order_by(RequestRow.id)
    )
    return [_decode(body) for (body,) in tuples(found)]


def _done_of_living(job: Job) -> int | None:
    """Return the number of stored requests; None if the attempt is not running."""
    alive = (
        (JobRow.id == job.id)
        & (JobRow.state == job.state.value)
        & (JobRow.attempt == job.attempt)
    )
    found = [done for (done,) in tuples(JobRow.select(JobRow.done).where(alive))]
    return found[0] if found else None


def _row(job: Job, sample: Sample) -> dict[str, object]:
    return {
        "id": new_id(),
        "benchmark": job.result_id,
        "row": sample.row,
        "warmup": sample.warmup,
        "number": sample.index,
        "attempt": job.attempt if sample.attempt is None else sample.attempt,
        "status": sample.status,
        "sample": _encode(sample),
    }
