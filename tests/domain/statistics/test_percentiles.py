import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from domain.statistics.percentiles import (
    PERCENTILES,
    TAIL,
    Ranks,
    interval_ranks,
    percentiles,
    smallest_n,
)

samples = st.lists(st.floats(0, 1e7), min_size=1, max_size=200)


def test_percentiles_interpolate_linearly_between_neighbours() -> None:
    # by hand: position p x (5 - 1), e.g. p90 at 3.6, i.e. 40 + 0.6 x (50 - 40)
    assert percentiles(np.array([10.0, 20, 30, 40, 50])) == pytest.approx(
        (30, 46, 48, 49.6)
    )


def test_percentiles_of_one_value_are_that_value() -> None:
    assert percentiles(np.array([3.5])) == (3.5, 3.5, 3.5, 3.5)


def test_percentiles_of_nothing_are_an_error() -> None:
    with pytest.raises(IndexError):
        percentiles(np.array([]))


@given(samples)
def test_percentiles_agree_with_scipys_type_7(values: list[float]) -> None:
    ordered = np.sort(values)
    theirs = stats.mstats.mquantiles(ordered, PERCENTILES, alphap=1, betap=1)
    assert percentiles(ordered) == pytest.approx(tuple(theirs), rel=1e-9, abs=1e-9)


@given(samples)
def test_percentiles_rise_and_stay_within_the_sample(values: list[float]) -> None:
    ordered = np.sort(values)
    points = [ordered[0], *percentiles(ordered), ordered[-1]]
    assert points == sorted(points)


@pytest.mark.parametrize(("p", "n"), [(0.50, 6), (0.90, 36), (0.95, 72), (0.99, 368)])
def test_the_smallest_samples_with_an_interval_are_the_known_ones(p: float, n: int) -> None:
    assert smallest_n(p) == n
    assert p ** (n - 1) > TAIL >= p**n
    assert interval_ranks(n - 1, p) is None
    ranks = interval_ranks(n, p)
    assert ranks is not None
    assert ranks.upper == n


def test_a_low_percentile_needs_as_many_as_its_mirror_image() -> None:
    assert smallest_n(0.05) == smallest_n(0.95)


@pytest.mark.parametrize("p", [0.0, 1.0, -1.0, math.nan])
def test_a_percentile_outside_the_open_unit_interval_is_an_error(p: float) -> None:
    with pytest.raises(ValueError, match="0 < p < 1"):
        smallest_n(p)


def test_ranks_for_the_median_of_ten_are_those_of_the_tables() -> None:
    # P(2 <= B <= 8) = 1 - 2 x 11 / 1024 = 0.979 for B ~ binomial (10, 1/2)
    assert interval_ranks(10, 0.5) == Ranks(lower=2, upper=9)


@pytest.mark.parametrize("p", PERCENTILES)
def test_ranks_agree_with_scipys_binomial(p: float) -> None:
    for n in [*range(smallest_n(p), 500), 1_000, 9_999, 54_321, 1_000_000]:
        ranks = interval_ranks(n, p)
        assert ranks is not None
        assert ranks.lower == int(stats.binom.ppf(TAIL, n, p))
        assert ranks.upper == int(stats.binom.ppf(1 - TAIL, n, p)) + 1


@given(st.integers(6, 100_000), st.sampled_from(PERCENTILES))
def test_ranks_enclose_the_point_estimate(n: int, p: float) -> None:
    ranks = interval_ranks(n, p)
    if ranks is not None:
        position = p * (n - 1) + 1
        assert 1 <= ranks.lower <= math.floor(position)
        assert math.ceil(position) <= ranks.upper <= n


@pytest.mark.parametrize(("n", "p"), [(20, 0.5), (50, 0.9), (100, 0.95), (400, 0.99)])
def test_intervals_cover_the_true_percentile_in_95_percent_of_samples(
    n: int, p: float
) -> None:
    trials = 4_000
    random = np.random.default_rng(20_261_123)
    ordered = np.sort(random.exponential(size=(trials, n)), axis=1)
    ranks = interval_ranks(n, p)
    assert ranks is not None
    truth = -math.log(1 - p)
    covered = (ordered[:, ranks.lower - 1] <= truth) & (
        truth <= ordered[:, ranks.upper - 1]
    )
    # at least 95 % by construction, less three standard errors of the simulation
    assert covered.mean() >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / trials)
    assert covered.mean() < 0.995
