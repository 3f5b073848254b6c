"""Counts over all users, for administrators."""

from __future__ import annotations

from dataclasses import dataclass

from domain.jobs import Job, JobState
from storage.jobs_rows import job_of
from storage.tables import JobRow, ResultRow, UserRow


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A running job and whose it is."""

    job: Job
    owner_email: str


@dataclass(frozen=True, slots=True)
class Census:
    """How much there is."""

    results: int
    active: tuple[RunningJob, ...]


def take() -> Census:
    """Count."""
    running = JobRow.select(JobRow, UserRow).join(UserRow)
    running = running.where(JobRow.state == JobState.RUNNING).order_by(JobRow.id)
    return Census(
        results=ResultRow.select().count(),
        active=tuple(RunningJob(job_of(row), row.owner.email) for row in running),
    )
