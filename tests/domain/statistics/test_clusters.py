import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from domain.statistics.clusters import (
    FEWEST_GROUPS,
    count_at_most,
    effective_n,
    grouped_ranks,
    t_quantile,
)
from domain.statistics.percentiles import PERCENTILES, Floats, interval_ranks
from domain.statistics.summary import pooled_distribution


def groups_with_a_mood(random: np.random.Generator, groups: int, size: int) -> Floats:
    """Values of a group share half of their variance; all together are N(0, 2)."""
    mood = random.normal(size=(groups, 1))
    return mood + random.normal(size=(groups, size))


@pytest.mark.parametrize("degrees", [5, 6, 8, 10, 20, 50, 1_000])
def test_t_quantiles_agree_with_scipy(degrees: int) -> None:
    assert t_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=2e-3)


def test_few_groups_tell_nothing() -> None:
    few = np.full(FEWEST_GROUPS - 1, 100.0)
    assert effective_n(few, few / 2) == 0


def test_independent_values_count_nearly_in_full() -> None:
    random = np.random.default_rng(1)
    sizes = np.full(400, 25.0)
    at_most = random.binomial(25, 0.5, size=400).astype(float)
    assert 0.8 * 10_000 < effective_n(sizes, at_most) <= 10_000


def test_groups_of_equal_values_count_as_one_value_each() -> None:
    # half of the groups lie below, whole: the design effect is the size of a group
    sizes = np.full(100, 50.0)
    at_most = np.repeat([50.0, 0.0], 50)
    assert 90 <= effective_n(sizes, at_most) <= 100


def test_values_at_most_the_limit_are_counted_a_group() -> None:
    values, groups = np.array([1.0, 5, 2, 3, 9]), np.array([0, 0, 1, 1, 2])
    assert count_at_most(values, groups, 3.0).tolist() == [1, 2, 0]


@given(st.integers(6, 10**6), st.data(), st.sampled_from(PERCENTILES))
def test_stretched_ranks_enclose_the_point_estimate(
    n: int, data: st.DataObject, p: float
) -> None:
    ranks = grouped_ranks(n, data.draw(st.integers(1, n)), p)
    if ranks is not None:
        position = p * (n - 1) + 1
        assert 1 <= ranks.lower <= position
        assert position <= ranks.upper <= n


def test_ranks_are_the_plain_ones_when_every_value_counts() -> None:
    assert grouped_ranks(500, 500, 0.9) == interval_ranks(500, 0.9)


@pytest.mark.parametrize(("groups", "size"), [(8, 100), (30, 40)])
def test_intervals_cover_where_those_for_independent_values_fail(
    groups: int, size: int
) -> None:
    random = np.random.default_rng(20_261_123)
    trials, p50, naive = 600, 0, 0
    plain = interval_ranks(groups * size, 0.5)
    assert plain is not None
    p90 = 0
    true_p90 = stats.norm.ppf(0.9) * math.sqrt(2)
    for _ in range(trials):
        values = groups_with_a_mood(random, groups, size)
        ordered = np.sort(values, axis=None)
        found = pooled_distribution(values.tolist(), seed=1)
        assert found is not None
        low, high = found.ci95.p50 or (-math.inf, math.inf)
        p50 += low <= 0 <= high
        low, high = found.ci95.p90 or (-math.inf, math.inf)
        p90 += low <= true_p90 <= high
        naive += ordered[plain.lower - 1] <= 0 <= ordered[plain.upper - 1]
    assert p50 / trials > 0.93
    assert p90 / trials > 0.90
    assert naive / trials < 0.60
