import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from domain.statistics.shares import Z95, wilson_interval

trials_and_hits = st.integers(1, 10_000).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n))
)


def test_z_is_the_normal_quantile() -> None:
    assert stats.norm.ppf(0.975) == Z95


def test_eight_of_ten_has_the_interval_worked_out_by_hand() -> None:
    # centre (0.8 + z2/20) / (1 + z2/10), z2 = 3.8415: 0.71674 +- 0.22659
    assert wilson_interval(8, 10) == pytest.approx((0.49016, 0.94332), abs=1e-5)


def test_no_hits_begin_at_zero_and_all_hits_end_at_one() -> None:
    low, high = wilson_interval(0, 10)
    assert low == 0
    assert 0 < high < 1
    assert wilson_interval(10, 10) == pytest.approx((1 - high, 1))
    assert wilson_interval(10, 10)[1] == 1


@given(trials_and_hits)
def test_wilson_agrees_with_scipy(case: tuple[int, int]) -> None:
    hits, trials = case
    theirs = stats.binomtest(hits, trials).proportion_ci(0.95, method="wilson")
    assert wilson_interval(hits, trials) == pytest.approx(
        (theirs.low, theirs.high), abs=1e-9
    )


@given(trials_and_hits)
def test_wilson_encloses_the_share_and_stays_a_share(case: tuple[int, int]) -> None:
    hits, trials = case
    low, high = wilson_interval(hits, trials)
    assert 0 <= low <= hits / trials <= high <= 1


@pytest.mark.parametrize(("hits", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_an_error(hits: int, trials: int) -> None:
    with pytest.raises(ValueError, match="hits"):
        wilson_interval(hits, trials)


def test_wilson_covers_the_true_share_in_95_percent_of_samples_on_average() -> None:
    n = 30
    hits = range(n + 1)
    intervals = [wilson_interval(h, n) for h in hits]
    shares = [i / 200 for i in range(1, 200)]
    coverage = [
        sum(
            stats.binom.pmf(h, n, share)
            for h, (low, high) in zip(hits, intervals, strict=True)
            if low <= share <= high
        )
        for share in shares
    ]
    assert sum(coverage) / len(coverage) == pytest.approx(0.95, abs=0.01)
