"""Frames of `/ws`, both ways; `seq` marks the numbered ones."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from domain.wire.base import Wire
from domain.wire.jobs import Job, Progress
from domain.wire.results import ResultRow

JobEventType = Literal[
    "job_created",
    "job_queued",
    "job_started",
    "job_completed",
    "job_failed",
    "job_cancelled",
]
ReqId = Annotated[str, msgspec.Meta(max_length=100)]


class ConnectionInfo(Wire, frozen=True):
    """This connection among the user's open ones."""

    id: str
    open: int
    limit: int


class Sync(Wire, frozen=True, tag_field="type", tag="sync"):
    """The first message, always: where the feed stands and the state at that point."""

    epoch: str
    seq: int
    resumed: bool
    active_jobs: list[Job]
    recent_jobs: list[Job]
    connection: ConnectionInfo
    server_time: str
    version: str


class JobFrame(Wire, frozen=True):
    """A numbered change of a job; the event's name is its `type`."""

    type: JobEventType
    seq: int
    job: Job


class BenchmarkResult(Wire, frozen=True, tag_field="type", tag="benchmark_result"):
    """A numbered, final result row."""

    seq: int
    job_id: str
    result: ResultRow


class Live(Wire, frozen=True):
    """What the load is doing right now; null where nothing was seen yet."""

    requests_per_s: float | None
    output_tokens_per_s: float | None
    ttft_p50_ms: float | None
    active_streams: int
    errors: int


class JobProgress(Wire, frozen=True, tag_field="type", tag="job_progress"):
    """Unnumbered, merged, the latest wins."""

    job_id: str
    progress: Progress
    queue_position: int | None
    live: Live | None


class Pong(Wire, frozen=True, tag_field="type", tag="pong"):
    """The answer to a ping, with its `t` if it had one."""

    t: float | None


class Ack(Wire, frozen=True, tag_field="type", tag="ack"):
    """A cancel was taken; `status` is the job's status now."""

    req_id: str | None
    job_id: str
    status: str


class ErrorFrame(Wire, frozen=True, tag_field="type", tag="error"):
    """A message could not be served; the connection stays open."""

    code: str
    detail: str
    req_id: str | None


ServerFrame = Sync | JobFrame | BenchmarkResult | JobProgress | Pong | Ack | ErrorFrame


class Ping(Wire, frozen=True, tag_field="type", tag="ping"):
    """Keeps the connection; at least every 60 s."""

    t: float | None = None


class Cancel(Wire, frozen=True, tag_field="type", tag="cancel"):
    """Cancels a job of one's own."""

    job_id: str
    req_id: ReqId | None = None


ClientFrame = Ping | Cancel
