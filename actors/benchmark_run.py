"""The work of one attempt of a benchmark: shards given to the engine, and what came back.

Plain state that `BenchmarkJob` owns; nothing here waits.
"""

from __future__ import annotations

from collections.abc import Sequence

from actors.benchmark_messages import Prepared
from actors.progress import ProgressMeter
from actors.row_book import RowBook
from actors.shard_book import ShardBook
from domain.jobs import Job
from domain.load import ShardKey
from domain.plan import shards
from domain.samples import Sample
from domain.wire.live import JobProgress
from engine.protocol import Engine, LiveReported, Sink
from engine.stage_book import StageBook


class BenchmarkRun:
    """Opens shards, takes their samples in, knows when nothing is owed any more.

    `stages` is None for sequential load, which owes single requests, not whole stages.
    """

    def __init__(
        self, prepared: Prepared, engine: Engine, sink: Sink, now_s: float
    ) -> None:
        job, work = prepared.job, prepared.work
        self.work = work
        self.rows = RowBook(work.plan, work.finished, work.told)
        self.meter = ProgressMeter(now_s, job.done)
        self._endpoints = list(prepared.endpoints)
        self._engine = engine
        self._sink = sink
        self._shards = ShardBook(job.id, job.attempt)
        self._counts = {row.row: row.runs + row.warmup for row in work.plan.rows}
        self._counts |= {row: work.counted.get(row, 0) for row in work.told}
        self._arrived = dict.fromkeys(self._counts, 0)
        self.stages: StageBook | None = None
        if work.plan.has_stages:
            self.stages = StageBook(
                job.id,
                job.attempt,
                plan=work.plan,
                endpoints=self._endpoints,
                engine=engine,
                sink=sink,
                told=work.told,
                tries=work.tries,
            )

    @property
    def is_sending(self) -> bool:
        """Whether a shard is still being worked on, or a stage is to come."""
        if self.stages is not None:
            return self.stages.is_sending
        return bool(self._shards.open_keys)

    def send(self) -> None:
        """Give the engine what is not stored yet: every request, or the first stages."""
        if self.stages is not None:
            self.stages.start()
            return
        left = shards(self.work.plan, self.work.finished)
        for key in list(self._shards.open_all(left)):
            self._hand_over(key)

    def send_again(self, lost: ShardKey) -> None:
        """Give what a dead worker still owed of sequential load to another one."""
        key = self._shards.retry(lost)
        if key is not None:
            self._hand_over(key)

    def abort(self) -> None:
        """Close all sockets; what has finished still comes."""
        if self.stages is not None:
            self.stages.abort()
        for key in self._shards.open_keys:
            self._engine.abort(key)

    def is_current(self, key: ShardKey) -> bool:
        """Whether words under this key are to be heard."""
        if self.stages is not None:
            return self.stages.is_current(key)
        return self._shards.is_current(key)

    def arrive(self, samples: Sequence[Sample]) -> None:
        """Take note of samples before they are stored."""
        if self.stages is None:
            self._shards.arrive(samples)
            return
        self.meter.arrive(samples)
        for sample in samples:
            self._arrived[sample.row] += 1

    def report(self, live: LiveReported) -> None:
        """Take in what a shard is doing."""
        row = None if self.stages is None else self.stages.row_of(live.key)
        self.meter.report(live, row)

    def close(self, key: ShardKey) -> None:
        """Take note that a shard of sequential load is done."""
        self._shards.close(key)
        self.meter.forget(key)

    def total_with(self, row: int) -> int:
        """Return the requests in all, now that the stage of `row` has ended."""
        self._counts[row] = self._arrived[row]
        return sum(self._counts.values())

    def forget_arrived(self, row: int) -> None:
        """Begin counting a stage's requests anew: what had come is superseded."""
        self._arrived[row] = 0

    def frame(self, job: Job, now_s: float) -> JobProgress:
        """Return the frame that tells of the job now."""
        if self.stages is None:
            return self.meter.frame(job, now_s)
        return self.meter.frame(
            job, now_s, left_s=self.stages.left_s(), detail=self._detail()
        )

    def _detail(self) -> str | None:
        """Say which levels are being measured, e.g. `m1: concurrency 4`."""
        assert self.stages is not None
        return "; ".join(
            f"{self.work.plan.targets[row.target].model}: {name} {value:g}"
            for row in self.stages.now_running
            for name, value in row.level.items()
        )

    def _hand_over(self, key: ShardKey) -> None:
        shard = self._shards.shard(key, self._endpoints, self.work.plan.workload)
        self._engine.run(shard, self._sink)
