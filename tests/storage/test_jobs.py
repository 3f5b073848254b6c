"""Jobs: inserted once, then changed only where they are as expected."""

import dataclasses
import functools

import msgspec
import pytest

from domain.errors import TooManyRequestsError
from domain.jobs import (
    Cancel,
    Fail,
    Finish,
    Job,
    JobFailure,
    JobState,
    Recover,
    Start,
    step,
)
from domain.wire.accounts import Limits
from storage import benchmarks, jobs
from storage.database import Store
from storage.jobs import HOUR_MS
from storage.tables import EventRow, JobRow, UserRow
from tests.storage.made import (
    AT_MS,
    a_job,
    a_new_benchmark,
    a_running_job,
    a_user,
    everything,
    side_by_side,
    stepped,
    write,
)


@pytest.fixture
def ada(store: Store):
    return a_user(store)


def told() -> list[tuple[int, str]]:
    return [(row.seq, row.type) for row in EventRow.select().order_by(EventRow.seq)]


def test_a_new_job_is_stored_with_the_event_that_tells_of_it(store: Store, ada):
    job = a_job(store, ada, needs={"p": 3}, caps={"p": 9})

    assert jobs.get(job.id, owner_id=ada.id) == jobs.by_id(job.id) == job
    assert (job.needs, job.caps) == ({"p": 3}, {"p": 9})
    assert told() == [(1, "job_created")]


def test_a_change_is_stored_with_its_event(store: Store, ada):
    running = a_running_job(store, ada)
    failed = stepped(store, running, Fail(AT_MS + 9, JobFailure("poisoned", "thrice")))

    assert jobs.by_id(running.id) == failed
    assert (failed.started_at_ms, failed.ended_at_ms) == (AT_MS, AT_MS + 9)
    assert failed.failure == JobFailure("poisoned", "thrice")
    assert told() == [(1, "job_created"), (2, "job_started"), (3, "job_failed")]


@pytest.mark.parametrize(
    "stale",
    [{"state": JobState.QUEUED}, {"state": JobState.DONE}, {"attempt": 2}, {"id": "other"}],
    ids=str,
)
def test_a_change_of_what_is_no_longer_so_stores_nothing(store: Store, ada, stale: dict):
    running = a_running_job(store, ada)
    after, _ = step(running, Finish(AT_MS))
    before = everything()

    with store.transaction():
        change = jobs.change(dataclasses.replace(running, **stale), after, AT_MS)

    assert (change.value, change.events) == (None, ())
    assert everything() == before


def test_of_two_racing_changes_exactly_one_wins_and_is_told(store: Store, ada):
    for _ in range(5):
        running = a_running_job(store, ada)
        seq = UserRow.get_by_id(ada.id).event_seq
        ends = [step(running, event)[0] for event in (Cancel(AT_MS), Finish(AT_MS))]

        works = [functools.partial(write, store, jobs.change, running, e, 1) for e in ends]
        outcomes = side_by_side(store, works * 2)

        (winner,) = [outcome for outcome in outcomes if outcome is not None]
        assert isinstance(winner, Job)
        assert jobs.by_id(running.id) == winner
        assert [s for s, _ in told() if s > seq] == [seq + 1]


def test_a_step_does_not_touch_the_count_of_finished_requests(store: Store, ada):
    running = a_running_job(store, ada)
    JobRow.update(done=4).execute()

    assert stepped(store, running, Finish(AT_MS)).done == 4


def test_what_a_dead_server_left_running_is_queued_again(store: Store, ada):
    bob = a_user(store, "bob@example.org")
    queued, done = a_job(store, ada), stepped(store, a_running_job(store, ada), Finish(1))
    running = [a_running_job(store, ada), a_running_job(store, bob)]

    assert write(store, jobs.recover_all, AT_MS) == 2

    assert [jobs.by_id(job.id) for job in (queued, done)] == [queued, done]
    for before in running:
        after = jobs.by_id(before.id)
        assert (after.state, after.attempt, after.started_at_ms) == (
            JobState.QUEUED,
            2,
            before.started_at_ms,
        )
    assert EventRow.select().where(EventRow.type == "job_queued").count() == 2
    assert write(store, jobs.recover_all, AT_MS) == 0


def test_the_wish_to_cancel_is_stored_and_changes_nothing_else(store: Store, ada):
    for job in (a_job(store, ada), a_running_job(store, ada)):
        seq = len(told())
        for _ in range(2):
            asked = write(store, jobs.request_cancel, job.id, owner_id=ada.id)
            assert asked == dataclasses.replace(job, cancel_requested=True)
        assert jobs.by_id(job.id) == asked
        assert len(told()) == seq


def test_the_wish_to_cancel_what_has_ended_changes_nothing(store: Store, ada):
    done = stepped(store, a_running_job(store, ada), Finish(1))
    before = everything()

    assert write(store, jobs.request_cancel, done.id, owner_id=ada.id) == done
    assert everything() == before


def test_what_was_to_be_cancelled_ends_with_the_recovery(store: Store, ada):
    queued, running, kept = (
        a_job(store, ada),
        a_running_job(store, ada),
        a_job(store, ada),
    )
    for job in (queued, running):
        write(store, jobs.request_cancel, job.id, owner_id=ada.id)

    write(store, jobs.recover_all, AT_MS + 7)

    for job in (queued, running):
        ended = jobs.by_id(job.id)
        assert (ended.state, ended.ended_at_ms) == (JobState.CANCELLED, AT_MS + 7)
    assert jobs.by_id(kept.id) == kept
    assert [type_ for _, type_ in told()][-2:] == ["job_cancelled"] * 2


def test_recovering_tells_each_owner(store: Store, ada):
    running = a_running_job(store, ada)
    with store.transaction():
        change = jobs.recover_all(AT_MS)

    (event,) = change.events
    frame = msgspec.json.decode(event.body)
    assert (event.user_id, event.type, event.seq) == (ada.id, "job_queued", 3)
    assert (frame["type"], frame["seq"], frame["job"]["id"]) == (
        "job_queued",
        3,
        running.id,
    )
    assert (frame["job"]["attempt"], frame["job"]["resumed"]) == (2, True)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_queued_jobs=2),
        Limits(max_queued_jobs=None, jobs_per_hour=2),
        Limits(max_queued_jobs=0),
    ],
)
def test_beyond_a_limit_nothing_is_stored(store: Store, ada, limits: Limits):
    a_job(store, ada)
    a_job(store, ada)
    before = everything()

    with pytest.raises(TooManyRequestsError) as caught:
        write(store, benchmarks.create, a_new_benchmark(ada), limits)
    assert caught.value.retry_after_s > 0
    assert everything() == before


def test_limits_count_ones_own_waiting_jobs_and_the_last_hour(store: Store, ada):
    bob = a_user(store, "bob@example.org")
    for _ in range(3):
        a_job(store, bob)
    a_job(store, ada, created_at_ms=AT_MS - HOUR_MS)
    a_running_job(store, ada)
    limits = Limits(max_queued_jobs=2, jobs_per_hour=2)

    assert write(store, benchmarks.create, a_new_benchmark(ada), limits)


def test_without_limits_any_number_may_wait(store: Store, ada):
    limits = Limits(max_queued_jobs=None, jobs_per_hour=None)
    for _ in range(120):
        write(store, benchmarks.create, a_new_benchmark(ada), limits)

    assert JobRow.select().count() == 120


def test_of_submissions_at_once_no_more_than_the_limit_are_taken(store: Store, ada):
    limits = Limits(max_queued_jobs=3)
    works = [
        functools.partial(write, store, benchmarks.create, a_new_benchmark(ada), limits)
        for _ in range(6)
    ]
    outcomes = side_by_side(store, works)

    assert sum(isinstance(o, TooManyRequestsError) for o in outcomes) == 3, outcomes
    assert JobRow.select().count() == 3


def test_queued_jobs_come_oldest_first_with_their_owners_limit(store: Store, ada):
    bob = a_user(store, "bob@example.org")
    UserRow.update(max_concurrent_jobs=None).where(UserRow.id == bob.id).execute()
    one, two = a_job(store, ada), a_job(store, bob)
    a_running_job(store, ada)
    three = stepped(store, a_running_job(store, ada), Recover(9))

    assert jobs.queued() == [(one, 4), (two, None), (three, 4)]


def test_pages_go_on_where_the_last_one_ended_also_of_one_state(store: Store, ada):
    queued = [a_job(store, ada).id for _ in range(3)]
    running = a_running_job(store, ada).id
    page = functools.partial(jobs.page, ada.id)

    assert [j.id for j in page(limit=2, before_id=None, state=None)] == [running, queued[2]]
    assert [j.id for j in page(limit=9, before_id=queued[2], state=None)] == queued[1::-1]
    state = JobState.QUEUED
    assert [j.id for j in page(limit=9, before_id=None, state=state)] == queued[::-1]
    assert page(limit=9, before_id=None, state=JobState.DONE) == []


def test_a_second_start_of_the_same_attempt_loses(store: Store, ada):
    queued = a_job(store, ada)
    after, _ = step(queued, Start(AT_MS))

    assert write(store, jobs.change, queued, after, AT_MS) is not None
    assert write(store, jobs.change, queued, after, AT_MS) is None
