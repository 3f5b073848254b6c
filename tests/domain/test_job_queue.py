"""Who starts next: limits, turns, places in line."""

import collections
import copy

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from domain.job_queue import JobQueue, QueuedJob


def a_job(job_id: str, owner_id: str = "ada", **fields) -> QueuedJob:
    return QueuedJob(job_id=job_id, owner_id=owner_id, **({"user_limit": None} | fields))


def a_queue(*jobs: QueuedJob, max_running: int = 1) -> JobQueue:
    queue = JobQueue(max_running=max_running)
    for job in jobs:
        queue.add(job)
    return queue


def started(queue: JobQueue) -> list[str]:
    """Start what fits now."""
    found = []
    while (job := queue.start_next()) is not None:
        found.append(job.job_id)
    return found


def in_turn(queue: JobQueue) -> list[str]:
    """Start and end every job, one at a time."""
    order = []
    while (job := queue.start_next()) is not None:
        order.append(job.job_id)
        queue.free(job.job_id)
    return order


def test_an_empty_queue_starts_nothing():
    queue = a_queue()

    assert queue.start_next() is None
    assert (queue.waiting_count, queue.running_ids, queue.positions()) == (
        0,
        frozenset(),
        {},
    )


def test_a_user_with_a_thousand_jobs_delays_another_by_one_turn():
    queue = a_queue(*[a_job(f"a{n}", "ada") for n in range(1000)], max_running=1)
    assert started(queue) == ["a0"]
    queue.add(a_job("b", "bob"))
    assert queue.positions()["b"] <= 2

    order = [queue.free("a0"), *in_turn(queue)][1:]

    assert order.index("b") <= 1
    assert [job for job in order if job != "b"] == [f"a{n}" for n in range(1, 1000)]


def test_users_take_turns_and_each_users_jobs_keep_their_order():
    names = ["a1", "a2", "a3", "b1", "b2", "c1"]
    queue = a_queue(*[a_job(name, name[0]) for name in names])

    assert in_turn(queue) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_user_at_the_limit_does_not_hold_up_the_others():
    queue = a_queue(
        *[a_job(f"a{n}", "ada", user_limit=2) for n in range(4)],
        a_job("b", "bob", user_limit=1),
        max_running=10,
    )

    assert set(started(queue)) == {"a0", "a1", "b"}
    queue.free("a0")
    assert started(queue) == ["a2"]


def test_the_studios_limit_holds_for_all_users_together():
    queue = a_queue(*[a_job(str(n), f"user {n}") for n in range(5)], max_running=3)

    assert len(started(queue)) == 3
    assert queue.waiting_count == 2
    queue.free("0")
    assert started(queue) == ["3"]


def test_a_job_waits_until_its_largest_level_fits_into_what_its_provider_has_free():
    shape = {"caps": {"p": 10}}
    queue = a_queue(
        a_job("six", needs={"p": 6}, **shape),
        a_job("five", needs={"p": 5}, **shape),
        a_job("four", needs={"p": 4}, **shape),
        max_running=10,
    )

    assert started(queue) == ["six"]  # the next is not overtaken by a smaller one
    queue.free("six")
    assert started(queue) == ["five", "four"]


def test_a_job_that_needs_more_than_its_provider_takes_runs_when_it_is_alone():
    big = a_job("big", needs={"p": 50}, caps={"p": 10})
    small = a_job("small", needs={"p": 1}, caps={"p": 10})
    queue = a_queue(small, big, max_running=10)

    assert started(queue) == ["small"]
    queue.free("small")
    assert started(queue) == ["big"]


def test_providers_without_a_cap_and_other_providers_are_no_hindrance():
    queue = a_queue(
        a_job("1", needs={"p": 9, "q": 9}, caps={"p": 9}),
        a_job("2", needs={"q": 9}, caps={}),
        a_job("3", needs={"r": 9}, caps={"r": 9}),
        max_running=10,
    )

    assert started(queue) == ["1", "2", "3"]


def test_a_job_known_already_keeps_its_place_and_is_started_once():
    queue = a_queue(a_job("1"), a_job("2"), a_job("1"), max_running=2)
    assert queue.positions() == {"1": 1, "2": 2}
    assert started(queue) == ["1", "2"]

    queue.add(a_job("1"))

    assert queue.waiting_count == 0


def test_a_recovered_job_goes_to_the_end_of_its_users_line():
    queue = a_queue(a_job("1"), a_job("2"))
    assert started(queue) == ["1"]

    queue.free("1")
    queue.add(a_job("1"))

    assert in_turn(queue) == ["2", "1"]


@pytest.mark.parametrize("job_id", ["waiting", "running", "unknown"])
def test_removing_and_freeing_twice_is_the_same_as_once(job_id: str):
    queue = a_queue(a_job("running"), a_job("waiting"))
    assert started(queue) == ["running"]

    assert queue.remove(job_id) == (job_id == "waiting")
    assert not queue.remove(job_id)
    assert ("running" in queue, queue.is_waiting("waiting")) == (
        True,
        job_id != "waiting",
    )

    queue.free(job_id)
    once = copy.deepcopy(queue)
    queue.free(job_id)
    assert (queue.running_ids, queue.positions()) == (once.running_ids, once.positions())
    assert ("running" in queue) == (job_id != "running")


OWNERS = st.sampled_from(["ada", "bob", "cyd"])
NEEDS = st.dictionaries(st.sampled_from(["p", "q"]), st.integers(1, 8), max_size=2)
CAPS = {"p": 6, "q": 3}


class QueueLife(RuleBasedStateMachine):
    """Jobs that come, start, end and are taken out in any order."""

    waiting = Bundle("waiting")
    max_running = 4

    def __init__(self) -> None:
        super().__init__()
        self.queue = JobQueue(max_running=self.max_running)
        self.lines: dict[str, list[QueuedJob]] = collections.defaultdict(list)
        self.running: dict[str, QueuedJob] = {}
        self.count = 0

    @rule(
        target=waiting,
        owner=OWNERS,
        limit=st.one_of(st.none(), st.integers(1, 3)),
        needs=NEEDS,
        capped=st.booleans(),
    )
    def add(self, owner: str, limit: int | None, needs: dict, capped: bool) -> str:
        self.count += 1
        caps = {provider: CAPS[provider] for provider in needs} if capped else {}
        fields = {"user_limit": limit, "needs": needs, "caps": caps}
        job = a_job(f"{owner}-{self.count}", owner, **fields)
        self.queue.add(job)
        self.lines[owner].append(job)
        return job.job_id

    @rule(job_id=consumes(waiting))
    def remove(self, job_id: str) -> None:
        line = self.lines[job_id.partition("-")[0]]
        waits = any(job.job_id == job_id for job in line)
        line[:] = [job for job in line if job.job_id != job_id]
        assert self.queue.remove(job_id) == waits
        assert not self.queue.remove(job_id)

    @rule()
    def start_next(self) -> None:
        job = self.queue.start_next()
        if job is None:
            heads = [line[0] for line in self.lines.values() if line]
            assert not any(self.fits(head) for head in heads)
            return
        assert self.fits(job)
        assert self.lines[job.owner_id].pop(0) == job
        self.running[job.job_id] = job

    @rule(data=st.data())
    def end_one(self, data: st.DataObject) -> None:
        if self.running:
            job_id = data.draw(st.sampled_from(sorted(self.running)))
            del self.running[job_id]
            self.queue.free(job_id)
            self.queue.free(job_id)

    def fits(self, job: QueuedJob) -> bool:
        """Judge by the rules as they are written down, over a model of our own."""
        others = list(self.running.values())
        mine = [other for other in others if other.owner_id == job.owner_id]
        if len(others) >= self.max_running:
            return False
        if job.user_limit is not None and len(mine) >= job.user_limit:
            return False
        taken = collections.Counter()
        for other in others:
            taken.update(other.needs)
        return all(
            taken[provider] == 0 or taken[provider] + job.needs[provider] <= cap
            for provider, cap in job.caps.items()
        )

    @invariant()
    def is_what_the_model_says(self) -> None:
        assert self.queue.running_ids == set(self.running)
        assert len(self.running) <= self.max_running
        waiting = [job for line in self.lines.values() for job in line]
        assert self.queue.waiting_count == len(waiting)
        assert all(job.job_id in self.queue for job in waiting)
        assert all(self.queue.is_waiting(job.job_id) for job in waiting)

    @invariant()
    def positions_are_the_order_in_which_jobs_start_when_each_fits(self) -> None:
        queue = copy.deepcopy(self.queue)
        positions = queue.positions()
        for job_id in queue.running_ids:
            queue.free(job_id)

        order = in_turn(queue)

        assert positions == {job_id: place for place, job_id in enumerate(order, start=1)}


TestQueueLife = QueueLife.TestCase
TestQueueLife.settings = settings(deadline=None, max_examples=80, stateful_step_count=30)
