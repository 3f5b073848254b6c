"""Bookkeeping of a job's shards: which are open, under which key, what they owe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from domain.load import Endpoint, RequestItem, Shard, ShardKey, Workload
from domain.samples import Sample
from storage.samples import Identity


class ShardBook:
    """The shards of one attempt; what carries a key that is not current is refused."""

    def __init__(self, job_id: str, attempt: int) -> None:
        self._job_id = job_id
        self._attempt = attempt
        self._items: list[tuple[RequestItem, ...]] = []
        self._open: dict[int, ShardKey] = {}
        self._arrived: set[Identity] = set()

    @property
    def open_keys(self) -> tuple[ShardKey, ...]:
        """Keys of the shards that are still being worked on."""
        return tuple(self._open.values())

    def open_all(self, shards: Iterable[tuple[RequestItem, ...]]) -> Iterator[ShardKey]:
        """Open every shard; yields the first key of each."""
        for items in shards:
            number = len(self._items)
            self._items.append(items)
            yield self._reopen(number, shard_attempt=1)

    def retry(self, lost: ShardKey) -> ShardKey | None:
        """Replace the key of a lost shard; None if it owed nothing more."""
        del self._open[lost.shard]
        if not self.owed(lost.shard):
            return None
        return self._reopen(lost.shard, shard_attempt=lost.shard_attempt + 1)

    def is_current(self, key: ShardKey) -> bool:
        """Whether `key` names the present try of an open shard of this attempt."""
        return self._open.get(key.shard) == key

    def arrive(self, samples: Sequence[Sample]) -> None:
        """Note samples that need not be sent again, stored or on their way."""
        self._arrived.update((s.row, s.warmup, s.index) for s in samples)

    def close(self, key: ShardKey) -> None:
        """Note that nothing more will come of a shard."""
        self._open.pop(key.shard, None)

    def owed(self, number: int) -> list[RequestItem]:
        """Return the items of a shard whose samples have not arrived."""
        return [
            item
            for item in self._items[number]
            if (item.row, item.warmup, item.index) not in self._arrived
        ]

    def shard(
        self, key: ShardKey, endpoints: Sequence[Endpoint], workload: Workload
    ) -> Shard:
        """Return what to hand to the engine for `key`."""
        return Shard(
            key=key,
            endpoints=list(endpoints),
            workload=workload,
            items=self.owed(key.shard),
        )

    def _reopen(self, number: int, *, shard_attempt: int) -> ShardKey:
        key = ShardKey(
            job_id=self._job_id,
            attempt=self._attempt,
            shard=number,
            shard_attempt=shard_attempt,
        )
        self._open[number] = key
        return key
