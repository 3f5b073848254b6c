"""What a `Dispatcher` is told: by handlers, by its jobs, by its own work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from actors.messages import JobEnded, JobProgressed
from actors.supervisor import ChildFailed
from domain import jobs as machine
from domain.jobs import Job


@dataclass(frozen=True, slots=True)
class Submit:
    """Order: this job is stored and waits; `user_limit` is how many may run at once."""

    job: Job
    user_limit: int | None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Order: end this job, wherever it is; the caller has checked whose it is."""

    job_id: str


@dataclass(frozen=True, slots=True)
class GetOverview:
    """Question: how are the living jobs? The answer is a `LiveOverview`."""


@dataclass(frozen=True, slots=True)
class QueueRead:
    """Fact: these jobs wait, as stored, with their owners' limits."""

    waiting: Sequence[tuple[Job, int | None]]


@dataclass(frozen=True, slots=True)
class Settle:
    """Order: step the stored job by `event`, for nobody else does any more."""

    job_id: str
    event: machine.JobInput


@dataclass(frozen=True, slots=True)
class Settled:
    """Fact: so the job is stored now; null if it is gone."""

    job_id: str
    job: Job | None


@dataclass(frozen=True, slots=True)
class StorageFailed:
    """Fact: the database did not answer; `retry` is what to tell ourselves again."""

    error: Exception
    retry: Any


@dataclass(frozen=True, slots=True)
class PositionsDue:
    """Fact: enough time has passed to tell of places in line again."""


@dataclass(frozen=True, slots=True)
class RecoverAll:
    """Order: begin anew with what is stored."""


@dataclass(frozen=True, slots=True)
class Reread:
    """Order: look for jobs that were stored and never told of."""


DispatcherMessage: TypeAlias = (
    Submit
    | Cancel
    | GetOverview
    | JobEnded
    | JobProgressed
    | ChildFailed
    | QueueRead
    | Settle
    | Settled
    | StorageFailed
    | PositionsDue
    | RecoverAll
    | Reread
)
