import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from domain.statistics import means
from domain.statistics.means import NORMAL_ABOVE, mean_intervals, ratio_interval
from domain.statistics.percentiles import Floats


def one_interval(values: Floats, seed: int = 1) -> tuple[float, float]:
    (interval,) = mean_intervals([values], seed=seed)
    assert interval is not None
    return interval


def test_fewer_than_two_values_have_no_interval() -> None:
    assert mean_intervals([np.array([]), np.array([4.0])], seed=1) == [None, None]


def test_two_values_are_enclosed_by_themselves() -> None:
    # of four equally likely draws one holds the smaller value twice, one the larger
    assert one_interval(np.array([1.0, 3.0])) == (1.0, 3.0)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values = np.random.default_rng(3).exponential(size=50)
    assert one_interval(values, seed=1) == one_interval(values, seed=1)
    assert one_interval(values, seed=1) != one_interval(values, seed=2)


def test_a_column_has_the_same_interval_alone_and_in_company() -> None:
    random = np.random.default_rng(4)
    columns = [random.exponential(size=n) for n in (30, 50, 30, 0, 1)]
    together = mean_intervals(columns, seed=9)
    assert together == [mean_intervals([column], seed=9)[0] for column in columns]


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(5).exponential(size=100)
    whole = one_interval(values)
    monkeypatch.setattr(means, "_CHUNK_DRAWS", 300)
    assert one_interval(values) == whole


@pytest.mark.parametrize("n", [15, 100, 2_000])
def test_bootstrap_agrees_with_scipys(n: int) -> None:
    values = np.random.default_rng(6).gamma(2, 50, size=n)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=20_000, rng=7
    ).confidence_interval
    width = theirs.high - theirs.low
    ours = one_interval(values)
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.06 * width)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=60), st.integers(0, 2**53 - 1))
def test_the_interval_encloses_the_mean_and_stays_within_the_sample(
    values: list[float], seed: int
) -> None:
    low, high = one_interval(np.array(values), seed)
    rounding = 1e-9 * max(values) + 1e-12
    assert min(values) - rounding <= low <= np.mean(values) + rounding
    assert np.mean(values) - rounding <= high <= max(values) + rounding


def test_above_20000_values_the_normal_approximation_continues_the_bootstrap() -> None:
    values = np.random.default_rng(8).exponential(100, size=NORMAL_ABOVE + 1)
    low, high = one_interval(values)
    error = 1.959964 * values.std(ddof=1) / math.sqrt(values.size)
    assert (low, high) == pytest.approx((values.mean() - error, values.mean() + error))
    assert one_interval(values[:-1]) == pytest.approx((low, high), abs=0.1 * error)


@pytest.mark.parametrize(("n", "at_least"), [(10, 0.88), (30, 0.92), (200, 0.935)])
def test_intervals_of_the_mean_cover_it_about_as_often_as_they_say(
    n: int, at_least: float
) -> None:
    # few values make every bootstrap too narrow; docs/measures.md says so
    random = np.random.default_rng(9)
    columns = [random.normal(100, 15, size=n) for _ in range(1_500)]
    intervals = [pair for pair in mean_intervals(columns, seed=1) if pair is not None]
    covered = sum(low <= 100 <= high for low, high in intervals) / len(intervals)
    assert at_least <= covered <= 0.97


def test_a_ratio_with_groups_of_one_is_a_mean() -> None:
    values = np.random.default_rng(10).exponential(size=40)
    assert ratio_interval(values, np.ones(40), seed=3) == pytest.approx(
        one_interval(values, seed=3)
    )


def test_a_ratio_of_one_group_has_no_interval() -> None:
    assert ratio_interval(np.array([5.0]), np.array([2.0]), seed=1) is None


def test_the_normal_approximation_of_a_ratio_continues_the_bootstrap() -> None:
    random = np.random.default_rng(11)
    counts = random.integers(1, 20, size=NORMAL_ABOVE + 1).astype(float)
    totals = counts * random.gamma(4, 2.5, size=counts.size)
    normal = ratio_interval(totals, counts, seed=1)
    bootstrap = ratio_interval(totals[:-1], counts[:-1], seed=1)
    assert normal is not None
    assert bootstrap == pytest.approx(normal, abs=0.1 * (normal[1] - normal[0]))
