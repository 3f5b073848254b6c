"""The life of a job as a pure function: `step(job, event) -> (job, effects)`.

    queued -> running -> done | failed | cancelled
    queued -> cancelled | failed        running -> queued (recovery)

Nothing here knows what kind of work a job does, who stores it or who hears of it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from domain.wire.live import JobEventType


class JobState(enum.StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return self in FINAL_STATES


FINAL_STATES = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
OPEN_STATES = frozenset({JobState.QUEUED, JobState.RUNNING})


@dataclass(frozen=True, slots=True)
class JobFailure:
    """Why a job failed: a stable code and one line for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of any kind; `attempt` grows by one each time it goes back to the queue."""

    id: str
    owner_id: str
    kind: str
    state: JobState
    attempt: int
    created_at_ms: int
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    done: int = 0
    total: int
    result_id: str
    failure: JobFailure | None = None
    cancel_requested: bool = False  # asked for, and not yet done
    needs: Mapping[str, int] = field(default_factory=dict)  # most in flight, by provider id
    caps: Mapping[str, int] = field(default_factory=dict)  # what each provider takes

    @property
    def resumed(self) -> bool:
        """Whether a crash or a drain put it back into the queue at least once."""
        return self.attempt > 1


@dataclass(frozen=True, slots=True)
class Start:
    """A slot was given."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Finish:
    """All work was done, whatever the share of requests that failed."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Fail:
    """The work cannot begin, or cannot go on."""

    at_ms: int
    failure: JobFailure


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody entitled to it wants the job to end."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Recover:
    """Whoever ran the job is gone; what is stored stays."""

    at_ms: int


JobInput: TypeAlias = Start | Finish | Fail | Cancel | Recover


class Effect(enum.StrEnum):
    """What the caller must carry out after a step, always in this order.

    Work is aborted before the end is stored: what was still measured goes along with it.
    """

    ABORT_WORK = "abort work"
    STORE = "store"  # one conditional UPDATE on (old state, old attempt), with its event
    BEGIN_WORK = "begin work"
    FREE_SLOT = "free slot"
    ENQUEUE = "enqueue"


Step: TypeAlias = tuple[Job, tuple[Effect, ...]]


def step(job: Job, event: JobInput) -> Step:
    """Return the job after `event`, and what has to be done about it.

    An event that does not fit the state (a cancel after the end, a second start)
    changes nothing and asks for nothing: whoever comes second in a race loses quietly.
    """
    if job.state.is_final:
        return job, ()
    match event:
        case Start():
            return _start(job, event)
        case Finish():
            return _end(job, JobState.DONE, event.at_ms, only_running=True)
        case Fail():
            return _end(job, JobState.FAILED, event.at_ms, failure=event.failure)
        case Cancel():
            return _end(job, JobState.CANCELLED, event.at_ms)
        case Recover():
            return _recover(job, event)
        case _:
            assert_never(event)


def _start(job: Job, event: Start) -> Step:
    if job.state is not JobState.QUEUED:
        return job, ()
    first_start_ms = event.at_ms if job.started_at_ms is None else job.started_at_ms
    running = replace(job, state=JobState.RUNNING, started_at_ms=first_start_ms)
    return running, (Effect.STORE, Effect.BEGIN_WORK)


def _end(
    job: Job,
    state: JobState,
    at_ms: int,
    *,
    failure: JobFailure | None = None,
    only_running: bool = False,
) -> Step:
    if only_running and job.state is not JobState.RUNNING:
        return job, ()
    ended = replace(job, state=state, ended_at_ms=at_ms, failure=failure)
    if job.state is JobState.QUEUED:
        return ended, (Effect.STORE,)
    if state is JobState.DONE:
        return ended, (Effect.STORE, Effect.FREE_SLOT)
    return ended, (Effect.ABORT_WORK, Effect.STORE, Effect.FREE_SLOT)


def _recover(job: Job, event: Recover) -> Step:
    if job.state is not JobState.RUNNING:
        return job, ()
    if job.cancel_requested:
        return _end(job, JobState.CANCELLED, event.at_ms)
    queued = replace(job, state=JobState.QUEUED, attempt=job.attempt + 1)
    return queued, (Effect.STORE, Effect.FREE_SLOT, Effect.ENQUEUE)


EVENT_OF_STATE: dict[JobState, JobEventType] = {
    JobState.QUEUED: "job_queued",
    JobState.RUNNING: "job_started",
    JobState.DONE: "job_completed",
    JobState.FAILED: "job_failed",
    JobState.CANCELLED: "job_cancelled",
}
