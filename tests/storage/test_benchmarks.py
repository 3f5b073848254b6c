"""Benchmarks: asked for, planned, measured, concluded, deleted."""

import dataclasses
import functools

import msgspec
import pytest

from domain.errors import ConflictError, NotFoundError
from domain.jobs import Cancel, Fail, Finish, JobFailure, JobState, Recover, Start, step
from domain.wire.benchmarks import SkippedTier, Target
from storage import benchmarks, jobs, samples
from storage.database import Store
from storage.tables import (
    BenchmarkRow,
    EventRow,
    JobRow,
    RequestRow,
    ResultRow,
    UserRow,
)
from tests.domain.made_samples import a_plan, an_ok_sample
from tests.storage.made import (
    AT_MS,
    NO_LIMITS,
    a_job,
    a_new_benchmark,
    a_result,
    a_running_job,
    a_user,
    everything,
    side_by_side,
    stepped,
    write,
)

LAST = (an_ok_sample(), an_ok_sample(index=1))
RESULTS = {0: a_result(0), 1: a_result(1)}


@pytest.fixture
def ada(store: Store):
    return a_user(store)


def test_a_new_benchmark_comes_back_as_it_was_asked_for(store: Store, ada):
    skipped = SkippedTier(
        target=Target(provider_id="p1", model="m1"), tier=9, reason="too long"
    )
    plan = msgspec.structs.replace(a_plan(2, 2), skipped_tiers=[skipped])
    new = a_new_benchmark(ada, plan)
    write(store, benchmarks.create, new, NO_LIMITS)

    found = benchmarks.get(new.job.result_id, owner_id=ada.id)

    assert (found.id, found.job_id, found.status) == (
        new.job.result_id,
        new.job.id,
        "queued",
    )
    assert (found.spec, found.label, found.notes) == (new.spec, "first", None)
    assert (found.skipped_tiers, found.results, found.search) == ([skipped], [], None)
    assert found.created_at == "2026-11-23T01:02:03.456Z"
    assert (found.started_at, found.ended_at) == (None, None)


def test_the_work_of_a_benchmark_is_what_was_planned_and_what_is_stored(store: Store, ada):
    new = a_new_benchmark(ada)
    job = write(store, benchmarks.create, new, NO_LIMITS)
    write(store, samples.store, stepped(store, job, Start(AT_MS)), LAST[:1])

    work = benchmarks.work(job.result_id)

    assert (work.owner_id, work.plan, work.spec, work.seed) == (
        ada.id,
        new.plan,
        new.spec,
        7,
    )
    assert work.finished == {(0, False, 0)}


def test_result_rows_are_stored_once_and_shown_in_order(store: Store, ada):
    running = a_running_job(store, ada)
    write(store, benchmarks.store_results, running, {1: RESULTS[1]}, AT_MS)

    with store.transaction():
        change = benchmarks.store_results(running, RESULTS, AT_MS)

    assert len(change.events) == 1
    found = benchmarks.get(running.result_id, owner_id=ada.id)
    assert found.results == [RESULTS[0], RESULTS[1]]
    assert EventRow.select().where(EventRow.type == "benchmark_result").count() == 2


def test_a_conclusion_stores_samples_rows_state_and_events_together(store: Store, ada):
    running = a_running_job(store, ada)
    after, _ = step(running, Cancel(AT_MS + 5))

    ended = write(
        store,
        benchmarks.conclude,
        running,
        after,
        AT_MS + 5,
        last_samples=LAST,
        rows=RESULTS,
    )

    assert ended == jobs.by_id(running.id)
    assert (ended.state, ended.done, ended.ended_at_ms) == (
        JobState.CANCELLED,
        2,
        AT_MS + 5,
    )
    assert samples.of_rows(running.result_id, [0]) == list(LAST)
    found = benchmarks.get(running.result_id, owner_id=ada.id)
    assert (found.status, len(found.results)) == ("cancelled", 2)
    told = [row.type for row in EventRow.select().order_by(EventRow.seq)][2:]
    assert told == ["benchmark_result", "benchmark_result", "job_cancelled"]


def test_a_conclusion_that_fails_half_way_stores_nothing(store: Store, ada):
    running = a_running_job(store, ada)
    after, _ = step(running, Finish(AT_MS))
    before = everything()
    broken = {0: RESULTS[0], 1: object()}  # the second row cannot be encoded

    with pytest.raises(TypeError):
        write(
            store,
            benchmarks.conclude,
            running,
            after,
            AT_MS,
            last_samples=LAST,
            rows=broken,
        )

    assert everything() == before
    assert UserRow.get_by_id(ada.id).event_seq == 2


@pytest.mark.parametrize(
    "overtaken", [Recover(9), Cancel(9), Fail(9, JobFailure("poisoned", "thrice"))], ids=str
)
def test_a_conclusion_that_comes_second_stores_nothing(store: Store, ada, overtaken):
    running = a_running_job(store, ada)
    stepped(store, running, overtaken)
    after, _ = step(running, Finish(AT_MS))
    before = everything()

    with store.transaction():
        change = benchmarks.conclude(running, after, AT_MS, last_samples=LAST, rows=RESULTS)

    assert (change.value, change.events) == (None, ())
    assert everything() == before


def test_of_two_conclusions_at_once_one_is_stored_whole(store: Store, ada):
    running = a_running_job(store, ada)
    works = [
        functools.partial(
            write,
            store,
            benchmarks.conclude,
            running,
            step(running, event)[0],
            AT_MS,
            last_samples=LAST,
            rows=RESULTS,
        )
        for event in (Finish(1), Cancel(2), Finish(3), Cancel(4))
    ]
    outcomes = side_by_side(store, works)

    (winner,) = [outcome for outcome in outcomes if outcome is not None]
    assert jobs.by_id(running.id) == winner
    assert (RequestRow.select().count(), ResultRow.select().count()) == (2, 2)
    assert EventRow.select().count() == 5


def test_label_and_notes_may_change_and_nothing_else_does(store: Store, ada):
    job, other = a_job(store, ada), a_job(store, ada)
    columns = {"label": None, "notes": "cold cache"}
    before = benchmarks.get(job.result_id, owner_id=ada.id)

    write(store, benchmarks.annotate, job.result_id, owner_id=ada.id, columns=columns)
    write(store, benchmarks.annotate, job.result_id, owner_id=ada.id, columns={})

    found = benchmarks.get(job.result_id, owner_id=ada.id)
    assert found == msgspec.structs.replace(before, label=None, notes="cold cache")
    assert benchmarks.get(other.result_id, owner_id=ada.id).label == "first"


def test_a_deleted_benchmark_takes_job_requests_and_rows_along(store: Store, ada):
    running, kept = a_running_job(store, ada), a_running_job(store, ada)
    for job in (running, kept):
        write(store, samples.store, job, LAST)
        write(store, benchmarks.store_results, job, RESULTS, AT_MS)
    stepped(store, running, Finish(AT_MS))

    slices = [write(store, benchmarks.delete, running.result_id, owner_id=ada.id)]
    slices += [write(store, benchmarks.delete, running.result_id, owner_id=ada.id)]

    assert slices == [False, True]
    with pytest.raises(NotFoundError):
        benchmarks.get(running.result_id, owner_id=ada.id)
    for table, count in ((JobRow, 1), (BenchmarkRow, 1), (RequestRow, 2), (ResultRow, 2)):
        assert table.select().count() == count, table
    assert len(benchmarks.get(kept.result_id, owner_id=ada.id).results) == 2


def test_deleting_leaves_the_feed_without_a_hole(store: Store, ada):
    running = a_running_job(store, ada)
    stepped(store, running, Finish(AT_MS))
    write(store, benchmarks.delete, running.result_id, owner_id=ada.id)

    assert [row.seq for row in EventRow.select().order_by(EventRow.seq)] == [1, 2, 3]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_what_has_not_ended_is_not_deleted(store: Store, ada, state: str):
    job = a_job(store, ada) if state == "queued" else a_running_job(store, ada)
    before = everything()

    with pytest.raises(ConflictError, match="cancel it first"):
        write(store, benchmarks.delete, job.result_id, owner_id=ada.id)
    assert everything() == before


def test_pages_go_on_where_the_last_one_ended_newest_first(store: Store, ada):
    made = [a_job(store, ada).result_id for _ in range(5)]
    seen, cursor = [], None
    while page := benchmarks.page(ada.id, limit=2, before_id=cursor):
        seen += [summary.id for summary in page]
        cursor = seen[-1]

    assert seen == made[::-1]
    (newest,) = benchmarks.page(ada.id, limit=1, before_id=None)
    assert (newest.label, newest.status) == ("first", "queued")
    assert newest.targets == [Target(provider_id="p1", model="m1")]


def test_a_benchmark_whose_owner_is_deleted_goes_along(store: Store, ada):
    a_running_job(store, ada)
    UserRow.delete().execute()

    assert all(not rows for rows in everything().values())


def test_an_unknown_job_cannot_be_concluded(store: Store, ada):
    running = a_running_job(store, ada)
    unknown = dataclasses.replace(running, id="unknown")
    after, _ = step(unknown, Finish(AT_MS))

    assert write(store, benchmarks.conclude, unknown, after, AT_MS, rows=RESULTS) is None
