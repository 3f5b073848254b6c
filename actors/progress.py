"""A running job's progress as its owner sees it: merged, at most ten times a second."""

from __future__ import annotations

from domain.jobs import Job
from domain.load import ShardKey
from domain.views import progress_view
from domain.wire.live import JobProgress, Live
from engine.protocol import LiveReported

INTERVAL_S = 0.1


class ProgressMeter:
    """Adds up what the shards report; clock readings are in seconds of one clock."""

    def __init__(self, started_at_s: float, done_before: int) -> None:
        self._started_at_s = started_at_s
        self._done_before = done_before
        self._last_done = done_before
        self._last_done_at_s = started_at_s
        self._shards: dict[ShardKey, LiveReported] = {}

    def report(self, live: LiveReported) -> None:
        """Take in what a shard is doing."""
        self._shards[live.key] = live

    def forget(self, key: ShardKey) -> None:
        """Keep a shard that has ended from counting as active; its errors stay."""
        last = self._shards.get(key)
        if last is not None:
            self._shards[key] = LiveReported(key, 0.0, 0.0, None, 0, last.errors)

    def frame(self, job: Job, now_s: float) -> JobProgress:
        """Return the frame that tells of `job` now."""
        return JobProgress(
            job_id=job.id,
            progress=progress_view(job, eta_s=self._eta_s(job, now_s)),
            queue_position=None,
            live=self._live(),
        )

    def _eta_s(self, job: Job, now_s: float) -> float | None:
        """Return the mean time of a request so far, times those left; falls in between."""
        if job.done != self._last_done:
            self._last_done, self._last_done_at_s = job.done, now_s
        done_now = job.done - self._done_before
        if done_now < 1:
            return None
        per_request_s = (self._last_done_at_s - self._started_at_s) / done_now
        since_last_s = min(now_s - self._last_done_at_s, per_request_s)
        return round(per_request_s * (job.total - job.done) - since_last_s, 1)

    def _live(self) -> Live | None:
        shards = list(self._shards.values())
        if not shards:
            return None
        ttfts = [shard.ttft_p50_ms for shard in shards if shard.ttft_p50_ms is not None]
        return Live(
            requests_per_s=round(sum(shard.requests_per_s for shard in shards), 2),
            output_tokens_per_s=round(sum(s.output_tokens_per_s for s in shards), 1),
            ttft_p50_ms=sum(ttfts) / len(ttfts) if len(ttfts) == 1 else None,
            active_streams=sum(shard.active_streams for shard in shards),
            errors=sum(shard.errors for shard in shards),
        )
