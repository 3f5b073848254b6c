"""A running job's progress as its owner sees it: merged, at most ten times a second."""

from __future__ import annotations

import collections
import statistics
from collections.abc import Sequence

from domain.jobs import Job
from domain.load import ShardKey
from domain.samples import Sample
from domain.views import progress_view
from domain.wire.live import JobProgress, Live
from engine.protocol import LiveReported

INTERVAL_S = 0.1
TTFTS_KEPT = 50


class ProgressMeter:
    """Adds up what the shards report; clock readings are in seconds of one clock."""

    def __init__(self, started_at_s: float, done_before: int) -> None:
        self._started_at_s = started_at_s
        self._done_before = done_before
        self._last_done = done_before
        self._last_done_at_s = started_at_s
        self._shards: dict[ShardKey, LiveReported] = {}
        self._row_of: dict[ShardKey, int] = {}
        self._ttfts_ms: dict[int, collections.deque[float]] = {}
        self._errors_of_ended = 0
        self._has_ended = False  # a shard, at least one

    def report(self, live: LiveReported, row: int | None = None) -> None:
        """Take in what a shard is doing; `row` is the one its stage measures."""
        self._shards[live.key] = live
        if row is not None:
            self._row_of[live.key] = row

    def arrive(self, samples: Sequence[Sample]) -> None:
        """Take in the TTFTs of a stage: its workers know each only their own."""
        for sample in samples:
            if sample.ttft_ms is not None:
                kept = self._ttfts_ms.setdefault(
                    sample.row, collections.deque(maxlen=TTFTS_KEPT)
                )
                kept.append(sample.ttft_ms)

    def forget(self, key: ShardKey) -> None:
        """Keep a shard that has ended from counting as active; its errors stay."""
        last = self._shards.pop(key, None)
        row = self._row_of.pop(key, None)
        if last is not None:
            self._errors_of_ended += last.errors
            self._has_ended = True
        if row is not None and row not in self._row_of.values():
            self._ttfts_ms.pop(row, None)

    def frame(
        self,
        job: Job,
        now_s: float,
        *,
        left_s: float | None = None,
        detail: str | None = None,
    ) -> JobProgress:
        """Return the frame that tells of `job` now; `left_s` if that is known."""
        eta_s = self._eta_s(job, now_s) if left_s is None else round(left_s, 1)
        return JobProgress(
            job_id=job.id,
            progress=progress_view(job, eta_s=eta_s, detail=detail),
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
        if not shards and not self._has_ended:
            return None
        return Live(
            requests_per_s=round(sum(shard.requests_per_s for shard in shards), 2),
            output_tokens_per_s=round(sum(s.output_tokens_per_s for s in shards), 1),
            ttft_p50_ms=self._ttft_p50_ms(),
            active_streams=sum(shard.active_streams for shard in shards),
            errors=self._errors_of_ended + sum(shard.errors for shard in shards),
        )

    def _ttft_p50_ms(self) -> float | None:
        """Return the median of one shard or one stage; of several there is none."""
        rows = set(self._row_of.values())
        if rows:
            kept = self._ttfts_ms.get(rows.pop())
            return statistics.median(kept) if kept and not rows else None
        shards = self._shards.values()
        told = [shard.ttft_p50_ms for shard in shards if shard.ttft_p50_ms is not None]
        return told[0] if len(told) == 1 else None
