"""Between a row of the job table and the domain's `Job`."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.jobs import Job, JobFailure, JobState
from storage.tables import JobRow


def job_of(row: JobRow) -> Job:
    """Return the job a row holds."""
    failure = None
    if row.failure_code is not None:
        failure = JobFailure(row.failure_code, row.failure_message or "")
    return Job(
        id=row.id,
        owner_id=row.owner_id,
        kind=row.kind,
        state=JobState(row.state),
        attempt=row.attempt,
        created_at_ms=row.created_at_ms,
        started_at_ms=row.started_at_ms,
        ended_at_ms=row.ended_at_ms,
        done=row.done,
        total=row.total,
        result_id=row.result_id,
        failure=failure,
        cancel_requested=row.cancel_requested,
        needs=msgspec.json.decode(row.needs, type=dict[str, int]),
        caps=msgspec.json.decode(row.caps, type=dict[str, int]),
    )


def columns_of(job: Job) -> dict[str, Any]:
    """Return the columns that a step may change; `done` is counted by the samples."""
    return {
        "state": job.state.value,
        "attempt": job.attempt,
        "started_at_ms": job.started_at_ms,
        "ended_at_ms": job.ended_at_ms,
        "failure_code": job.failure.code if job.failure else None,
        "failure_message": job.failure.message if job.failure else None,
    }
