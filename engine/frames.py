"""What a worker and its parent say to each other, as msgpack frames.

`Run` carries API keys; its text shows none, because `Endpoint` shows none.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from domain.load import Packed, Shard, ShardKey
from domain.samples import Sample


class Run(Packed, frozen=True, tag="run"):
    """Order: begin this shard."""

    shard: Shard


class Abort(Packed, frozen=True, tag="abort"):
    """Order: close the shard's sockets now; harmless when it is not there."""

    key: ShardKey


class Go(Packed, frozen=True, tag="go"):
    """Order: begin the measured part of a shard that is ready, at this Unix time."""

    key: ShardKey
    at_wall_ns: int


class Hello(Packed, frozen=True, tag="hello"):
    """Fact, first of all: the worker takes orders; `worker` names its clock."""

    worker: str


class Heartbeat(Packed, frozen=True, tag="heartbeat"):
    """Fact, twice a second: the worker lives, and how busy it is.

    `cpu_pct` is of one core since the last beat, `loop_lag_ms` the latest that its event
    loop woke since then.
    """

    cpu_pct: float
    streams: int
    loop_lag_ms: float


class Ready(Packed, frozen=True, tag="ready"):
    """Fact: the shard's warm-up is over; its measured part waits for `Go`."""

    key: ShardKey


class Finished(Packed, frozen=True, tag="finished"):
    """Fact: these requests of the shard have finished."""

    key: ShardKey
    samples: list[Sample]


class Live(Packed, frozen=True):
    """A shard's counters, as `engine.protocol.LiveReported` defines them."""

    requests_per_s: float
    output_tokens_per_s: float
    ttft_p50_ms: float | None
    active_streams: int
    errors: int


class Counters(Packed, frozen=True, tag="counters"):
    """Fact, up to ten times a second: what the shard is doing right now."""

    key: ShardKey
    live: Live


class Ended(Packed, frozen=True, tag="ended"):
    """Fact: nothing more will come of this shard."""

    key: ShardKey
    error: str | None


Order: TypeAlias = Run | Abort | Go
Report: TypeAlias = Hello | Heartbeat | Ready | Finished | Counters | Ended

encode = msgspec.msgpack.Encoder().encode
decode_order = msgspec.msgpack.Decoder(Order).decode
decode_report = msgspec.msgpack.Decoder(Report).decode
