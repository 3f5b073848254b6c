"""The numbered events of a user: appended with a change, read back to resume a feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from domain.jobs import EVENT_OF_STATE, OPEN_STATES, Job
from domain.times import rfc3339
from domain.views import job_view
from domain.wire.jobs import JobEvent
from domain.wire.live import BenchmarkResult, JobEventType, JobFrame
from domain.wire.results import ResultRow
from storage.changes import StoredEvent
from storage.jobs_rows import job_of
from storage.tables import EventRow, JobRow, UserRow

RESUME_WINDOW = 1_000
RESUME_WINDOW_MS = 5 * 60 * 1000
RESUME_LIMIT = 20_000
RECENT_JOBS = 10


@dataclass(frozen=True, slots=True)
class FeedState:
    """A user's feed at one instant: either full state, or the events after `since`."""

    epoch: str
    seq: int
    resumed: bool
    active: tuple[Job, ...] = ()
    recent: tuple[Job, ...] = ()
    events: tuple[StoredEvent, ...] = ()
    positions: Mapping[str, int] = field(default_factory=dict)  # in line, by job id


def job_event(job: Job, at_ms: int, *, type_: JobEventType | None = None) -> StoredEvent:
    """Append the event that tells of `job`'s present state."""
    name = type_ or EVENT_OF_STATE[job.state]
    seq = _next_seq(job.owner_id)
    body = msgspec.json.encode(JobFrame(type=name, seq=seq, job=job_view(job)))
    return _append(job, seq, name, body, at_ms)


def result_event(job: Job, row: ResultRow, at_ms: int) -> StoredEvent:
    """Append the event that tells of a final result row."""
    seq = _next_seq(job.owner_id)
    body = msgspec.json.encode(BenchmarkResult(seq=seq, job_id=job.id, result=row))
    return _append(job, seq, "benchmark_result", body, at_ms)


def feed(
    user_id: str, at_ms: int, *, epoch: str | None = None, since: int | None = None
) -> FeedState:
    """Return what a connection begins with; call it inside one read transaction.

    With a position that can be resumed, the events after it; else the full state. A
    foreign epoch, a position in the future and a hole in the log are not resumable.
    """
    user = UserRow.get_by_id(user_id)
    head: int = user.event_seq
    if since is not None and epoch == user.epoch and 0 <= since <= head:
        events = _after(user_id, since, at_ms)
        if len(events) == head - since:
            return FeedState(user.epoch, since, resumed=True, events=events)
    mine = JobRow.select().where(JobRow.owner == user_id)
    active = mine.where(JobRow.state.in_(list(OPEN_STATES))).order_by(JobRow.id)
    ended = mine.where(JobRow.state.not_in(list(OPEN_STATES)))
    recent = ended.order_by(JobRow.id.desc()).limit(RECENT_JOBS)
    return FeedState(
        user.epoch,
        head,
        resumed=False,
        active=tuple(job_of(row) for row in active),
        recent=tuple(job_of(row) for row in recent),
    )


def of_job(job_id: str, *, since: int, limit: int) -> list[JobEvent]:
    """Return up to `limit` events of a job after `since`, oldest first."""
    rows = EventRow.select().where((EventRow.job == job_id) & (EventRow.seq > since))
    return [
        JobEvent(
            seq=row.seq,
            type=row.type,
            at=rfc3339(row.at_ms),
            payload=msgspec.json.decode(row.body, type=dict),
        )
        for row in rows.order_by(EventRow.seq).limit(limit)
    ]


def _after(user_id: str, since: int, at_ms: int) -> tuple[StoredEvent, ...]:
    """Return the newest 1,000 events after `since`, and older ones younger than 5 min."""
    mine = EventRow.select().where((EventRow.user == user_id) & (EventRow.seq > since))
    newest = list(mine.order_by(EventRow.seq.desc()).limit(RESUME_WINDOW))
    if len(newest) == RESUME_WINDOW:
        young = mine.where(
            (EventRow.seq < newest[-1].seq) & (EventRow.at_ms > at_ms - RESUME_WINDOW_MS)
        )
        newest.extend(young.order_by(EventRow.seq.desc()).limit(RESUME_LIMIT))
    return tuple(
        StoredEvent(user_id, row.seq, row.job, row.type, row.body, row.at_ms)
        for row in reversed(newest)
    )


def _next_seq(user_id: str) -> int:
    UserRow.update(event_seq=UserRow.event_seq + 1).where(UserRow.id == user_id).execute()
    seq: int = UserRow.select(UserRow.event_seq).where(UserRow.id == user_id).scalar()
    return seq


def _append(job: Job, seq: int, name: str, body: bytes, at_ms: int) -> StoredEvent:
    event = StoredEvent(job.owner_id, seq, job.id, name, body.decode(), at_ms)
    EventRow.insert(
        user=event.user_id, seq=seq, job=job.id, type=name, body=event.body, at_ms=at_ms
    ).execute()
    return event
