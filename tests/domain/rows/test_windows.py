"""Windows of a stage, and how its steady part is found."""

import random

import pytest

from domain.rows.truncation import mser5
from domain.rows.windows import (
    in_flight_at_sends,
    peak_in_flight,
    stage_window,
    steady_window,
    tokens_within,
    within,
)
from domain.stages import Closed, Open
from tests.domain.made_samples import a_failed_sample, an_ok_sample

S = 1_000_000_000
MS = 1_000_000


def a_request(sent_s, took_s, *, worker="w1", clock="c", ttft_s=0.0, tokens=11, **fields):
    return an_ok_sample(
        worker=worker,
        clock_id=clock,
        sent_at_ns=round(sent_s * S),
        last_token_at_ns=round((sent_s + took_s) * S),
        ttft_ms=ttft_s * 1000,
        stream_end_ms=took_s * 1000,
        output_tokens=tokens,
        **fields,
    )


def closed(streams):
    return Closed(streams=streams, requests=1, duration_s=None)


OPEN = Open(rate=1, arrival="constant", burstiness=1, duration_s=1, seed=1)


def test_the_window_of_workers_with_one_clock_goes_from_first_send_to_last_token():
    window = stage_window([a_request(1, 2), a_request(0.5, 1, worker="w2")])
    assert (window.from_ns, window.to_ns) == (0.5 * S, 3 * S)


def test_windows_of_two_clocks_are_never_mixed():
    samples = [a_request(1, 2), a_request(1000, 3, worker="w2", clock="d")]
    assert stage_window(samples).length_s == 3
    assert steady_window(samples, closed(2)) is None


def test_a_failed_request_counts_up_to_its_end():
    failed = a_failed_sample(sent_at_ns=S, clock_id="c", ended_at_ns=5 * S)
    assert stage_window([a_request(1, 2), failed]).to_ns == 5 * S


def test_what_was_never_sent_has_no_window():
    assert stage_window([a_failed_sample(sent_at_ns=None)]) is None


def test_a_closed_stage_is_steady_while_every_stream_is_busy():
    # two streams: 0-1-2-3 and 0.1-1.4-2.7; the third second finds no more to send
    one = [a_request(0, 1), a_request(1, 1), a_request(2, 1)]
    two = [a_request(0.1, 1.3), a_request(1.4, 1.3)]
    window = steady_window([*one, *two], closed(2))
    assert (window.from_ns, window.to_ns) == (0.1 * S, 2.7 * S)
    inside = within([*one, *two], window)
    assert [s.sent_at_ns for s in inside] == [S, round(1.4 * S)]


def test_streams_of_two_workers_are_steady_together():
    one = [a_request(0, 1), a_request(1, 1)]
    two = [a_request(0.2, 0.5, worker="w2"), a_request(0.7, 0.5, worker="w2")]
    window = steady_window([*one, *two], closed(2))
    assert (window.from_ns, window.to_ns) == (0.2 * S, 1.2 * S)


def test_an_open_stage_that_settles_loses_its_ramp_up():
    # a reply takes 2 s: the number in flight grows for 2 s, then stays
    samples = [a_request(n / 50, 2) for n in range(500)]
    counts = in_flight_at_sends(samples)
    assert counts[:3] == [0, 1, 2]
    assert counts[-1] == 99
    window = steady_window(samples, OPEN)
    assert window.from_ns == pytest.approx(2 * S, abs=0.2 * S)
    assert window.to_ns == samples[-1].sent_at_ns


def test_a_load_that_only_grows_has_no_steady_part():
    assert steady_window([a_request(n / 50, 100) for n in range(500)], OPEN) is None


def test_mser_needs_fifty_values_and_finds_a_known_transient():
    noise = random.Random(3)
    assert mser5([1.0] * 49) is None
    assert mser5([1.0] * 50) == 0
    series = [noise.gauss(0, 1) + (20 if n < 100 else 0) for n in range(1000)]
    assert mser5(series) == 100


def test_the_peak_counts_streams_and_not_neighbours():
    assert peak_in_flight([a_request(0, 1), a_request(1, 1), a_request(1.5, 1)]) == 2


def test_tokens_at_an_edge_count_by_the_part_of_the_reply_inside():
    whole, half = a_request(0, 4, tokens=8), a_request(2, 4, tokens=8)
    window = stage_window([whole])
    assert tokens_within([whole, half], window) == 12
    assert tokens_within([a_failed_sample(output_tokens=None)], window) is None
