"""The `Engine` on this machine: a fixed number of worker processes, kept once started."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from domain.load import Shard, ShardKey
from engine.protocol import Sink, WorkerLost, WorkerStatus
from engine.slot import Slot


class LocalEngine:
    """Runs shards on at most `workers` processes of this machine.

    A process starts with the first shard that is placed on it, so that a server which
    measures nothing costs nothing; one that dies is replaced with the next shard.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError("an engine needs at least one worker")
        self._count = workers
        self._slots: list[Slot] = []

    async def start(self) -> None:
        """Be ready; the first process starts with the first shard."""
        self._slots = [Slot() for _ in range(self._count)]

    async def stop(self) -> None:
        """Abort all shards, end all processes; at most about four seconds."""
        slots, self._slots = self._slots, []
        await asyncio.gather(*(slot.stop() for slot in slots))

    def run(self, shard: Shard, sink: Sink) -> None:
        """Take a shard; its events go to `sink`, in order, on the event loop.

        Raises:
            ValueError: a shard with this key is running.

        """
        if any(slot.holds(shard.key) for slot in self._slots):
            raise ValueError(f"{shard.key} is running")
        if not self._slots:
            event = WorkerLost(shard.key, "the engine is not running", "none")
            asyncio.get_running_loop().call_soon(sink, event)
            return
        slot = min(self._slots, key=_reluctance)
        slot.run(shard, sink)

    def begin(self, key: ShardKey, at_wall_ns: int) -> None:
        """Have a shard that is ready begin; harmless for one that is not here."""
        for slot in self._slots:
            slot.begin(key, at_wall_ns)

    def abort(self, key: ShardKey) -> None:
        """Close the shard's sockets now; harmless for one that is not here."""
        for slot in self._slots:
            slot.abort(key)

    def workers(self) -> Sequence[WorkerStatus]:
        """Return the workers that take orders."""
        return [slot.status for slot in self._slots if slot.status is not None]

    @property
    def workers_wanted(self) -> int:
        """A shard for each worker there may be."""
        return self._count

    @property
    def is_ready(self) -> bool:
        """Whether a shard given now would be run."""
        return bool(self._slots)


def _reluctance(slot: Slot) -> tuple[bool, int, bool]:
    """Order slots: not where workers die, then the least busy, then one that runs."""
    return slot.is_backing_off, slot.load, not slot.is_ready
