"""The `Engine` that a job actor speaks to, whichever way the load is run.

Events are plain data; the job actor receives them as messages. Each carries the key of
the shard it belongs to, so that late words of an earlier attempt can be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from domain.load import Shard, ShardKey
from domain.samples import Sample


@dataclass(frozen=True, slots=True)
class SamplesArrived:
    """Fact: these requests of the shard have finished."""

    key: ShardKey
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True)
class ShardReady:
    """Fact: the warm-up of a stage's shard is over; it waits for `Engine.begin`."""

    key: ShardKey


@dataclass(frozen=True, slots=True)
class LiveReported:
    """Fact, up to ten times a second: what the shard is doing right now.

    `requests_per_s` and `output_tokens_per_s` are over the last second and count
    token-bearing events as tokens; `ttft_p50_ms` is over the last 50 requests.
    """

    key: ShardKey
    requests_per_s: float
    output_tokens_per_s: float
    ttft_p50_ms: float | None
    active_streams: int
    errors: int


@dataclass(frozen=True, slots=True)
class ShardEnded:
    """Fact: nothing more will come of this shard; all its samples came before.

    `error` is null when every item was sent or the shard was aborted on request; else
    one line that says why the worker could not go on.
    """

    key: ShardKey
    error: str | None


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """Fact: the worker died with this shard; samples told so far stay valid.

    One death costs every shard that was there: `worker` tells whether two are one.
    """

    key: ShardKey
    detail: str
    worker: str


EngineEvent: TypeAlias = (
    SamplesArrived | ShardReady | LiveReported | ShardEnded | WorkerLost
)
Sink: TypeAlias = Callable[[EngineEvent], None]


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker as the admin page shows it; figures are null before the first beat.

    `cpu_pct` is of one core and `loop_lag_ms` the latest wake-up of its event loop, both
    over the last half second.
    """

    id: str
    pid: int
    host: str
    cpu_pct: float | None
    streams: int
    loop_lag_ms: float | None = None


class Engine(Protocol):
    """Runs shards on workers; every method is called on the event loop."""

    async def start(self) -> None:
        """Start what must be there before the first shard; returns when ready."""
        ...

    async def stop(self) -> None:
        """Abort all shards, end all processes; bounded to a few seconds."""
        ...

    def run(self, shard: Shard, sink: Sink) -> None:
        """Take a shard; its events go to `sink`, in order, on the event loop."""
        ...

    def begin(self, key: ShardKey, at_wall_ns: int) -> None:
        """Have a shard that is ready begin its measured part at this Unix time (ns).

        The shards of one stage are given the same instant, so that they start together.
        """
        ...

    def abort(self, key: ShardKey) -> None:
        """Close the shard's sockets now; what has finished still comes, then the end."""
        ...

    def workers(self) -> Sequence[WorkerStatus]:
        """Return the workers there are."""
        ...

    @property
    def workers_wanted(self) -> int:
        """How many shards a stage is best divided into."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether a shard given now would be run."""
        ...
