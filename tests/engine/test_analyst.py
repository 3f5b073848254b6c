import asyncio
import contextlib
import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import msgspec
import pytest

from domain.errors import UnavailableError
from domain.plan import Plan
from domain.results import result_row
from domain.samples import Sample
from domain.wire.benchmarks import Slo
from engine.analyst import Analyst, AnalystError
from tests.domain.made_samples import a_failed_sample, a_plan, a_random_sample

LIMIT_S = 60
SLO = Slo(ttft_ms=200)

Work = Callable[[Analyst], Awaitable[None]]


def with_analyst(work: Work, **settings: Any) -> None:
    """Run `work` with an analyst that is stopped afterwards, whatever happens."""

    async def run() -> None:
        analyst = Analyst(**settings)
        try:
            async with asyncio.timeout(LIMIT_S):
                await work(analyst)
        finally:
            await asyncio.wait_for(analyst.stop(), 10)
        assert analyst.pid is None

    asyncio.run(run())


def samples_of(row: int, count: int) -> list[Sample]:
    random_ = random.Random(row)
    made = [a_random_sample(i, random_) for i in range(count - 1)]
    made.append(a_failed_sample(index=count - 1))
    return [msgspec.structs.replace(sample, row=row) for sample in made]


async def rows_from(analyst: Analyst, plan: Plan, samples: dict[int, list[Sample]], seed=7):
    return await analyst.result_rows(
        plan, samples, slo=SLO, seed=seed, partial=False, attempts=1
    )


def rows_here(plan: Plan, samples: dict[int, list[Sample]], seed=7):
    return [
        result_row(
            plan, row, samples[row.row], slo=SLO, seed=seed, partial=False, attempts=1
        )
        for row in plan.rows
        if row.row in samples
    ]


async def pid_of(analyst: Analyst) -> int:
    await analyst.warm()
    assert analyst.pid is not None
    return analyst.pid


@contextlib.contextmanager
def seen_to_end(pid: int) -> Iterator[Callable[[], bool]]:
    """Yield a function that blocks until the process has ended; False after 20 s."""
    fd = os.pidfd_open(pid)
    try:
        yield lambda: bool(select.select([fd], [], [], 20)[0])
    finally:
        os.close(fd)


@contextlib.asynccontextmanager
async def frozen(analyst: Analyst) -> AsyncIterator[int]:
    """Hold the process still, so that what is asked meanwhile stays unanswered."""
    pid = await pid_of(analyst)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


async def begun(work: Awaitable[Any]) -> asyncio.Task[Any]:
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0)
    return task


def test_the_process_computes_what_the_function_does() -> None:
    plan = a_plan(10, 1_500, 5)
    samples = {0: samples_of(0, 10), 1: samples_of(1, 1_500), 2: []}

    async def work(analyst: Analyst) -> None:
        assert await rows_from(analyst, plan, samples) == rows_here(plan, samples)

    with_analyst(work)


def test_only_the_rows_asked_for_are_answered_in_the_plans_order() -> None:
    plan = a_plan(3, 3, 3)
    samples = {2: samples_of(2, 3), 1: samples_of(1, 3)}

    async def work(analyst: Analyst) -> None:
        assert await rows_from(analyst, plan, samples) == rows_here(plan, samples)
        assert await rows_from(analyst, plan, {}) == []

    with_analyst(work)


def test_calls_made_together_each_get_their_own_answer() -> None:
    plan = a_plan(20)
    samples = {0: samples_of(0, 20)}

    async def work(analyst: Analyst) -> None:
        answers = await asyncio.gather(
            *(rows_from(analyst, plan, samples, s) for s in (1, 2))
        )
        assert answers == [rows_here(plan, samples, 1), rows_here(plan, samples, 2)]
        assert answers[0] != answers[1]

    with_analyst(work)


def test_one_process_serves_many_calls_and_gives_way_to_all_others() -> None:
    async def work(analyst: Analyst) -> None:
        assert analyst.pid is None
        pid = await pid_of(analyst)
        assert await pid_of(analyst) == pid
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, ours + 10)

    with_analyst(work)


def test_a_process_killed_during_a_call_fails_it_and_the_next_call_has_a_new_one() -> None:
    plan, samples = a_plan(10), {0: samples_of(0, 10)}

    async def work(analyst: Analyst) -> None:
        async with frozen(analyst) as pid:
            call = await begun(rows_from(analyst, plan, samples))
            waiting = await begun(rows_from(analyst, plan, samples))
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(AnalystError, match=r"ended \(-9\)"):
                await call
        assert await waiting == rows_here(plan, samples)
        assert analyst.pid != pid

    with_analyst(work)


def test_what_cannot_be_computed_is_an_error_and_the_process_lives_on() -> None:
    plan = a_plan(3)
    broken = msgspec.structs.replace(plan, targets=[])

    async def work(analyst: Analyst) -> None:
        pid = await pid_of(analyst)
        with pytest.raises(AnalystError, match="IndexError"):
            await rows_from(analyst, broken, {0: []})
        assert await rows_from(analyst, plan, {0: []}) == rows_here(plan, {0: []})
        assert analyst.pid == pid

    with_analyst(work)


def test_a_call_that_takes_too_long_fails_and_costs_the_process_its_life() -> None:
    async def work(analyst: Analyst) -> None:
        async with frozen(analyst) as pid:
            with seen_to_end(pid) as has_ended:
                analyst._timeout_s = 0.05
                with pytest.raises(AnalystError, match=r"within 0\.05 s"):
                    await analyst.warm()
                assert has_ended()
        analyst._timeout_s = LIMIT_S
        assert await pid_of(analyst) != pid

    with_analyst(work)


def test_waiting_for_ones_turn_is_part_of_the_time_limit() -> None:
    async def work(analyst: Analyst) -> None:
        async with frozen(analyst):
            first = await begun(analyst.warm())
            analyst._timeout_s = 0.05
            with pytest.raises(AnalystError, match="within"):
                await analyst.warm()
            assert not first.done()
        await first

    with_analyst(work)


def test_a_call_given_up_leaves_the_next_ones_answer_intact() -> None:
    plan, samples = a_plan(10), {0: samples_of(0, 10)}

    async def work(analyst: Analyst) -> None:
        async with frozen(analyst) as pid:
            given_up = await begun(rows_from(analyst, plan, samples, seed=1))
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
            call = await begun(rows_from(analyst, plan, samples, seed=2))
        assert await call == rows_here(plan, samples, seed=2)
        assert analyst.pid == pid

    with_analyst(work)


def test_more_calls_than_may_wait_are_refused_at_once() -> None:
    async def work(analyst: Analyst) -> None:
        async with frozen(analyst):
            calls = [await begun(analyst.warm()) for _ in range(2)]
            with pytest.raises(UnavailableError, match="Too many"):
                await analyst.warm()
        await asyncio.gather(*calls)
        await analyst.warm()

    with_analyst(work, most_calls=2)


def test_an_idle_process_ends_and_comes_back_when_needed() -> None:
    async def work(analyst: Analyst) -> None:
        pid = await pid_of(analyst)
        with seen_to_end(pid) as has_ended:
            assert await asyncio.to_thread(has_ended)
        assert analyst.pid is None
        assert await pid_of(analyst) != pid

    with_analyst(work, idle_s=0.05)


def test_a_process_that_is_held_stays_until_it_is_released() -> None:
    async def work(analyst: Analyst) -> None:
        analyst.hold()
        pid = await pid_of(analyst)
        with seen_to_end(pid) as has_ended:
            assert analyst._idle is None  # no clock runs that could end it
            analyst.release()
            assert await asyncio.to_thread(has_ended)

    with_analyst(work, idle_s=0.01)


def test_stopping_fails_the_call_under_way_and_refuses_all_later_ones() -> None:
    async def work(analyst: Analyst) -> None:
        async with frozen(analyst) as pid:
            with seen_to_end(pid) as has_ended:
                call = await begun(analyst.warm())
                waiting = await begun(analyst.warm())
                await analyst.stop()
                assert has_ended()
        with pytest.raises(AnalystError):
            await call
        for refused in (waiting, analyst.warm()):
            with pytest.raises(UnavailableError, match="stopping"):
                await refused

    with_analyst(work)


def test_stopping_while_the_process_starts_leaves_none_behind() -> None:
    async def work(analyst: Analyst) -> None:
        call = await begun(analyst.warm())
        await analyst.stop()
        with pytest.raises(UnavailableError):
            await call

    with_analyst(work)


def test_ctrl_c_in_the_terminal_does_not_reach_the_process() -> None:
    async def work(analyst: Analyst) -> None:
        pid = await pid_of(analyst)
        os.kill(pid, signal.SIGINT)
        assert await pid_of(analyst) == pid

    with_analyst(work)


PARENT = """
import asyncio
from engine.analyst import Analyst

async def main():
    analyst = Analyst()
    await analyst.warm()
    print(analyst.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_the_process_does_not_outlive_a_server_that_was_killed() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        try:
            with seen_to_end(int(parent.stdout.readline())) as has_ended:
                parent.kill()
                assert has_ended()
        finally:
            parent.kill()


def test_the_servers_side_never_loads_numpy() -> None:
    code = (
        "import engine.analyst, sys;"
        "heavy = {'numpy', 'scipy', 'genai_prices', 'pydantic'};"
        "print([name for name in sys.modules if name.split('.')[0] in heavy])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() == "[]"
