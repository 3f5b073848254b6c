import asyncio
import itertools
import time

import pytest

from providers.simulator import alarms as alarms_module
from providers.simulator.alarms import Alarms, LoopBell

MS = 1_000_000


@pytest.fixture(params=["timerfd", "loop"])
def bell(request, monkeypatch):
    """Both ways to be woken; the second one is for other platforms than Linux."""
    if request.param == "loop":
        monkeypatch.setattr(alarms_module, "_bell", LoopBell)


def rung(*offsets_ms, wait_for):
    """Return (offset, how late it rang) in the order in which alarms rang."""
    rang = []

    async def main():
        alarms, enough = Alarms(), asyncio.Event()
        start_ns = time.monotonic_ns()

        def ring(offset_ms):
            rang.append((offset_ms, time.monotonic_ns() - start_ns - offset_ms * MS))
            if len(rang) == wait_for:
                enough.set()

        for offset_ms in offsets_ms:
            alarms.at(start_ns + offset_ms * MS, lambda o=offset_ms: ring(o))
        async with asyncio.timeout(20):
            await enough.wait()
        alarms.close()

    asyncio.run(main())
    return rang


@pytest.mark.usefixtures("bell")
def test_alarms_ring_in_the_order_of_their_deadlines_and_never_early():
    rang = rung(30, 10, 20, 5, -10, wait_for=5)
    assert [offset_ms for offset_ms, _ in rang] == [-10, 5, 10, 20, 30]
    assert all(late_ns >= 0 for _, late_ns in rang)


def test_equal_deadlines_ring_in_the_order_in_which_they_were_set():
    order = []

    async def main():
        alarms, done = Alarms(), asyncio.Event()
        due_ns = time.monotonic_ns() + MS
        for name in "abc":
            alarms.at(due_ns, lambda name=name: order.append(name))
        alarms.at(due_ns, done.set)
        async with asyncio.timeout(20):
            await done.wait()
        alarms.close()

    asyncio.run(main())
    assert order == ["a", "b", "c"]


def test_a_cancelled_alarm_does_not_ring():
    rang = []

    async def main():
        alarms, done = Alarms(), asyncio.Event()
        now_ns = time.monotonic_ns()
        alarms.at(now_ns + MS, lambda: rang.append("cancelled")).cancel()
        alarms.at(now_ns + 2 * MS, done.set)
        async with asyncio.timeout(20):
            await done.wait()
        alarms.close()

    asyncio.run(main())
    assert rang == []


def test_a_callback_that_fails_takes_no_other_along():
    async def main():
        failures, done = [], asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
        alarms = Alarms()
        due_ns = time.monotonic_ns() + MS
        alarms.at(due_ns, lambda: 1 / 0)
        alarms.at(due_ns, done.set)
        async with asyncio.timeout(20):
            await done.wait()
        alarms.close()
        return failures

    assert [type(failure) for failure in asyncio.run(main())] == [ZeroDivisionError]


def test_who_always_asks_for_now_leaves_the_loop_to_others():
    async def main():
        alarms, fifth_turn = Alarms(), asyncio.Event()
        turns = itertools.count(1)

        def again():
            if next(turns) == 5:
                fifth_turn.set()
            alarms.at(0, again)

        again()
        async with asyncio.timeout(20):
            await fifth_turn.wait()
        alarms.close()

    asyncio.run(main())
