"""Load levels of a submission, what is refused, and what a plan makes of them."""

import msgspec
import pytest

from domain.plan import Plan, make_plan
from domain.stages import Closed
from domain.wire.benchmarks import Submission
from tests.domain.made_samples import TARGET


def submission(**load):
    body = {
        "targets": [{"provider_id": "p1", "model": "m1"}],
        "prompt": "x",
        "load": load,
        "context_tiers": [0, 100],
    }
    return msgspec.convert(body, Submission)


def a_plan(*, seed=7, targets=(TARGET,), **load):
    return make_plan(submission(**load), targets, seed=seed)


def test_rows_are_targets_times_tiers_times_levels():
    plan = a_plan(mode="concurrency", levels=[1, 8], requests_per_level=50)
    assert [(r.tier, r.level, r.runs) for r in plan.rows] == [
        (0, {"concurrency": 1}, 50),
        (0, {"concurrency": 8}, 50),
        (100, {"concurrency": 1}, 50),
        (100, {"concurrency": 8}, 50),
    ]
    assert plan.total == 4 * 51
    assert plan.has_stages
    assert all(row.is_counted for row in plan.rows)


def test_a_rate_has_as_many_requests_as_its_schedule_and_a_seed_for_every_row():
    plan = a_plan(mode="rate", rates=[1, 2.5], duration_s=10, arrival="poisson")
    assert [(r.level, r.runs) for r in plan.rows][:2] == [
        ({"rate": 1.0}, 10),
        ({"rate": 2.5}, 25),
    ]
    assert len({row.shape.seed for row in plan.rows}) == 4
    again = a_plan(mode="rate", rates=[1, 2.5], duration_s=10, arrival="poisson")
    assert again == plan


def test_where_time_ends_a_level_its_requests_are_an_estimate():
    plan = a_plan(mode="concurrency", levels=[2], duration_s=60)
    assert plan.rows[0].shape == Closed(streams=2, requests=None, duration_s=60)
    assert plan.rows[0].runs == 2 * 12  # 512 tokens at 100 a second
    assert not plan.rows[0].is_counted


def test_a_provider_is_asked_for_its_largest_level_or_all_it_takes():
    other = msgspec.structs.replace(TARGET, provider_id="p2", max_concurrency=9)
    closed = a_plan(mode="concurrency", levels=[4, 2], requests_per_level=1)
    rate = a_plan(mode="rate", rates=[1], duration_s=1, targets=(TARGET, other))
    assert closed.needs() == {"p1": 4}
    assert rate.needs() == {"p1": 1, "p2": 9}
    assert a_plan(mode="sequential").needs() == {"p1": 1}


def test_stages_of_a_provider_are_a_line_and_providers_go_side_by_side():
    other = msgspec.structs.replace(TARGET, provider_id="p2")
    plan = a_plan(
        mode="concurrency",
        levels=[1, 2],
        requests_per_level=1,
        targets=(TARGET, other, TARGET),
    )
    rows = [[row.row for row in line] for line in plan.stages()]
    assert rows == [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7]]


def test_a_plan_with_stages_survives_being_stored():
    for plan in (
        a_plan(mode="rate", rates=[3], duration_s=2, arrival="gamma", burstiness=0.5),
        a_plan(mode="concurrency", levels=[3], duration_s=2),
    ):
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(plan), type=Plan) == plan


@pytest.mark.parametrize(
    ("load", "said"),
    [
        ({"mode": "concurrency", "levels": [1]}, "exactly one of"),
        (
            {"mode": "concurrency", "requests_per_level": 1, "duration_s": 9},
            "exactly one of",
        ),
        (
            {"mode": "concurrency", "levels": [2, 2], "requests_per_level": 1},
            "given twice",
        ),
        ({"mode": "concurrency", "levels": [2001], "requests_per_level": 1}, "<= 2000"),
        ({"mode": "concurrency", "levels": [], "requests_per_level": 1}, "length >= 1"),
        ({"mode": "rate", "rates": [1]}, "duration_s"),
        ({"mode": "rate", "rates": [5001], "duration_s": 1}, "<= 5000"),
        ({"mode": "rate", "rates": [1, 1], "duration_s": 1}, "given twice"),
        ({"mode": "rate", "duration_s": 86_401}, "<= 86400"),
        ({"mode": "rate", "duration_s": 1, "burstiness": 2}, "gamma"),
        ({"mode": "search"}, "search"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(load, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        submission(**load)
