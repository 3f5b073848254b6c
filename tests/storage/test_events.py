"""The numbered events of a user, and resuming a feed."""

import collections
import functools

import msgspec
import pytest

from domain.errors import ConflictError
from domain.jobs import Cancel, Finish, Start, step
from domain.wire.live import BenchmarkResult, JobFrame
from storage import benchmarks, events, jobs
from storage.database import Store
from storage.events import RECENT_JOBS, RESUME_WINDOW, FeedState
from storage.tables import EventRow, UserRow
from tests.storage.made import (
    AT_MS,
    NO_LIMITS,
    a_job,
    a_new_benchmark,
    a_result,
    a_running_job,
    a_user,
    side_by_side,
    stepped,
    write,
)

NOW_MS = AT_MS + 10 * 60 * 1000  # what is at AT_MS is old by then


@pytest.fixture
def ada(store: Store):
    return a_user(store)


def epoch(user) -> str:
    return UserRow.get_by_id(user.id).epoch


def seqs(user) -> list[int]:
    rows = EventRow.select(EventRow.seq).where(EventRow.user == user.id)
    return sorted(row.seq for row in rows)


def test_events_of_each_user_are_numbered_from_one_without_a_gap(store: Store, ada):
    bob = a_user(store, "bob@example.org")
    for user in (ada, bob, ada, ada):
        a_running_job(store, user)

    assert seqs(ada) == [1, 2, 3, 4, 5, 6]
    assert seqs(bob) == [1, 2]
    assert UserRow.get_by_id(ada.id).event_seq == 6


def test_concurrent_writers_leave_no_gap_and_no_double_even_when_some_fail(
    store: Store, ada
):
    bob = a_user(store, "bob@example.org")
    rounds, writers = 15, 4

    def submit_or_fail(user, number: int):
        change = benchmarks.create(a_new_benchmark(user), NO_LIMITS)
        if number % 3 == 0:
            raise ConflictError("after its event was numbered")
        return change

    def work(writer: int) -> int:
        stored = 0
        for number in range(rounds):
            user = (ada, bob)[(number + writer) % 2]
            try:
                write(store, submit_or_fail, user, number)
            except ConflictError:
                continue
            stored += 1
        return stored

    works = [functools.partial(work, writer) for writer in range(writers)]
    assert side_by_side(store, works) == [10] * writers

    found = seqs(ada), seqs(bob)
    assert sum(map(len, found)) == 10 * writers
    for user, numbers in zip((ada, bob), found, strict=True):
        assert numbers == list(range(1, len(numbers) + 1))
        assert UserRow.get_by_id(user.id).event_seq == len(numbers)


def test_a_job_event_is_stored_as_the_frame_that_goes_over_the_wire(store: Store, ada):
    job = a_job(store, ada)
    (row,) = EventRow.select()

    frame = msgspec.json.decode(row.body, type=JobFrame)
    assert (row.user_id, row.seq, row.job, row.type, row.at_ms) == (
        ada.id,
        1,
        job.id,
        "job_created",
        AT_MS,
    )
    assert (frame.type, frame.seq, frame.job.id, frame.job.status) == (
        "job_created",
        1,
        job.id,
        "queued",
    )


def test_a_result_event_carries_the_row(store: Store, ada):
    running = a_running_job(store, ada)
    with store.transaction():
        change = benchmarks.store_results(running, {1: a_result(1)}, AT_MS)

    (event,) = change.events
    frame = msgspec.json.decode(event.body, type=BenchmarkResult)
    assert (event.type, event.seq, event.job_id) == ("benchmark_result", 3, running.id)
    assert (frame.seq, frame.job_id, frame.result) == (3, running.id, a_result(1))


def test_without_a_position_the_feed_begins_with_the_full_state(store: Store, ada):
    queued, running = a_job(store, ada), a_running_job(store, ada)
    ended = stepped(store, a_job(store, ada), Cancel(AT_MS))
    a_job(store, a_user(store, "bob@example.org"))

    assert events.feed(ada.id, NOW_MS) == FeedState(
        epoch(ada),
        5,
        resumed=False,
        active=(queued, running),
        recent=(ended,),
    )


def test_the_full_state_holds_the_last_jobs_that_ended_newest_first(store: Store, ada):
    ended = [stepped(store, a_job(store, ada), Cancel(AT_MS)) for _ in range(12)]

    assert events.feed(ada.id, NOW_MS).recent == tuple(ended[: -RECENT_JOBS - 1 : -1])


@pytest.mark.parametrize("since", [0, 1, 3, 4])
def test_a_known_position_is_resumed_with_every_later_event(store: Store, ada, since: int):
    a_running_job(store, ada)
    a_running_job(store, ada)

    feed = events.feed(ada.id, NOW_MS, epoch=epoch(ada), since=since)

    assert (feed.resumed, feed.seq, feed.active, feed.recent) == (True, since, (), ())
    assert [event.seq for event in feed.events] == list(range(since + 1, 5))
    assert all(f'"seq":{event.seq}' in event.body for event in feed.events)


def test_the_events_of_others_are_not_resumed(store: Store, ada):
    bob = a_user(store, "bob@example.org")
    a_running_job(store, bob)
    a_job(store, ada)

    feed = events.feed(ada.id, NOW_MS, epoch=epoch(ada), since=0)

    assert [(event.user_id, event.seq) for event in feed.events] == [(ada.id, 1)]


@pytest.mark.parametrize(
    ("foreign", "since"), [(True, 1), (None, 1), (False, 3), (False, 10**17), (False, -1)]
)
def test_a_foreign_epoch_or_a_position_of_the_future_gives_the_full_state(
    store: Store, ada, foreign: bool | None, since: int
):
    running = a_running_job(store, ada)
    named = {True: "another epoch", False: epoch(ada), None: None}[foreign]

    feed = events.feed(ada.id, NOW_MS, epoch=named, since=since)

    assert (feed.resumed, feed.seq, feed.active) == (False, 2, (running,))
    assert feed.epoch == epoch(ada)


@pytest.mark.parametrize("missing", [2, 3, 4])
def test_a_hole_after_the_position_gives_the_full_state(store: Store, ada, missing: int):
    a_running_job(store, ada)
    a_running_job(store, ada)
    EventRow.delete().where(EventRow.seq == missing).execute()

    assert not events.feed(ada.id, NOW_MS, epoch=epoch(ada), since=1).resumed
    assert events.feed(ada.id, NOW_MS, epoch=epoch(ada), since=missing).resumed


def test_a_position_further_back_than_the_window_gives_the_full_state(store: Store, ada):
    job = a_job(store, ada)
    with store.transaction():
        for _ in range(RESUME_WINDOW):
            events.job_event(job, AT_MS)

    assert not events.feed(ada.id, NOW_MS, epoch=epoch(ada), since=0).resumed
    feed = events.feed(ada.id, NOW_MS, epoch=epoch(ada), since=1)
    assert (feed.resumed, len(feed.events)) == (True, RESUME_WINDOW)
    young = events.feed(ada.id, AT_MS + 1000, epoch=epoch(ada), since=0)
    assert (young.resumed, len(young.events)) == (True, RESUME_WINDOW + 1)


def test_the_life_of_a_job_is_told_oldest_first_and_in_pages(store: Store, ada):
    job, _ = a_running_job(store, ada), a_running_job(store, ada)
    stepped(store, job, Finish(AT_MS))

    life = events.of_job(job.id, since=0, limit=10)

    assert [(event.seq, event.type) for event in life] == [
        (1, "job_created"),
        (2, "job_started"),
        (5, "job_completed"),
    ]
    assert life[0].at == "2026-11-23T01:02:03.456Z"
    assert life[2].payload["job"]["status"] == "done"
    assert events.of_job(job.id, since=0, limit=2) == life[:2]
    assert events.of_job(job.id, since=2, limit=2) == life[2:]


def test_events_are_told_in_the_order_of_their_numbers(store: Store, ada):
    queued = a_job(store, ada)
    with store.transaction():
        running = jobs.change(queued, step(queued, Start(AT_MS))[0], AT_MS)
        results = {0: a_result(0), 1: a_result(1)}
        end, _ = step(running.value, Finish(AT_MS))
        ended = benchmarks.conclude(running.value, end, AT_MS, rows=results)

    told = (*running.events, *ended.events)
    assert [event.seq for event in told] == [2, 3, 4, 5]
    assert collections.Counter(event.type for event in told) == {
        "job_started": 1,
        "benchmark_result": 2,
        "job_completed": 1,
    }
    assert told[-1].type == "job_completed"
