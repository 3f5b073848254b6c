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
from engine.protocol import Engine, Sink


class BenchmarkRun:
    """Opens shards, takes their samples in, knows when nothing is owed any more."""

    def __init__(
        self, job: Job, prepared: Prepared, engine: Engine, sink: Sink, now_s: float
    ) -> None:
        self.work = prepared.work
        self.rows = RowBook(self.work.plan, self.work.finished)
        self.meter = ProgressMeter(now_s, self.rows.stored_count)
        self._endpoints = list(prepared.endpoints)
        self._engine = engine
        self._sink = sink
        self._shards = ShardBook(job.id, job.attempt)

    @property
    def is_sending(self) -> bool:
        """Whether a shard is still being worked on."""
        return bool(self._shards.open_keys)

    def send(self) -> None:
        """Give the engine every request that is not stored yet."""
        left = shards(self.work.plan, self.work.finished)
        for key in list(self._shards.open_all(left)):
            self._hand_over(key)

    def send_again(self, lost: ShardKey) -> None:
        """Give what a dead worker still owed to another one."""
        key = self._shards.retry(lost)
        if key is not None:
            self._hand_over(key)

    def abort(self) -> None:
        """Close all sockets; what has finished still comes."""
        for key in self._shards.open_keys:
            self._engine.abort(key)

    def is_current(self, key: ShardKey) -> bool:
        """Whether words under this key are to be heard."""
        return self._shards.is_current(key)

    def arrive(self, samples: Sequence[Sample]) -> None:
        """Take note of samples before they are stored."""
        self._shards.arrive(samples)

    def close(self, key: ShardKey) -> None:
        """Take note that a shard is done."""
        self._shards.close(key)
        self.meter.forget(key)

    def _hand_over(self, key: ShardKey) -> None:
        shard = self._shards.shard(key, self._endpoints, self.work.plan.workload)
        self._engine.run(shard, self._sink)
