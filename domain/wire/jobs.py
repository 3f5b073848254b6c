"""Jobs of any kind: `/api/jobs`, and the `job` of live frames."""

from __future__ import annotations

from typing import Any, Literal

from domain.wire.base import Page, Wire

JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]


class Progress(Wire, frozen=True):
    """How far a job is; `eta_s` is null until it can be known."""

    done: int
    total: int
    pct: float
    eta_s: float | None
    detail: str | None


class JobError(Wire, frozen=True):
    """Why a job failed; `code` is stable."""

    code: str
    message: str


class Job(Wire, frozen=True):
    """A job; `result_id` names what it makes (the benchmark's id)."""

    id: str
    kind: str
    status: JobStatus
    created_at: str
    started_at: str | None
    ended_at: str | None
    progress: Progress
    queue_position: int | None
    result_id: str
    error: JobError | None
    attempt: int
    resumed: bool


class JobAccepted(Wire, frozen=True):
    """The 202 of whatever starts work."""

    job: Job


class JobPage(Page, frozen=True):
    """`GET /api/jobs`."""

    items: list[Job]


class JobEvent(Wire, frozen=True):
    """One numbered event of a job's life."""

    seq: int
    type: str
    at: str
    payload: dict[str, Any]


class JobEventPage(Page, frozen=True):
    """`GET /api/jobs/{id}/events`, oldest first."""

    items: list[JobEvent]
