"""What `studio bench` makes of its options."""

import pytest

from domain.wire.benchmarks import ConcurrencyLoad, RateLoad, SequentialLoad, Slo
from studio.bench_loads import loads_of, slo_of
from studio.commands.bench import bench

NONE = {
    "concurrency": None,
    "requests": None,
    "rate": None,
    "duration_s": None,
    "arrival": "constant",
    "burstiness": None,
}


def loads(**given):
    return loads_of(**(NONE | given))


def test_without_a_level_or_a_rate_requests_go_one_after_the_other():
    assert loads(requests=5) == [SequentialLoad()]


def test_levels_and_rates_are_run_one_load_after_the_other():
    both = loads(concurrency="1,4", requests=9, rate="2,0.5", duration_s=3)
    assert both == [
        ConcurrencyLoad(levels=[1, 4], requests_per_level=9),
        RateLoad(rates=[2, 0.5], duration_s=3),
    ]


def test_a_duration_ends_a_level_where_no_number_of_requests_does():
    assert loads(concurrency="4", duration_s=3) == [
        ConcurrencyLoad(levels=[4], duration_s=3)
    ]
    assert loads(concurrency="4")[0].requests_per_level == 50


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"concurrency": "1,x"}, "no list of numbers"),
        ({"concurrency": "0"}, ">= 1"),
        ({"rate": "9999"}, "<= 5000"),
        ({"rate": "1", "burstiness": 2}, "gamma"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(given, said):
    with pytest.raises(ValueError, match=said):
        loads(**given)


def test_limits_are_there_only_if_asked_for():
    assert slo_of(None, None, 95) is None
    assert slo_of(200, None, 90) == Slo(ttft_ms=200, percentile=90)


@pytest.mark.parametrize(("limit_ms", "code"), [(5_000, 0), (1, 1)])
def test_a_missed_slo_is_the_exit_code(limit_ms, code, capsys):
    exit_code = bench(
        model=["sim-ttft20-itl5-n4"],
        concurrency="2",
        requests=6,
        slo_ttft_ms=limit_ms,
        slo_percentile=80,
    )
    said = capsys.readouterr().out
    assert exit_code == code
    assert ("missed" if code else "met") in said
