"""Benchmarks: what is asked for, and what `/api/benchmarks` answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from domain.stages import Arrival
from domain.wire.base import Name, Note, Page, Text, Wire
from domain.wire.jobs import JobStatus
from domain.wire.results import ResultRow

Ms = Annotated[float, msgspec.Meta(gt=0, le=86_400_000)]
DurationS = Annotated[float, msgspec.Meta(ge=1, le=86_400)]
FillerTokens = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
RequestStatus = Literal["ok", "failed", "superseded"]


class Target(Wire, frozen=True):
    """One endpoint to measure: a provider and the name of a registered model."""

    provider_id: str
    model: Name


class Slo(Wire, frozen=True):
    """What a request must meet to count as good; at least one limit."""

    ttft_ms: Ms | None = None
    itl_ms: Ms | None = None
    e2e_ms: Ms | None = None
    percentile: Annotated[float, msgspec.Meta(gt=0, lt=100)] = 95


class SequentialLoad(Wire, frozen=True, tag_field="mode", tag="sequential"):
    """One request after the other."""


class ConcurrencyLoad(Wire, frozen=True, tag_field="mode", tag="concurrency"):
    """Closed loop: each level keeps so many requests in flight, one row a level.

    Exactly one of `requests_per_level` and `duration_s` says when a level ends.
    """

    levels: Annotated[
        list[Annotated[int, msgspec.Meta(ge=1, le=2000)]],
        msgspec.Meta(min_length=1, max_length=32),
    ] = msgspec.field(default_factory=lambda: [1, 4, 16])
    requests_per_level: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    duration_s: DurationS | None = None

    def __post_init__(self) -> None:
        """Refuse what the types cannot."""
        if (self.requests_per_level is None) == (self.duration_s is None):
            raise ValueError("give exactly one of requests_per_level and duration_s")
        if len(set(self.levels)) < len(self.levels):
            raise ValueError("a level is given twice")


class RateLoad(Wire, frozen=True, tag_field="mode", tag="rate"):
    """Open loop: requests leave at intended times, whatever the answers do.

    `burstiness` is the shape of gamma-distributed gaps: 1 (the default) is Poisson, less
    is burstier, more is steadier.
    """

    duration_s: DurationS
    rates: Annotated[
        list[Annotated[float, msgspec.Meta(gt=0, le=5000)]],
        msgspec.Meta(min_length=1, max_length=32),
    ] = msgspec.field(default_factory=lambda: [1.0, 2.0, 4.0])
    arrival: Arrival = "constant"
    burstiness: Annotated[float, msgspec.Meta(ge=0.01, le=1000)] | None = None

    def __post_init__(self) -> None:
        """Refuse what the types cannot."""
        if self.burstiness is not None and self.arrival != "gamma":
            raise ValueError("burstiness goes with gamma arrivals only")
        if len(set(self.rates)) < len(self.rates):
            raise ValueError("a rate is given twice")


Load = SequentialLoad | ConcurrencyLoad | RateLoad


class Submission(Wire, frozen=True):
    """`POST /api/benchmarks`; the first alternative or value is the default."""

    targets: Annotated[list[Target], msgspec.Meta(min_length=1, max_length=64)]
    prompt: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000_000)]
    system_prompt: Text | None = None
    context_tiers: Annotated[
        list[FillerTokens], msgspec.Meta(min_length=1, max_length=32)
    ] = msgspec.field(default_factory=lambda: [0])
    cache: Literal["avoid", "allow"] = "avoid"
    runs: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 3
    warmup: Annotated[int, msgspec.Meta(ge=0, le=20)] = 1
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 512
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = 0.7
    params: dict[str, Any] = {}
    load: Load = SequentialLoad()
    slo: Slo | None = None
    timeout_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 120
    connection: Literal["reuse", "fresh"] = "reuse"
    label: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    notes: Note | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)] | None = None


class BenchmarkPatch(Wire, frozen=True):
    """`PATCH /api/benchmarks/{id}`."""

    label: Annotated[str, msgspec.Meta(max_length=200)] | msgspec.UnsetType | None = (
        msgspec.UNSET
    )
    notes: Note | msgspec.UnsetType | None = msgspec.UNSET


class SkippedTier(Wire, frozen=True):
    """A context tier that was not measured for a target, and why."""

    target: Target
    tier: int
    reason: str


class Benchmark(Wire, frozen=True):
    """A benchmark: its spec, its state, and a result row per target x tier x level."""

    id: str
    job_id: str
    status: JobStatus
    created_at: str
    started_at: str | None
    ended_at: str | None
    label: str | None
    notes: str | None
    spec: Submission
    skipped_tiers: list[SkippedTier]
    search: None
    results: list[ResultRow]


class BenchmarkSummary(Wire, frozen=True):
    """A benchmark in a list: everything but the result rows."""

    id: str
    job_id: str
    status: JobStatus
    created_at: str
    ended_at: str | None
    label: str | None
    notes: str | None
    targets: list[Target]


class BenchmarkPage(Page, frozen=True):
    """`GET /api/benchmarks`."""

    items: list[BenchmarkSummary]


class RequestError(Wire, frozen=True):
    """Why a request failed; `class` is one of the error classes."""

    class_: str = msgspec.field(name="class")
    message: str
    http_status: int | None = None
    retry_after_s: float | None = None


class Request(Wire, frozen=True):
    """One measured request of a benchmark."""

    id: str
    target: Target
    tier: int
    level: dict[str, int | float]
    index: int
    warmup: bool
    status: RequestStatus
    attempt: int
    started_at: str
    ttft_ms: float | None
    scheduled_ttft_ms: float | None
    ttfa_ms: float | None
    itl_ms: float | None
    e2e_ms: float | None
    stream_end_ms: float | None
    connect_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    token_source: str | None
    rx_lag_ms: float | None
    send_lag_ms: float | None
    coalesced: bool
    resent: bool
    error: RequestError | None


class RequestPage(Page, frozen=True):
    """`GET /api/benchmarks/{id}/requests`."""

    items: list[Request]
