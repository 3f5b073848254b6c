"""How much work was done in how much time, and how much of it was good enough."""

from __future__ import annotations

from collections.abc import Sequence

from domain.samples import Sample
from domain.statistics.shares import wilson_interval
from domain.wire.benchmarks import Slo
from domain.wire.results import Goodput, Throughput

NS_PER_S = 1e9
NS_PER_MS = 1e6


def window_s(measured: Sequence[Sample]) -> float | None:
    """Return the busy time of a sequential row in seconds; None if nothing was sent.

    On each worker it runs from the first request's t0 to the last one's end, failed
    requests included: their time was spent too. Each worker has a clock of its own, so
    instants of two workers cannot be compared; a sequential row that went on elsewhere
    after a worker's death was never on both at once, so its windows are added up.
    """
    spans_ns: dict[str, tuple[float, float]] = {}
    for sample in measured:
        if sample.sent_at_ns is None:
            continue
        end_ns = _end_ns(sample, sample.sent_at_ns)
        first_ns, last_ns = spans_ns.get(sample.worker, (sample.sent_at_ns, end_ns))
        spans_ns[sample.worker] = min(first_ns, sample.sent_at_ns), max(last_ns, end_ns)
    busy_ns = sum(last_ns - first_ns for first_ns, last_ns in spans_ns.values())
    return busy_ns / NS_PER_S if busy_ns > 0 else None


def throughput(measured: Sequence[Sample], window: float | None) -> Throughput:
    """Return ok requests and their output tokens a second of `window` (seconds).

    The window of a row holds every output token of its ok requests. Null without an ok
    request; tokens also when nobody counted those of any reply.
    """
    ok = [sample for sample in measured if sample.status == "ok"]
    if not ok or window is None:
        return Throughput(requests_per_s=None, output_tokens_per_s=None)
    tokens = [s.output_tokens for s in ok if s.output_tokens is not None]
    return Throughput(
        requests_per_s=len(ok) / window,
        output_tokens_per_s=sum(tokens) / window if tokens else None,
    )


def goodput(
    measured: Sequence[Sample], slo: Slo, *, intended: int, window: float | None
) -> Goodput | None:
    """Return the share of `intended` requests that met every limit; None without any.

    Failed requests and those never sent are misses: shedding load must not look good.
    """
    if intended == 0:
        return None
    good = sum(meets(sample, slo) for sample in measured)
    return Goodput(
        share=good / intended,
        ci95=wilson_interval(good, intended),
        per_s=None if window is None else good / window,
    )


def meets(sample: Sample, slo: Slo) -> bool:
    """Return whether a request met every limit that is set.

    What could not be measured (the ITL of a one-token reply) does not meet its limit:
    else a server would do best by answering with a single token. TTFT and E2E of an open
    loop run from the intended send time.
    """
    late_ms = 0.0
    if sample.sent_at_ns is not None and sample.intended_at_ns is not None:
        late_ms = (sample.sent_at_ns - sample.intended_at_ns) / NS_PER_MS
    pairs = (
        (_later(sample.ttft_ms, late_ms), slo.ttft_ms),
        (sample.itl_ms, slo.itl_ms),
        (_later(sample.e2e_ms, late_ms), slo.e2e_ms),
    )
    return sample.status == "ok" and all(
        limit is None or (value is not None and value <= limit) for value, limit in pairs
    )


def _end_ns(sample: Sample, sent_at_ns: int) -> float:
    if sample.stream_end_ms is not None:
        return sent_at_ns + sample.stream_end_ms * NS_PER_MS
    return sample.last_token_at_ns or sent_at_ns


def _later(value_ms: float | None, by_ms: float) -> float | None:
    return None if value_ms is None else value_ms + by_ms
