"""Intended send times: as many as asked for, from a seed, with the law they claim."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from domain.schedule import NS_PER_S, offsets_ns
from domain.stages import Open

ARRIVALS = st.sampled_from(["constant", "poisson", "gamma"])


def an_open(rate=100.0, arrival="poisson", burstiness=1.0, duration_s=20.0, seed=7):
    return Open(
        rate=rate, arrival=arrival, burstiness=burstiness, duration_s=duration_s, seed=seed
    )


def gaps_s(stage):
    return [(after - before) / NS_PER_S for before, after in pairwise(offsets_ns(stage))]


@settings(deadline=None, max_examples=80)
@given(
    rate=st.floats(0.05, 500),
    arrival=ARRIVALS,
    burstiness=st.floats(0.01, 1000),
    duration_s=st.floats(1, 10),
    seed=st.integers(0, 2**48),
)
def test_a_schedule_is_sorted_within_its_duration_and_has_the_rate_asked_for(
    rate, arrival, burstiness, duration_s, seed
):
    stage = an_open(rate, arrival, burstiness, duration_s, seed)
    times = offsets_ns(stage)

    assert times == sorted(times)
    assert len(times) == stage.count == max(1, round(rate * duration_s))
    assert times[0] >= 0
    assert times[-1] <= duration_s * NS_PER_S


@pytest.mark.parametrize("arrival", ["constant", "poisson", "gamma"])
def test_the_same_seed_draws_the_same_times(arrival):
    assert offsets_ns(an_open(arrival=arrival)) == offsets_ns(an_open(arrival=arrival))


@pytest.mark.parametrize("arrival", ["poisson", "gamma"])
def test_another_seed_draws_other_times(arrival):
    one, other = an_open(arrival=arrival), an_open(arrival=arrival, seed=8)
    assert offsets_ns(one) != offsets_ns(other)


def test_constant_arrivals_are_evenly_spaced_from_the_start():
    stage = an_open(4.0, "constant", duration_s=1.0)
    assert offsets_ns(stage) == [0, NS_PER_S // 4, NS_PER_S // 2, 3 * NS_PER_S // 4]


def test_poisson_gaps_are_exponential():
    gaps = gaps_s(an_open(rate=200, duration_s=30))
    assert stats.kstest(gaps, stats.expon(scale=1 / 200).cdf).pvalue > 0.01


def test_poisson_arrivals_are_uniform_over_the_stage():
    times = [at / NS_PER_S / 30 for at in offsets_ns(an_open(rate=200, duration_s=30))]
    assert stats.kstest(times, "uniform").pvalue > 0.01


@pytest.mark.parametrize("burstiness", [0.25, 1.0, 4.0])
def test_gamma_gaps_have_the_marginal_of_a_dirichlet_distribution(burstiness):
    stage = an_open(200, "gamma", burstiness, duration_s=30)
    shares = [gap / stage.duration_s for gap in gaps_s(stage)]
    law = stats.beta(burstiness, burstiness * stage.count)
    assert stats.kstest(shares, law.cdf).pvalue > 0.01


def test_less_burstiness_means_burstier():
    def spread(burstiness):
        gaps = gaps_s(an_open(200, "gamma", burstiness, duration_s=10))
        return stats.variation(gaps)

    assert spread(0.1) > spread(1) > spread(10)
