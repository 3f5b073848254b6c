import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.statistics.summary import distributions, lag_summary, pooled_distribution
from domain.wire.results import Distribution, Intervals, NeedsN

values_of_requests = st.lists(st.floats(0, 1e7), min_size=1, max_size=100)


def one(values: list[float], seed: int = 1) -> Distribution:
    found = distributions({"ttft_ms": values}, seed=seed)["ttft_ms"]
    assert found is not None
    return found


def check_enclosed(found: Distribution) -> None:
    points = [found.min, found.p50, found.p90, found.p95, found.p99, found.max]
    assert points == sorted(points)
    assert found.min <= found.mean <= found.max
    for name in ("mean", "p50", "p90", "p95", "p99"):
        interval = getattr(found.ci95, name)
        if interval is not None:
            assert interval[0] <= getattr(found, name) <= interval[1], name


def test_a_measure_without_a_sample_is_null() -> None:
    found = distributions({"ttft_ms": [], "itl_ms": [1.0]}, seed=1)
    assert found["ttft_ms"] is None
    assert found["itl_ms"] is not None
    assert pooled_distribution([[], []], seed=1) is None
    assert lag_summary([]) is None


def test_one_value_has_point_values_but_no_spread_and_no_interval() -> None:
    found = one([42.0])
    assert (found.mean, found.sd, found.min, found.p99, found.max) == (42, None, 42, 42, 42)
    assert found.n == 1
    assert found.ci95 == Intervals(mean=None, p50=None, p90=None, p95=None, p99=None)
    assert found.needs_n == NeedsN(p50=5, p90=35, p95=71, p99=367)


def test_five_values_are_described_as_by_hand() -> None:
    found = one([30.0, 10, 50, 20, 40])
    assert found.mean == 30
    assert found.sd == pytest.approx(250**0.5)  # squares 400 + 100 + 0 + 100 + 400, over 4
    assert (found.min, found.p50, found.max) == (10, 30, 50)
    assert (found.p90, found.p95, found.p99) == pytest.approx((46, 48, 49.6))
    assert found.ci95.p50 is None
    assert found.needs_n.p50 == 1


def test_six_values_enclose_their_median() -> None:
    assert one([3.0, 1, 2, 6, 5, 4]).ci95.p50 == (1, 6)


@pytest.mark.parametrize(
    ("n", "name"), [(6, "p50"), (36, "p90"), (72, "p95"), (368, "p99")]
)
def test_an_interval_is_there_exactly_when_nothing_is_needed(n: int, name: str) -> None:
    too_few, enough = (
        one([float(i) for i in range(n - 1)]),
        one([float(i) for i in range(n)]),
    )
    assert getattr(too_few.ci95, name) is None
    assert getattr(too_few.needs_n, name) == 1
    assert getattr(enough.ci95, name) is not None
    assert getattr(enough.needs_n, name) == 0


@given(values_of_requests, st.integers(0, 2**53 - 1))
def test_distributions_are_in_order_and_enclosed(values: list[float], seed: int) -> None:
    found = one(values, seed)
    check_enclosed(found)
    assert found.mean == pytest.approx(np.mean(values))


@settings(max_examples=50)
@given(st.lists(st.lists(st.floats(0, 1e5), max_size=30), min_size=1, max_size=30))
def test_pooled_distributions_are_in_order_and_enclosed(groups: list[list[float]]) -> None:
    found = pooled_distribution(groups, seed=1)
    if found is None:
        assert not any(groups)
        return
    check_enclosed(found)
    assert found.n == sum(map(len, groups))
    for name in ("p50", "p90", "p95", "p99"):
        has_interval = getattr(found.ci95, name) is not None
        assert has_interval == (getattr(found.needs_n, name) == 0)


def test_values_are_pooled_over_groups_whatever_their_size() -> None:
    found = pooled_distribution([[1.0], [], [2.0, 3.0, 4.0]], seed=1)
    assert found is not None
    assert (found.n, found.mean, found.p50) == (4, 2.5, 2.5)


def test_below_six_groups_a_pooled_percentile_needs_as_many_values_as_they_hold() -> None:
    found = pooled_distribution([[float(i) for i in range(200)]] * 4, seed=1)
    assert found is not None
    assert found.ci95.p50 is None
    assert found.needs_n.p50 == 400
    assert found.ci95.mean is not None


def test_lags_are_summed_up_by_median_tail_and_worst() -> None:
    found = lag_summary([float(i) for i in range(101)])
    assert found is not None
    assert (found.p50, found.p99, found.max) == (50, 99, 100)
