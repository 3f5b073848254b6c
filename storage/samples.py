"""Finished requests of a benchmark: stored in batches, once each, only while wanted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

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
    alive = (
        (JobRow.id == job.id)
        & (JobRow.state == job.state.value)
        & (JobRow.attempt == job.attempt)
    )
    if not JobRow.select(JobRow.id).where(alive).exists():
        return Change(None)
    if samples:
        rows = [_row(job, sample) for sample in samples]
        insert = RequestRow.insert_many(rows).on_conflict_ignore().as_rowcount()
        stored: int = insert.execute()
        JobRow.update(done=JobRow.done + stored).where(JobRow.id == job.id).execute()
    done: int = JobRow.select(JobRow.done).where(JobRow.id == job.id).scalar()
    return Change(done)


def finished(benchmark_id: str) -> frozenset[Identity]:
    """Return the identities of all requests stored so far."""
    rows = RequestRow.select(RequestRow.row, RequestRow.warmup, RequestRow.number).where(
        RequestRow.benchmark == benchmark_id
    )
    return frozenset((r, bool(w), i) for r, w, i in tuples(rows))


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


def _row(job: Job, sample: Sample) -> dict[str, object]:
    return {
        "id": new_id(),
        "benchmark": job.result_id,
        "row": sample.row,
        "warmup": sample.warmup,
        "number": sample.index,
        "attempt": job.attempt,
        "status": sample.status,
        "sample": _encode(sample),
    }
