"""Jobs of any kind: inserted once, then changed only where they are as expected."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from domain.errors import NotFoundError, TooManyRequestsError
from domain.jobs import Cancel, Job, JobState, Recover, step
from domain.wire.accounts import Limits
from storage import events
from storage.changes import Change, StoredEvent
from storage.jobs_rows import columns_of, job_of
from storage.tables import JobRow, UserRow

HOUR_MS = 3_600_000


def insert(job: Job, limits: Limits) -> Change[Job]:
    """Store a new, queued job with its `job_created` event.

    Raises `TooManyRequestsError`, and stores nothing, past a limit of the owner's.
    """
    _check_limits(job, limits)
    JobRow.insert(
        id=job.id,
        owner=job.owner_id,
        kind=job.kind,
        created_at_ms=job.created_at_ms,
        total=job.total,
        result_id=job.result_id,
        needs=msgspec.json.encode(job.needs).decode(),
        caps=msgspec.json.encode(job.caps).decode(),
        **columns_of(job),
    ).execute()
    return Change(job, (events.job_event(job, job.created_at_ms, type_="job_created"),))


def change(before: Job, after: Job, at_ms: int) -> Change[Job | None]:
    """Move a job from `before` to `after` with its event; None if it was not there.

    One conditional UPDATE on (state, attempt): of two that race, one wins everywhere.
    """
    changed = (
        JobRow.update(**columns_of(after))
        .where(
            (JobRow.id == before.id)
            & (JobRow.state == before.state.value)
            & (JobRow.attempt == before.attempt)
        )
        .execute()
    )
    if not changed:
        return Change(None)
    stored = job_of(JobRow.get_by_id(before.id))
    return Change(stored, (events.job_event(stored, at_ms),))


def request_cancel(job_id: str, *, owner_id: str) -> Change[Job]:
    """Note that the owner wants the job to end, so that no crash forgets it.

    Returns the job; one that has ended is left alone. Raises `NotFoundError`, also for a
    foreign job.
    """
    job = get(job_id, owner_id=owner_id)
    if job.state.is_final:
        return Change(job)
    JobRow.update(cancel_requested=True).where(JobRow.id == job_id).execute()
    return Change(replace(job, cancel_requested=True))


def recover_all(at_ms: int) -> Change[int]:
    """Put every job that a dead server left running back into the queue, or end it.

    Those whose cancel was asked for end here, running or queued.
    """
    orphans = [job_of(r) for r in JobRow.select().where(JobRow.state == JobState.RUNNING)]
    told: list[StoredEvent] = []
    for job in orphans:
        after, _ = step(job, Recover(at_ms))
        told += change(job, after, at_ms).events
    unwanted = JobRow.select().where(
        (JobRow.state == JobState.QUEUED) & (JobRow.cancel_requested == True)  # noqa: E712
    )
    for job in [job_of(row) for row in unwanted]:
        after, _ = step(job, Cancel(at_ms))
        told += change(job, after, at_ms).events
    return Change(len(orphans), tuple(told))


def get(job_id: str, *, owner_id: str) -> Job:
    """Return a job of `owner_id`; raises `NotFoundError`, also for a foreign one."""
    row = JobRow.get_or_none((JobRow.id == job_id) & (JobRow.owner == owner_id))
    if row is None:
        raise NotFoundError("There is no such job.")
    return job_of(row)


def page(
    owner_id: str, *, limit: int, before_id: str | None, state: JobState | None
) -> list[Job]:
    """Return up to `limit` jobs of `owner_id`, newest first, older than `before_id`."""
    rows = JobRow.select().where(JobRow.owner == owner_id)
    if before_id is not None:
        rows = rows.where(JobRow.id < before_id)
    if state is not None:
        rows = rows.where(JobRow.state == state.value)
    return [job_of(row) for row in rows.order_by(JobRow.id.desc()).limit(limit)]


def by_id(job_id: str) -> Job | None:
    """Return a job whoever owns it; for the dispatcher, never for a client."""
    row = JobRow.get_or_none(JobRow.id == job_id)
    return job_of(row) if row else None


def queued() -> list[tuple[Job, int | None]]:
    """Return every queued job with its owner's limit of running jobs, oldest first."""
    rows = (
        JobRow.select(JobRow, UserRow).join(UserRow).where(JobRow.state == JobState.QUEUED)
    )
    return [
        (job_of(row), row.owner.max_concurrent_jobs) for row in rows.order_by(JobRow.id)
    ]


def _check_limits(job: Job, limits: Limits) -> None:
    mine = JobRow.select().where(JobRow.owner == job.owner_id)
    waiting = mine.where(JobRow.state == JobState.QUEUED).count()
    if limits.max_queued_jobs is not None and waiting >= limits.max_queued_jobs:
        raise TooManyRequestsError(
            f"{waiting} jobs wait already; let one start, or cancel one.", retry_after_s=30
        )
    recent = mine.where(JobRow.created_at_ms > job.created_at_ms - HOUR_MS).count()
    if limits.jobs_per_hour is not None and recent >= limits.jobs_per_hour:
        raise TooManyRequestsError(
            f"{recent} jobs were submitted within the hour.", retry_after_s=600
        )
