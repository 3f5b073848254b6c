"""From a submission to rows and requests."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.load import RequestItem
from domain.plan import Plan, TargetSnapshot, make_plan, shards
from domain.wire.benchmarks import Submission, Target
from tests.domain.made_samples import TARGET

NOTHING: frozenset[tuple[int, bool, int]] = frozenset()


def a_target(model: str = "m1", provider_id: str = "p1", **fields) -> TargetSnapshot:
    return msgspec.structs.replace(TARGET, provider_id=provider_id, model=model, **fields)


def a_plan(*targets: TargetSnapshot, **fields) -> Plan:
    snapshots = targets or (a_target(),)
    submission = Submission(
        targets=[Target(provider_id=t.provider_id, model=t.model) for t in snapshots],
        prompt="hello",
        **fields,
    )
    return make_plan(submission, snapshots, seed=7)


def identity(item: RequestItem) -> tuple[int, bool, int]:
    return item.row, item.warmup, item.index


def left(plan: Plan, finished: frozenset[tuple[int, bool, int]] = NOTHING) -> list:
    return [[identity(item) for item in shard] for shard in shards(plan, finished)]


def test_rows_are_targets_times_tiers_in_the_order_asked_for():
    plan = a_plan(a_target("m1"), a_target("m2"), context_tiers=[0, 1000, 50])

    assert [(r.row, r.target, r.tier) for r in plan.rows] == [
        (0, 0, 0),
        (1, 0, 1000),
        (2, 0, 50),
        (3, 1, 0),
        (4, 1, 1000),
        (5, 1, 50),
    ]
    assert {tuple(r.level.items()) for r in plan.rows} == {(("concurrency", 1),)}
    assert plan.skipped_tiers == []


def test_the_total_counts_warm_up_and_runs_of_every_row():
    plan = a_plan(a_target("m1"), a_target("m2"), context_tiers=[0, 9], runs=5, warmup=2)

    assert plan.total == 4 * 7
    assert sum(map(len, left(plan))) == plan.total


def test_a_tier_that_leaves_no_room_for_the_answer_is_skipped_for_that_model_only():
    small, large = a_target("small", context_window=1000), a_target("large")
    plan = a_plan(small, large, context_tiers=[0, 488, 489], max_tokens=512)

    assert [(plan.targets[r.target].model, r.tier) for r in plan.rows] == [
        ("small", 0),
        ("small", 488),
        ("large", 0),
        ("large", 488),
        ("large", 489),
    ]
    (skipped,) = plan.skipped_tiers
    assert (skipped.target.model, skipped.tier) == ("small", 489)
    assert skipped.reason == (
        "489 filler tokens and 512 output tokens exceed the context window of 1000"
    )
    assert [r.row for r in plan.rows] == list(range(5))


def test_when_no_tier_fits_there_is_no_row_and_nothing_to_send():
    plan = a_plan(a_target(context_window=100), context_tiers=[200])

    assert (plan.rows, plan.total, left(plan)) == ([], 0, [])
    assert len(plan.skipped_tiers) == 1


def test_a_shard_a_provider_each_with_its_models_one_after_another():
    plan = a_plan(
        a_target("a", "p1"), a_target("b", "p2"), a_target("c", "p1"), runs=2, warmup=1
    )

    assert left(plan) == [
        [
            (0, True, 0),
            (0, False, 0),
            (0, False, 1),
            (2, True, 0),
            (2, False, 0),
            (2, False, 1),
        ],
        [(1, True, 0), (1, False, 0), (1, False, 1)],
    ]


def test_each_request_goes_to_its_rows_target_with_its_rows_filler():
    plan = a_plan(a_target("a"), a_target("b"), context_tiers=[0, 64], runs=1, warmup=0)
    (items,) = shards(plan, NOTHING)

    assert [(i.row, i.endpoint, i.filler_tokens) for i in items] == [
        (0, 0, 0),
        (1, 0, 64),
        (2, 1, 0),
        (3, 1, 64),
    ]


def test_after_a_restart_what_is_stored_is_not_sent_again():
    plan = a_plan(runs=3, warmup=1)

    assert left(plan, frozenset({(0, True, 0), (0, False, 0)})) == [
        [(0, False, 1), (0, False, 2)]
    ]


def test_a_warm_up_that_is_missing_goes_before_the_measured_requests_left():
    plan = a_plan(runs=2, warmup=2)

    assert left(plan, frozenset({(0, True, 1), (0, False, 0)})) == [
        [(0, True, 0), (0, False, 1)]
    ]


def test_a_row_whose_measured_requests_are_all_stored_is_not_warmed_up_again():
    plan = a_plan(a_target("a"), a_target("b", "p2"), runs=2, warmup=1)
    measured = {(0, False, 0), (0, False, 1)}

    assert left(plan, frozenset(measured)) == [[(1, True, 0), (1, False, 0), (1, False, 1)]]


def test_requests_stored_for_another_row_finish_nothing_here():
    plan = a_plan(runs=1, warmup=0)

    assert left(plan, frozenset({(7, False, 0), (0, True, 0)})) == [[(0, False, 0)]]


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_every_request_is_sent_once_over_any_number_of_restarts(data: st.DataObject):
    providers = data.draw(st.lists(st.sampled_from("pqr"), min_size=1, max_size=4))
    plan = a_plan(
        *[a_target(f"m{n}", provider) for n, provider in enumerate(providers)],
        context_tiers=data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=2)),
        runs=data.draw(st.integers(1, 4)),
        warmup=data.draw(st.integers(0, 2)),
    )
    everything = {item for shard in left(plan) for item in shard}
    assert len(everything) == plan.total

    finished = data.draw(st.sets(st.sampled_from(sorted(everything))))
    again = [item for shard in left(plan, frozenset(finished)) for item in shard]

    assert len(again) == len(set(again))
    assert not set(again) & finished
    measured = {item for item in everything if not item[1]}
    assert measured <= set(again) | finished
    unfinished_rows = {row for row, _, _ in measured - finished}
    assert {row for row, _, _ in again} == unfinished_rows


def test_the_workload_is_what_was_asked_for():
    plan = a_plan(
        max_tokens=9,
        temperature=None,
        params={"top_p": 0.5},
        cache="allow",
        connection="fresh",
        timeout_s=3,
    )

    w = plan.workload
    assert (w.prompt, w.max_tokens, w.temperature, w.params) == (
        "hello",
        9,
        None,
        {"top_p": 0.5},
    )
    assert (w.avoid_cache, w.fresh_connections, w.timeout_s, w.seed) == (False, True, 3, 7)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [(None, ["be brief", None]), ("be kind", ["be kind"] * 2), ("", [""] * 2)],
)
def test_a_system_prompt_of_the_submission_takes_the_place_of_the_models(
    asked: str | None, sent: list[str | None]
):
    plan = a_plan(
        a_target("a", system_prompt="be brief"), a_target("b"), system_prompt=asked
    )

    assert [target.system_prompt for target in plan.targets] == sent


def test_a_plan_survives_being_stored():
    plan = a_plan(a_target(context_window=10), a_target("b"), context_tiers=[0, 100])

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(plan), type=Plan) == plan
