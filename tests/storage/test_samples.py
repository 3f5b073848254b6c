"""Finished requests: stored once each, only while they are wanted."""

import dataclasses
import functools

import pytest

from domain.jobs import Cancel, JobState, Recover, Start
from storage import jobs, samples
from storage.database import Store
from tests.domain.made_samples import a_failed_sample, an_ok_sample
from tests.storage.made import (
    a_job,
    a_running_job,
    a_user,
    everything,
    side_by_side,
    stepped,
    write,
)

BATCH = [an_ok_sample(warmup=True), an_ok_sample(), a_failed_sample(index=1)]


@pytest.fixture
def running(store: Store):
    return a_running_job(store, a_user(store))


def test_samples_are_stored_and_the_job_counts_them(store: Store, running):
    assert write(store, samples.store, running, BATCH) == 3

    assert jobs.by_id(running.id).done == 3
    assert samples.of_rows(running.result_id, [0]) == BATCH
    assert samples.finished(running.result_id) == {
        (0, True, 0),
        (0, False, 0),
        (0, False, 1),
    }


def test_a_batch_told_twice_counts_once_and_the_first_stays(store: Store, running):
    write(store, samples.store, running, BATCH)
    again = [an_ok_sample(ttft_ms=999.0), an_ok_sample(index=2)]

    assert write(store, samples.store, running, again) == 4
    assert samples.of_rows(running.result_id, [0]) == [*BATCH, again[1]]


def test_one_batch_at_once_from_several_writers_counts_once(store: Store, running):
    work = functools.partial(write, store, samples.store, running, BATCH)

    assert side_by_side(store, [work] * 4) == [3] * 4
    assert len(samples.of_rows(running.result_id, [0])) == 3


def test_a_sample_twice_in_one_batch_counts_once(store: Store, running):
    assert write(store, samples.store, running, [*BATCH, BATCH[0]]) == 3
    assert jobs.by_id(running.id).done == 3


def test_an_empty_batch_says_how_many_are_done(store: Store, running):
    write(store, samples.store, running, BATCH[:2])

    assert write(store, samples.store, running, []) == 2


def test_what_an_earlier_attempt_sends_late_is_refused(store: Store, running):
    stepped(store, stepped(store, running, Recover(9)), Start(9))
    before = everything()

    assert write(store, samples.store, running, BATCH) is None
    assert everything() == before


@pytest.mark.parametrize("event", [Cancel(9), Recover(9)], ids=["cancelled", "queued"])
def test_a_job_that_does_not_run_takes_none(store: Store, running, event):
    after = stepped(store, running, event)
    before = everything()

    assert write(store, samples.store, running, BATCH) is None
    as_if = dataclasses.replace(after, state=JobState.RUNNING)
    assert write(store, samples.store, as_if, BATCH) is None
    assert everything() == before


def test_a_job_that_never_was_takes_none(store: Store, running):
    unknown = dataclasses.replace(running, id="unknown")

    assert write(store, samples.store, unknown, BATCH) is None


def test_the_next_attempt_finds_what_the_last_one_stored(store: Store, running):
    write(store, samples.store, running, BATCH[:2])
    second = stepped(store, stepped(store, running, Recover(9)), Start(9))

    assert samples.finished(second.result_id) == {(0, True, 0), (0, False, 0)}
    assert write(store, samples.store, second, BATCH[2:]) == 3
    assert jobs.by_id(second.id).done == 3


def test_samples_of_several_rows_and_benchmarks_are_told_apart(store: Store, running):
    other = a_running_job(store, a_user(store, "bob@example.org"))
    rows = [an_ok_sample(row=row) for row in (0, 1, 2)]
    write(store, samples.store, running, rows)
    write(store, samples.store, other, BATCH)

    assert samples.of_rows(running.result_id, [0, 2]) == [rows[0], rows[2]]
    assert samples.of_rows(running.result_id, []) == []
    assert samples.finished("unknown") == frozenset()
    assert a_job(store, a_user(store, "cyd@example.org")).done == 0


def test_a_stage_that_is_repeated_keeps_what_it_had_for_the_record_only(
    store: Store, running
):
    first = [an_ok_sample(row=1, index=n, attempt=1) for n in range(3)]
    other = an_ok_sample(row=0, attempt=1)
    write(store, samples.store, running, [*first, other])

    assert write(store, samples.supersede, running, [1]) == 1
    again = an_ok_sample(row=1, attempt=2)
    assert write(store, samples.store, running, [again]) == 2

    assert jobs.by_id(running.id).done == 2
    assert samples.of_rows(running.result_id, [0, 1]) == [other, again]
    assert samples.tries(running.result_id) == {0: 1, 1: 2}
    assert samples.counted(running.result_id) == {0: 1, 1: 1}


def test_a_stage_that_has_ended_settles_the_total(store: Store, running):
    assert write(store, samples.settle, running, 41) == 41
    assert jobs.by_id(running.id).total == 41


def test_an_attempt_that_is_over_supersedes_and_settles_nothing(store: Store, running):
    write(store, samples.store, running, BATCH)
    total = jobs.by_id(running.id).total
    old = dataclasses.replace(running, attempt=running.attempt + 1)

    assert write(store, samples.supersede, old, [0]) is None
    assert write(store, samples.settle, old, 99) is None
    assert samples.of_rows(running.result_id, [0]) == BATCH
    assert jobs.by_id(running.id).total == total
