"""Administration: the system as a whole."""

from __future__ import annotations

import time
from pathlib import Path

from actors.dispatcher_messages import GetOverview
from actors.messages import LiveOverview
from actors.sessions import GetPresence, Presence
from actors.tree import Tree
from domain.times import rfc3339
from domain.views import progress_view
from domain.wire.system import ActiveBenchmark, System
from handlers.base import ApiHandler
from handlers.operations import operation
from storage import census


class SystemHandler(ApiHandler):
    """`/api/admin/system`."""

    @operation("How the studio is", access="admin", answer=System, errors=(403,))
    async def get(self) -> System:
        tree, liveness = self.services.tree, self.services.liveness
        presence: Presence = await tree.ask_sessions(GetPresence())
        overview: LiveOverview = await tree.ask_dispatcher(GetOverview())
        counted = await tree.storage.read(census.take)
        return System(
            version=self.services.settings.version,
            uptime_s=round(time.monotonic() - liveness.started_at_s, 1),
            db_backend=self.services.settings.db_backend,
            db_size_bytes=await tree.storage.read(self.services.db_size_bytes),
            results_count=counted.results,
            active_benchmarks=[_active(a, overview) for a in counted.active],
            queued=overview.queued,
            ws_connections=presence.connections,
            users_online=presence.users,
            actors=Tree.count_actors(),
            workers=list(self.services.workers()),
            rss_bytes=rss_bytes(),
            event_loop_lag_ms=liveness.event_loop_lag_ms,
            warnings=[],
        )


def _active(running: census.RunningJob, overview: LiveOverview) -> ActiveBenchmark:
    job, live = running.job, overview.jobs.get(running.job.id)
    known = live.progress if live else None
    return ActiveBenchmark(
        job_id=job.id,
        user_email=running.owner_email,
        status=job.state.value,
        progress=known or progress_view(job),
        started_at=rfc3339(job.started_at_ms),
    )


def rss_bytes() -> int | None:
    """Return this process's resident memory; null where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return None
