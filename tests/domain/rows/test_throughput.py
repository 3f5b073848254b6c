import pytest

from domain.rows.throughput import goodput, meets, throughput, window_s
from domain.wire.benchmarks import Slo
from domain.wire.results import Throughput
from tests.domain.made_samples import NS_PER_S, a_failed_sample, an_ok_sample


def at(second: float, **changes):
    """An ok sample sent at `second` whose stream ended half a second later."""
    return an_ok_sample(sent_at_ns=int(second * NS_PER_S), stream_end_ms=500.0, **changes)


def test_the_window_runs_from_the_first_t0_to_the_last_end() -> None:
    assert window_s([at(10), at(11), at(12)]) == pytest.approx(2.5)


def test_order_does_not_matter() -> None:
    assert window_s([at(12), at(10), at(11)]) == pytest.approx(2.5)


def test_windows_of_two_workers_are_added_since_their_clocks_differ() -> None:
    samples = [at(10, worker="a"), at(11, worker="a"), at(90_000, worker="b")]
    assert window_s(samples) == pytest.approx(1.5 + 0.5)


def test_time_spent_on_failed_requests_counts() -> None:
    samples = [a_failed_sample(sent_at_ns=2 * NS_PER_S), at(4)]
    assert window_s(samples) == pytest.approx(2.5)


def test_without_a_known_stream_end_the_last_token_ends_the_window() -> None:
    sample = an_ok_sample(sent_at_ns=0, stream_end_ms=None, last_token_at_ns=3 * NS_PER_S)
    assert window_s([sample]) == pytest.approx(3)


def test_what_was_never_sent_has_no_window() -> None:
    assert window_s([]) is None
    assert window_s([a_failed_sample("connect", sent_at_ns=None)]) is None
    assert window_s([a_failed_sample()]) is None


def test_throughput_counts_ok_requests_and_their_tokens() -> None:
    samples = [at(0, output_tokens=30), at(1, output_tokens=20), a_failed_sample()]
    found = throughput(samples, 2.0)
    assert found == Throughput(requests_per_s=1.0, output_tokens_per_s=25.0)


def test_throughput_is_null_when_nothing_was_measured() -> None:
    nothing = Throughput(requests_per_s=None, output_tokens_per_s=None)
    assert throughput([], None) == nothing
    assert throughput([a_failed_sample()], 2.0) == nothing


def test_tokens_that_nobody_counted_leave_their_throughput_null() -> None:
    found = throughput([at(0, output_tokens=None, token_source=None)], 0.5)
    assert found == Throughput(requests_per_s=2.0, output_tokens_per_s=None)


@pytest.mark.parametrize(
    ("limit", "met"),
    [
        (Slo(ttft_ms=100), True),
        (Slo(ttft_ms=99.9), False),
        (Slo(itl_ms=10, e2e_ms=200), True),
        (Slo(ttft_ms=100, itl_ms=10, e2e_ms=199), False),
    ],
)
def test_every_limit_must_be_met_and_a_limit_itself_is_within(
    limit: Slo, met: bool
) -> None:
    assert meets(an_ok_sample(), limit) is met


def test_a_one_token_reply_does_not_meet_an_itl_limit_for_free() -> None:
    assert not meets(an_ok_sample(itl_ms=None), Slo(itl_ms=1000))


def test_a_failed_request_is_a_miss_even_if_its_first_token_was_early() -> None:
    assert not meets(a_failed_sample(ttft_ms=1.0), Slo(ttft_ms=1000))


def test_requests_never_sent_are_misses() -> None:
    samples = [an_ok_sample()] * 8
    found = goodput(samples, Slo(ttft_ms=500), intended=10, window=4.0)
    assert found is not None
    assert found.share == 0.8
    assert found.ci95 == pytest.approx((0.49016, 0.94332), abs=1e-5)
    assert found.per_s == 2.0


def test_goodput_of_nothing_intended_is_null() -> None:
    assert goodput([], Slo(ttft_ms=500), intended=0, window=None) is None
