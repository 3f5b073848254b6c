import random

import msgspec
import pytest

from domain.results import result_row
from domain.rows.cost import Cost
from domain.samples import Sample
from domain.wire.benchmarks import Slo
from domain.wire.results import Measures, RequestCounts, ResultRow, ResultTarget
from tests.domain.made_samples import (
    NS_PER_S,
    a_failed_sample,
    a_plan,
    a_random_sample,
    an_ok_sample,
)

MEASURES = Measures.__struct_fields__


def row_of(
    samples: list[Sample],
    *,
    runs: int | None = None,
    slo: Slo | None = None,
    partial: bool = False,
    seed: int = 7,
    **target,
) -> ResultRow:
    plan = a_plan(len(samples) if runs is None else runs, **target)
    return result_row(
        plan, plan.rows[0], samples, slo=slo, seed=seed, partial=partial, attempts=2
    )


def test_a_row_says_who_was_measured_how() -> None:
    row = row_of([an_ok_sample()])
    assert row.target == ResultTarget(provider_id="p1", provider_name="Acme", model="m1")
    assert (row.tier, row.level) == (0, {"concurrency": 1})
    assert (row.partial, row.attempts) == (False, 2)


def test_each_measure_comes_from_the_samples_in_its_unit() -> None:
    slow = an_ok_sample(ttft_ms=300.0, ttfa_ms=500.0, itl_ms=20.0, e2e_ms=900.0)
    row = row_of([an_ok_sample(gaps_ms=[10.0, 30.0]), slow])
    means = {name: m.mean for name in MEASURES if (m := getattr(row, name)) is not None}
    assert means == pytest.approx(
        {
            "ttft_ms": 200,
            "ttfa_ms": 300,
            "itl_ms": 15,
            "e2e_ms": 550,
            "output_tps": (1000 / 10 + 1000 / 20) / 2,
            "input_tps": (50 / 0.1 + 50 / 0.3) / 2,
            "chunk_gap_ms": (10 + 30 + 10 * 10) / 12,
        }
    )
    assert row.chunk_gap_ms is not None
    assert row.chunk_gap_ms.n == 12
    assert row.scheduled_ttft_ms is None
    assert row.steady is None


def test_warm_up_requests_count_for_nothing() -> None:
    warm_up = an_ok_sample(warmup=True, ttft_ms=9_999.0, adjustments=["x"], stalls=5)
    failed = a_failed_sample(warmup=True)
    assert row_of([warm_up, failed, an_ok_sample()], runs=1) == row_of([an_ok_sample()])


def test_failed_requests_are_counted_by_class_and_measured_nowhere() -> None:
    late = a_failed_sample("timeout_stall", "silence", None, ttft_ms=9_999.0, gaps_ms=[5.0])
    row = row_of([an_ok_sample(), late, a_failed_sample(), a_failed_sample()])
    assert row.requests == RequestCounts(
        ok=1, failed=3, by_error={"rate_limited": 2, "timeout_stall": 1}
    )
    assert row.ttft_ms is not None
    assert (row.ttft_ms.n, row.ttft_ms.max) == (1, 100)
    assert row.chunk_gap_ms is not None
    assert row.chunk_gap_ms.n == 10


def test_a_row_whose_requests_all_failed_says_so_and_measures_nothing() -> None:
    row = row_of([a_failed_sample()] * 3, slo=Slo(ttft_ms=500))
    assert all(getattr(row, name) is None for name in MEASURES)
    assert row.throughput.requests_per_s is None
    assert row.goodput is not None
    assert row.goodput.share == 0
    assert row.tokens.output is None
    assert row.cost_usd is None
    assert row.warnings[0].startswith("All 3 requests failed: 3 x rate_limited (429:")
    assert not row.instrument.trusted
    assert row.instrument.reasons == ["No request succeeded, so no time was measured."]


def test_a_row_that_was_never_begun_is_empty() -> None:
    row = row_of([], runs=5, slo=Slo(ttft_ms=500), partial=True)
    assert row.requests == RequestCounts(ok=0, failed=0, by_error={})
    assert row.goodput is None
    assert row.partial
    assert row.warnings == ["Stopped early: 0 of 5 requests finished."]


def test_replies_of_one_token_have_no_speed_but_count() -> None:
    row = row_of([an_ok_sample(itl_ms=None, gaps_ms=[], output_tokens=1)])
    assert row.itl_ms is None
    assert row.output_tps is None
    assert row.chunk_gap_ms is None
    assert row.requests.ok == 1


def test_throughput_is_over_the_time_the_row_was_busy() -> None:
    samples = [
        an_ok_sample(sent_at_ns=second * NS_PER_S, stream_end_ms=1000.0)
        for second in range(4)
    ]
    row = row_of(samples)
    assert row.throughput.requests_per_s == pytest.approx(1)
    assert row.throughput.output_tokens_per_s == pytest.approx(11)


@pytest.mark.parametrize(("partial", "share"), [(False, 0.2), (True, 0.5)])
def test_what_was_not_sent_is_a_miss_unless_the_job_was_ended(
    partial: bool, share: float
) -> None:
    samples = [an_ok_sample(), an_ok_sample(ttft_ms=900.0)]
    row = row_of(samples, runs=5, slo=Slo(ttft_ms=500), partial=partial)
    assert row.goodput is not None
    assert row.goodput.share == share


def test_without_limits_there_is_no_goodput() -> None:
    assert row_of([an_ok_sample()]).goodput is None


def test_cost_stalls_and_adjustments_are_those_of_the_row() -> None:
    samples = [an_ok_sample(stalls=2, adjustments=["temperature left out"])] * 3
    row = row_of(samples, input_usd_per_mtok=2.0, output_usd_per_mtok=10.0)
    assert row.cost_usd == pytest.approx(3 * (50 * 2 + 11 * 10) / 1e6)
    assert row.adjustments[-1].startswith("cost_usd is at the model's own prices: 2 USD")
    assert row.stalls == 6
    assert row.adjustments[:-1] == ["temperature left out"]


def test_the_instrument_reports_its_own_lateness() -> None:
    samples = [an_ok_sample(rx_lag_ms=lag, send_lag_ms=None) for lag in (0.1, 0.3, 0.2)]
    instrument = row_of(samples).instrument
    assert instrument.rx_lag_ms is not None
    assert (instrument.rx_lag_ms.p50, instrument.rx_lag_ms.max) == (0.2, 0.3)
    assert instrument.send_lag_ms is None
    assert instrument.loop_lag_ms is None
    assert instrument.cpu_pct is None
    assert (instrument.clock, instrument.trusted, instrument.reasons) == (
        "kernel",
        True,
        [],
    )


def test_a_row_without_kernel_stamps_is_not_trusted() -> None:
    instrument = row_of([an_ok_sample(clock="user", rx_lag_ms=None)] * 4).instrument
    assert instrument.rx_lag_ms is None
    assert instrument.clock == "user"
    assert not instrument.trusted
    assert "from 4 of 4 replies" in instrument.reasons[0]


def test_the_same_samples_and_seed_give_the_same_row() -> None:
    samples = [a_random_sample(i, random.Random(i)) for i in range(40)]
    assert row_of(samples) == row_of(samples)
    assert row_of(samples) != row_of(samples, seed=8)


def test_a_row_survives_the_wire() -> None:
    samples = [a_random_sample(i, random.Random(i)) for i in range(40)]
    row = row_of([*samples, a_failed_sample()], slo=Slo(ttft_ms=200))
    assert msgspec.json.decode(msgspec.json.encode(row), type=ResultRow) == row


class OneDollarEach:
    def cost(self, ok, target) -> Cost:
        return Cost(usd=float(len(ok)), source=f"{target.model} is on the list.")


def test_a_model_without_prices_of_its_own_costs_what_the_list_says() -> None:
    plan = a_plan(2)
    samples = [an_ok_sample(), an_ok_sample(), an_ok_sample(warmup=True), a_failed_sample()]
    row = result_row(
        plan,
        plan.rows[0],
        samples,
        slo=None,
        seed=1,
        partial=False,
        attempts=1,
        prices=OneDollarEach(),
    )
    assert row.cost_usd == 2
    assert row.adjustments[-1] == "m1 is on the list."
