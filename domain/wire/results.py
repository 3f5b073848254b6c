"""Result rows: one a target x tier x load level, with the instrument's own health."""

from __future__ import annotations

from typing import Literal

from domain.wire.base import Wire

TokenSource = Literal["usage", "tokenizer", "events"]
Interval = tuple[float, float]


class Intervals(Wire, frozen=True):
    """95 % confidence intervals; null where the sample is too small for one."""

    mean: Interval | None
    p50: Interval | None
    p90: Interval | None
    p95: Interval | None
    p99: Interval | None


class NeedsN(Wire, frozen=True):
    """How many more samples each percentile's interval needs; 0 when it has enough."""

    p50: int
    p90: int
    p95: int
    p99: int


class Distribution(Wire, frozen=True):
    """One measure over all measured, successful requests of a row."""

    mean: float
    sd: float | None
    min: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float
    n: int
    ci95: Intervals
    needs_n: NeedsN


class Measures(Wire, frozen=True):
    """The measures of a row or of its steady window; null without a sample."""

    ttft_ms: Distribution | None
    ttfa_ms: Distribution | None
    chunk_gap_ms: Distribution | None
    itl_ms: Distribution | None
    e2e_ms: Distribution | None
    scheduled_ttft_ms: Distribution | None
    output_tps: Distribution | None
    input_tps: Distribution | None


class ResultTarget(Wire, frozen=True):
    """Who was measured, as snapshotted at submit."""

    provider_id: str
    provider_name: str
    model: str


class RequestCounts(Wire, frozen=True):
    """Requests of a row; `by_error` counts the failed ones by class."""

    ok: int
    failed: int
    by_error: dict[str, int]


class Throughput(Wire, frozen=True):
    """Of the whole row: null when nothing was measured."""

    requests_per_s: float | None
    output_tokens_per_s: float | None


class Steady(Measures, frozen=True):
    """The steady-state window of a stage, in seconds since the stage's first send.

    Measures are over the `requests` that began and ended in it and succeeded.
    """

    from_s: float
    to_s: float
    requests: int
    throughput: Throughput


class Goodput(Wire, frozen=True):
    """Share of intended requests that met every SLO, with its Wilson interval."""

    share: float
    ci95: Interval
    per_s: float | None


class TokenSums(Wire, frozen=True):
    """Tokens of all ok requests; null where nobody counted them."""

    input: int | None
    output: int | None
    reasoning: int | None
    cached: int | None
    source: TokenSource | None


class LagSummary(Wire, frozen=True):
    """A lateness of our own, in milliseconds."""

    p50: float
    p99: float
    max: float


class Instrument(Wire, frozen=True):
    """How late the stopwatch itself was, and whether to trust the row."""

    rx_lag_ms: LagSummary | None
    send_lag_ms: LagSummary | None
    coalesced_pct: float | None
    loop_lag_ms: LagSummary | None
    cpu_pct: float | None
    clock: Literal["kernel", "user"]
    trusted: bool
    reasons: list[str]


class ResultRow(Measures, frozen=True):
    """One row of a benchmark: a target x tier x load level."""

    target: ResultTarget
    tier: int
    level: dict[str, int | float]
    requests: RequestCounts
    steady: Steady | None
    throughput: Throughput
    goodput: Goodput | None
    tokens: TokenSums
    cost_usd: float | None
    stalls: int
    adjustments: list[str]
    warnings: list[str]
    partial: bool
    attempts: int
    instrument: Instrument
