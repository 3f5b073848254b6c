"""Infrastructure and administration: health, readiness, `/api/admin/system`."""

from __future__ import annotations

from typing import Literal

from domain.wire.base import Wire
from domain.wire.jobs import JobStatus, Progress


class Health(Wire, frozen=True):
    """`GET /healthz`, exactly."""

    status: Literal["ok"]
    version: str


class Checks(Wire, frozen=True):
    """What readiness depends on."""

    database: bool
    migrations: bool
    engine: bool


class Readiness(Wire, frozen=True):
    """`GET /readyz`: 200 when `ready`, else 503."""

    status: Literal["ready", "not ready"]
    checks: Checks


class ActiveBenchmark(Wire, frozen=True):
    """A running job, as an admin sees it."""

    job_id: str
    user_email: str
    status: JobStatus
    progress: Progress
    started_at: str | None


class Worker(Wire, frozen=True):
    """A load worker process."""

    id: str
    pid: int
    host: str
    cpu_pct: float | None
    streams: int


class System(Wire, frozen=True):
    """`GET /api/admin/system`."""

    version: str
    uptime_s: float
    db_backend: str
    db_size_bytes: int | None
    results_count: int
    active_benchmarks: list[ActiveBenchmark]
    queued: int
    ws_connections: int
    users_online: int
    actors: int
    workers: list[Worker]
    rss_bytes: int | None
    event_loop_lag_ms: float | None
    warnings: list[str]
