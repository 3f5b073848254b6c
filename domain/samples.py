"""What is known of one finished request: the unit of storage and of statistics."""

from __future__ import annotations

from typing import Literal

from domain.load import Packed

NS_PER_MS = 1e6


class SampleError(Packed, frozen=True):
    """Why a request failed; `error_class` is one of `domain.failures.ErrorClass`."""

    error_class: str
    message: str
    http_status: int | None = None
    retry_after_s: float | None = None


class Sample(Packed, frozen=True):
    """One finished request, measured as `docs/measures.md` defines; null is unknown.

    `sent_at_ns` is t0 on the worker's monotonic clock, `worker` names that clock: only
    samples of one worker may be placed on one time axis by it. Of the coalesced events
    the coarse ones may have arrived more than 1 ms before their stamp; a row's trust
    hangs on these. Null (an older sample): count every coalesced event as coarse.

    `clock_id` names the clock of all `_ns` beyond this worker: samples that share it may
    be placed on one time axis, whichever worker sent them. `attempt` is the try of the
    stage the request belongs to, null for sequential load. `intended_at_ns` is when an
    open loop meant to send it; `send_lag_ms` how much later than that it was sent, the
    time spent on connecting not included.
    """

    row: int
    index: int
    warmup: bool
    status: Literal["ok", "failed"]
    worker: str
    started_at_ms: int  # Unix time, for display only
    sent_at_ns: int | None
    last_token_at_ns: int | None
    ttft_ms: float | None
    ttfa_ms: float | None
    itl_ms: float | None
    itl_method: Literal["usage", "characters"] | None
    e2e_ms: float | None
    stream_end_ms: float | None
    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    gaps_ms: list[float]  # raw gaps between token-bearing events, coalesced ones left out
    stalls: int
    token_events: int
    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    token_source: Literal["usage", "tokenizer", "events"] | None
    finish_reason: str | None
    send_lag_ms: float | None
    rx_lag_ms: float | None
    coalesced_first: bool
    coalesced_events: int
    clock: Literal["kernel", "user"]
    resent: bool
    adjustments: list[str]
    error: SampleError | None
    coarse_first: bool | None = None
    coarse_events: int | None = None
    clock_id: str | None = None
    attempt: int | None = None
    intended_at_ns: int | None = None
    ended_at_ns: int | None = None  # when nothing more was to be read, failed ones too

    @property
    def scheduled_ttft_ms(self) -> float | None:
        """TTFT from the intended send time: whoever was kept waiting counts as waiting."""
        sent_ns, intended_ns = self.sent_at_ns, self.intended_at_ns
        if self.ttft_ms is None or sent_ns is None or intended_ns is None:
            return None
        return self.ttft_ms + (sent_ns - intended_ns) / NS_PER_MS
