"""The state machine of a job: every single step, and any sequence of events."""

import dataclasses

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.jobs import (
    EVENT_OF_STATE,
    FINAL_STATES,
    OPEN_STATES,
    Cancel,
    Effect,
    Fail,
    Finish,
    Job,
    JobFailure,
    JobInput,
    JobState,
    Recover,
    Start,
    step,
)

FAILURE = JobFailure("cannot_start", "The provider was deleted meanwhile.")
START, FINISH, FAIL, CANCEL, RECOVER = (
    Start(10),
    Finish(20),
    Fail(30, FAILURE),
    Cancel(40),
    Recover(9),
)
STORE, BEGIN, ABORT = Effect.STORE, Effect.BEGIN_WORK, Effect.ABORT_WORK
FREE, ENQUEUE = Effect.FREE_SLOT, Effect.ENQUEUE
QUEUED = Job(
    id="j1",
    owner_id="u1",
    kind="benchmark",
    state=JobState.QUEUED,
    attempt=1,
    created_at_ms=1,
    total=3,
    result_id="b1",
)


def in_state(state: JobState) -> Job:
    started_at_ms = None if state is JobState.QUEUED else 5
    return dataclasses.replace(QUEUED, state=state, started_at_ms=started_at_ms)


@pytest.mark.parametrize(
    ("before", "event", "after", "effects"),
    [
        (JobState.QUEUED, START, JobState.RUNNING, (STORE, BEGIN)),
        (JobState.QUEUED, FAIL, JobState.FAILED, (STORE,)),
        (JobState.QUEUED, CANCEL, JobState.CANCELLED, (STORE,)),
        (JobState.RUNNING, FINISH, JobState.DONE, (STORE, FREE)),
        (JobState.RUNNING, FAIL, JobState.FAILED, (ABORT, STORE, FREE)),
        (JobState.RUNNING, CANCEL, JobState.CANCELLED, (ABORT, STORE, FREE)),
        (JobState.RUNNING, RECOVER, JobState.QUEUED, (STORE, FREE, ENQUEUE)),
    ],
)
def test_a_step_leads_to_one_state_and_asks_for_these_effects_in_this_order(
    before: JobState, event: JobInput, after: JobState, effects: tuple[Effect, ...]
):
    job, asked = step(in_state(before), event)

    assert (job.state, asked) == (after, effects)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (JobState.QUEUED, FINISH),
        (JobState.QUEUED, RECOVER),
        (JobState.RUNNING, START),
        *[(s, e) for s in FINAL_STATES for e in (START, FINISH, FAIL, CANCEL, RECOVER)],
    ],
)
def test_an_event_that_does_not_fit_changes_nothing_and_asks_for_nothing(
    state: JobState, event: JobInput
):
    job = in_state(state)

    assert step(job, event) == (job, ())


def test_a_failed_job_says_why_and_no_other_does():
    failed, _ = step(in_state(JobState.RUNNING), FAIL)
    done, _ = step(in_state(JobState.RUNNING), FINISH)

    assert (failed.failure, failed.ended_at_ms) == (FAILURE, 30)
    assert (done.failure, done.ended_at_ms) == (None, 20)


def test_a_recovered_job_keeps_its_first_start_and_counts_the_attempt():
    running, _ = step(QUEUED, Start(10))
    queued, _ = step(running, RECOVER)
    again, _ = step(queued, Start(99))

    assert (queued.attempt, queued.resumed) == (2, True)
    assert (again.started_at_ms, again.attempt, again.ended_at_ms) == (10, 2, None)


def test_a_job_whose_cancel_was_asked_for_ends_instead_of_being_recovered():
    unwanted = dataclasses.replace(in_state(JobState.RUNNING), cancel_requested=True)
    ended, asked = step(unwanted, Recover(50))

    assert (ended.state, ended.attempt, ended.ended_at_ms) == (JobState.CANCELLED, 1, 50)
    assert asked == (ABORT, STORE, FREE)


def test_every_state_is_either_open_or_final_and_has_its_event():
    assert set(JobState) == OPEN_STATES | FINAL_STATES
    assert not OPEN_STATES & FINAL_STATES
    assert {state for state in JobState if state.is_final} == FINAL_STATES
    assert set(EVENT_OF_STATE) == set(JobState)


class JobLife(RuleBasedStateMachine):
    """A job that gets any events in any order, at times that grow."""

    def __init__(self) -> None:
        super().__init__()
        self.job = QUEUED
        self.now_ms = 1
        self.first_start_ms: int | None = None
        self.ends = 0

    @rule(passed_ms=st.integers(0, 1000))
    def time_passes(self, passed_ms: int) -> None:
        self.now_ms += passed_ms

    @rule()
    def start(self) -> None:
        if self.take(Start(self.now_ms)) and self.first_start_ms is None:
            self.first_start_ms = self.now_ms

    @rule()
    def finish(self) -> None:
        was_queued = self.job.state is JobState.QUEUED
        assert not (self.take(Finish(self.now_ms)) and was_queued)

    @rule()
    def fail(self) -> None:
        self.take(Fail(self.now_ms, FAILURE))

    @rule()
    def cancel(self) -> None:
        self.take(Cancel(self.now_ms))

    @precondition(lambda self: not self.job.state.is_final)
    @rule()
    def cancel_is_asked_for(self) -> None:
        self.job = dataclasses.replace(self.job, cancel_requested=True)

    @rule()
    def recover(self) -> None:
        before = self.job
        if self.take(Recover(self.now_ms)):
            again = not before.cancel_requested
            assert self.job.attempt == before.attempt + again
            wanted = JobState.QUEUED if again else JobState.CANCELLED
            assert self.job.state is wanted

    def take(self, event: JobInput) -> bool:
        """Step, check what holds of every step; returns whether anything changed."""
        before = self.job
        self.job, effects = step(before, event)
        assert (self.job != before) == (STORE in effects) == bool(effects)
        assert list(effects) == [effect for effect in Effect if effect in effects]
        assert (FREE in effects) == (
            before.state is JobState.RUNNING and self.job.state is not JobState.RUNNING
        )
        assert self.job.attempt >= before.attempt
        if before.state.is_final:
            assert self.job == before
        self.ends += self.job.state.is_final and not before.state.is_final
        return self.job != before

    @invariant()
    def ends_once_at_most(self) -> None:
        assert self.ends == (1 if self.job.state.is_final else 0)
        assert (self.job.ended_at_ms is not None) == self.job.state.is_final

    @invariant()
    def keeps_its_first_start(self) -> None:
        assert self.job.started_at_ms == self.first_start_ms

    @invariant()
    def has_a_failure_only_when_failed(self) -> None:
        assert (self.job.failure is not None) == (self.job.state is JobState.FAILED)

    @invariant()
    def stays_the_same_job(self) -> None:
        same = ("id", "owner_id", "kind", "created_at_ms", "total", "result_id", "done")
        assert all(getattr(self.job, n) == getattr(QUEUED, n) for n in same)
        assert self.job.resumed == (self.job.attempt > 1)


TestJobLife = JobLife.TestCase
TestJobLife.settings = settings(deadline=None, max_examples=150, stateful_step_count=30)
