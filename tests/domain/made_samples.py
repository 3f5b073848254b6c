"""Samples and plans for tests: everything has a plain value, a test names what matters."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from domain.load import Workload
from domain.plan import Plan, PlanRow, TargetSnapshot
from domain.samples import Sample, SampleError

NS_PER_S = 1_000_000_000

TARGET = TargetSnapshot(
    provider_id="p1",
    provider_name="Acme",
    kind="openai",
    base_url="http://127.0.0.1:9/v1",
    max_concurrency=None,
    model="m1",
    context_window=None,
    max_output_tokens=None,
    input_usd_per_mtok=None,
    output_usd_per_mtok=None,
    system_prompt=None,
    unsupported_params=[],
)

WORKLOAD = Workload(
    prompt="Hello",
    max_tokens=16,
    temperature=None,
    params={},
    avoid_cache=True,
    seed=7,
    timeout_s=10,
    fresh_connections=False,
)

# 100 ms to the first of eleven tokens, then 10 ms from each to the next
OK = Sample(
    row=0,
    index=0,
    warmup=False,
    status="ok",
    worker="w1",
    started_at_ms=1_790_000_000_000,
    sent_at_ns=5 * NS_PER_S,
    last_token_at_ns=5 * NS_PER_S + 200_000_000,
    ttft_ms=100.0,
    ttfa_ms=100.0,
    itl_ms=10.0,
    itl_method="usage",
    e2e_ms=200.0,
    stream_end_ms=201.0,
    dns_ms=None,
    connect_ms=None,
    tls_ms=None,
    gaps_ms=[10.0] * 10,
    stalls=0,
    token_events=11,
    input_tokens=50,
    output_tokens=11,
    reasoning_tokens=None,
    cached_tokens=None,
    token_source="usage",
    finish_reason="stop",
    send_lag_ms=None,
    rx_lag_ms=0.05,
    coalesced_first=False,
    coalesced_events=0,
    clock="kernel",
    resent=False,
    adjustments=[],
    error=None,
    coarse_first=False,
    coarse_events=0,
)


def an_ok_sample(**changes: Any) -> Sample:
    return msgspec.structs.replace(OK, **changes)


def a_failed_sample(
    error_class: str = "rate_limited",
    message: str = "quota used up",
    http_status: int | None = 429,
    **changes: Any,
) -> Sample:
    nothing: dict[str, Any] = dict.fromkeys(
        ("ttft_ms", "ttfa_ms", "itl_ms", "itl_method", "e2e_ms", "stream_end_ms")
    )
    nothing |= dict.fromkeys(("last_token_at_ns", "input_tokens", "output_tokens"))
    nothing |= {"token_source": None, "gaps_ms": [], "token_events": 0, "rx_lag_ms": None}
    error = SampleError(error_class=error_class, message=message, http_status=http_status)
    failed = {"status": "failed", "error": error, "finish_reason": None}
    return msgspec.structs.replace(OK, **(nothing | failed | changes))


def a_random_sample(index: int, random_: random.Random, *, gaps: int = 20) -> Sample:
    """A reply such as a model server gives: skewed TTFT, gaps around its own speed."""
    speed_ms = random_.uniform(5, 15)
    gaps_ms = [random_.expovariate(1 / speed_ms) for _ in range(gaps)]
    ttft_ms = 50 + random_.expovariate(1 / 100)
    sent_at_ns = index * 10 * NS_PER_S
    e2e_ms = ttft_ms + sum(gaps_ms)
    return an_ok_sample(
        index=index,
        sent_at_ns=sent_at_ns,
        last_token_at_ns=sent_at_ns + int(e2e_ms * 1e6),
        ttft_ms=ttft_ms,
        ttfa_ms=ttft_ms,
        itl_ms=sum(gaps_ms) / gaps,
        e2e_ms=e2e_ms,
        stream_end_ms=e2e_ms + 1,
        gaps_ms=gaps_ms,
        output_tokens=gaps + 1,
        token_events=gaps + 1,
    )


def a_plan(*runs: int, **target: Any) -> Plan:
    """A plan with a row for each of `runs`, all of one target."""
    rows = [
        PlanRow(row=i, target=0, tier=0, level={"concurrency": 1}, runs=n, warmup=1)
        for i, n in enumerate(runs)
    ]
    snapshot = msgspec.structs.replace(TARGET, **target)
    return Plan(targets=[snapshot], rows=rows, skipped_tiers=[], workload=WORKLOAD)
