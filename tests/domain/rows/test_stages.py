"""Rows of stages: scheduled TTFT, the system's throughput, what a reader must know."""

import msgspec
import pytest

from domain.plan import Plan, PlanRow
from domain.results import result_row
from domain.stages import Closed, Open
from domain.wire.benchmarks import Slo
from tests.domain.made_samples import (
    NS_PER_S,
    TARGET,
    WORKLOAD,
    a_failed_sample,
    an_ok_sample,
)

CLOSED = Closed(streams=2, requests=4, duration_s=None)
TIMED = Closed(streams=2, requests=None, duration_s=1)
OPEN = Open(rate=4, arrival="constant", burstiness=1, duration_s=1, seed=1)
MS = 1_000_000


def row_of(samples, shape, *, slo=None, partial=False, **target):
    row = PlanRow(
        row=0, target=0, tier=0, level={"concurrency": 2}, runs=4, warmup=0, shape=shape
    )
    plan = Plan(
        targets=[msgspec.structs.replace(TARGET, **target)],
        rows=[row],
        skipped_tiers=[],
        workload=WORKLOAD,
    )
    return result_row(plan, row, samples, slo=slo, seed=7, partial=partial, attempts=1)


def a_request(index, sent_ms, *, late_ms=None, **fields):
    """A reply of 200 ms and eleven tokens, sent at `sent_ms`."""
    sent_ns = 5 * NS_PER_S + sent_ms * MS
    intended = {} if late_ms is None else {"intended_at_ns": sent_ns - late_ms * MS}
    return an_ok_sample(
        index=index,
        sent_at_ns=sent_ns,
        last_token_at_ns=sent_ns + 200 * MS,
        clock_id="c",
        attempt=1,
        worker=f"w{index % 2}",
        **(intended | fields),
    )


FOUR = [a_request(n, 201 * (n // 2)) for n in range(4)]


def test_throughput_is_tokens_of_all_workers_over_first_send_to_last_token():
    row = row_of(FOUR, CLOSED)
    assert row.throughput.requests_per_s == pytest.approx(4 / 0.401)
    assert row.throughput.output_tokens_per_s == pytest.approx(44 / 0.401)
    assert row.attempts == 1


def test_scheduled_ttft_runs_from_the_intended_time():
    row = row_of([a_request(n, 250 * n, late_ms=50 * n) for n in range(4)], OPEN)
    assert row.ttft_ms.max == 100
    assert row.scheduled_ttft_ms.n == 4
    assert row.scheduled_ttft_ms.max == pytest.approx(250)


def test_goodput_of_an_open_loop_counts_the_wait_before_the_send():
    samples = [a_request(n, 250 * n, late_ms=50 * n) for n in range(4)]
    row = row_of(samples, OPEN, slo=Slo(ttft_ms=160))
    assert row.goodput.share == 0.5


def test_the_number_of_requests_is_owed_only_where_it_was_asked_for():
    assert "Not every request was sent" in row_of(FOUR[:2], CLOSED).warnings[0]
    timed = row_of(FOUR[:2], TIMED, slo=Slo(ttft_ms=500))
    assert not any("sent" in sentence for sentence in timed.warnings)
    assert timed.goodput.share == 1


def test_a_repeated_stage_says_so_and_counts_its_tries():
    row = row_of([msgspec.structs.replace(s, attempt=3) for s in FOUR], CLOSED)
    assert row.attempts == 3
    assert any("measured again as a whole" in text for text in row.warnings)


def test_a_level_that_was_never_reached_says_so():
    lonely = [a_request(n, 300 * n) for n in range(4)]
    assert any("At most 1 of the 2" in text for text in row_of(lonely, CLOSED).warnings)
    assert not any("At most" in text for text in row_of(FOUR, CLOSED).warnings)


def test_an_open_loop_beyond_what_the_provider_takes_says_so():
    crowd = [a_request(n, n, late_ms=0) for n in range(4)]
    row = row_of(crowd, OPEN, max_concurrency=3)
    assert any("4 requests were in flight at once" in text for text in row.warnings)


def test_late_sends_make_a_row_untrusted():
    late = [a_request(n, 250 * n, late_ms=20, send_lag_ms=20.0) for n in range(4)]
    instrument = row_of(late, OPEN).instrument
    assert instrument.send_lag_ms.p50 == 20
    assert any("after the intended time" in reason for reason in instrument.reasons)
    in_time = [a_request(n, 250 * n, late_ms=1, send_lag_ms=1.0) for n in range(4)]
    assert row_of(in_time, OPEN).instrument.trusted


def test_the_steady_part_and_the_whole_are_both_there():
    many = [a_request(n, 201 * (n // 2)) for n in range(20)]
    row = row_of(many, CLOSED)
    assert row.ttft_ms.n == 20
    assert 0 < row.steady.requests < 20
    assert row.steady.ttft_ms.n == row.steady.requests
    assert 0 <= row.steady.from_s < row.steady.to_s
    assert row.steady.throughput.output_tokens_per_s == pytest.approx(2 * 11 / 0.2, rel=0.1)


def test_a_stage_whose_requests_all_failed_has_no_steady_part():
    row = row_of([a_failed_sample(attempt=1, clock_id="c")] * 4, CLOSED)
    assert row.steady is None
    assert row.requests.failed == 4
