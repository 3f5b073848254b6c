"""Start in order, restart rest-for-one, stop in reverse, give up after too many."""

import asyncio

import pytest

from actors.runtime import LoopActor, ask, stop_actor
from actors.supervisor import (
    GetChildren,
    RestartBudget,
    RestartLimitError,
    Supervisor,
    report_failure,
)
from tests.actors.fakes import Diary


class Child(LoopActor):
    def __init__(self, name, parent, diary):
        super().__init__()
        self.name, self.parent, self.diary = name, parent, diary
        diary.write(f"start {name}")

    def on_receive(self, message):
        raise RuntimeError(message)

    def on_failure(self, exception_type, exception_value, traceback):
        report_failure(self.parent, self.name, exception_value)

    async def teardown(self):
        self.diary.write(f"end {self.name}")


def recipes(diary, refs):
    def recipe(name):
        def start(parent):
            refs[name] = Child.start(name, parent, diary)
            return refs[name]

        return start

    return {name: recipe(name) for name in ("a", "b", "c")}


@pytest.mark.gen_test(timeout=20)
async def test_children_start_in_order_and_stop_in_reverse():
    diary, refs = Diary(), {}
    root = Supervisor.start(recipes(diary, refs))
    assert await ask(root, GetChildren()) == ("a", "b", "c")
    await stop_actor(root)
    assert diary.lines == ["start a", "start b", "start c", "end c", "end b", "end a"]


@pytest.mark.gen_test(timeout=20)
async def test_a_crash_takes_along_whatever_was_started_after_it_and_nothing_before():
    diary, refs = Diary(), {}
    root = Supervisor.start(recipes(diary, refs))
    await ask(root, GetChildren())
    diary.lines.clear()
    refs["b"].tell("crash")
    await diary.until(lambda: diary.lines[-1:] == ["start c"])
    assert diary.lines == ["end b", "end c", "start b", "start c"]
    await stop_actor(root)


class Watched(Supervisor):
    def __init__(self, *args, ended, diary, **kwargs):
        super().__init__(*args, **kwargs)
        self.when_ended = ended
        self.diary = diary

    def on_failure(self, exception_type, exception_value, traceback):
        self.when_ended.set_result(exception_value)
        self.diary.write("gave up")


@pytest.mark.gen_test(timeout=20)
async def test_a_supervisor_whose_children_crash_too_often_gives_up_and_takes_them_along():
    diary, refs = Diary(), {}
    ended = asyncio.get_running_loop().create_future()
    budget = RestartBudget(limit=2, window_s=60, clock=lambda: 0.0)
    root = Watched.start(recipes(diary, refs), budget=budget, ended=ended, diary=diary)
    await ask(root, GetChildren())
    for _ in range(3):
        starts = diary.lines.count("start c")
        refs["c"].tell("crash")
        await diary.until(lambda n=starts: diary.lines.count("start c") > n or ended.done())
    assert isinstance(await ended, RestartLimitError)
    await diary.until(lambda: diary.lines.count("end a") == 1)


def test_restarts_long_ago_do_not_count():
    now = [0.0]
    budget = RestartBudget(limit=2, window_s=60, clock=lambda: now[0])
    budget.spend("x")
    budget.spend("x")
    with pytest.raises(RestartLimitError):
        budget.spend("x")
    now[0] = 60.0
    budget.spend("x")
