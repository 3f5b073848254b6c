"""How a stage is divided among workers."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from domain.stages import Closed, Open, StagePart, parts_of


def parts(shape, workers, warmup=1):
    count = parts_of(shape, workers)
    return [
        StagePart(
            row=0,
            endpoint=0,
            filler_tokens=0,
            shape=shape,
            warmup=warmup,
            attempt=1,
            part=part,
            parts=count,
        )
        for part in range(count)
    ]


def a_rate(rate, duration_s=1.0):
    return Open(rate=rate, arrival="constant", burstiness=1, duration_s=duration_s, seed=1)


@given(
    streams=st.integers(1, 40),
    requests=st.integers(1, 200),
    workers=st.integers(1, 9),
    warmup=st.integers(0, 20),
)
def test_every_request_falls_to_one_worker_and_the_streams_add_up(
    streams, requests, workers, warmup
):
    shape = Closed(streams=streams, requests=requests, duration_s=None)
    all_parts = parts(shape, workers, warmup)

    assert sum(part.streams for part in all_parts) == streams
    assert all(part.streams >= 1 for part in all_parts)
    measured = sorted(n for part in all_parts for n in part.indexes())
    assert measured == list(range(requests))
    warm = sorted(n for part in all_parts for n in part.warmup_indexes())
    assert warm == list(range(warmup))


@given(rate=st.floats(0.5, 300), workers=st.integers(1, 9))
def test_every_intended_time_falls_to_one_worker(rate, workers):
    shape = a_rate(rate)
    numbers = sorted(n for part in parts(shape, workers) for n in part.indexes())
    assert numbers == list(range(shape.count))


def test_a_worker_with_more_streams_gets_as_many_more_requests():
    shape = Closed(streams=3, requests=30, duration_s=None)
    two, one = parts(shape, 2)
    assert (two.streams, one.streams) == (2, 1)
    assert (len(list(two.indexes())), len(list(one.indexes()))) == (20, 10)


def test_where_time_is_the_limit_numbers_do_not_end_and_no_two_workers_share_one():
    shape = Closed(streams=3, requests=None, duration_s=1)
    one, other = (set(islice(part.indexes(), 100)) for part in parts(shape, 2))
    assert len(one | other) == 200


def test_a_stage_has_no_more_workers_than_streams_or_requests():
    assert parts_of(Closed(streams=1, requests=9, duration_s=None), 8) == 1
    assert parts_of(a_rate(2), 8) == 2
