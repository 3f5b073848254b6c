"""The analyst's place on the event loop: one niced process, one question at a time.

Statistics need numpy and whole samples, and hold the interpreter for as long as they
take: neither belongs into the server, nor into a worker with a stopwatch running. The
process starts on demand and ends when nobody has needed it for a while.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Mapping, Sequence

from domain.errors import UnavailableError
from domain.plan import Plan
from domain.samples import Sample
from domain.wire.benchmarks import Slo
from domain.wire.results import ResultRow
from engine.analyst_child import AnalystChild, AnalystError
from engine.analyst_messages import Answer, AskReady, AskRows, ToAnalyst, sample_batches

__all__ = ["Analyst", "AnalystError"]

IDLE_S = 60.0
TIMEOUT_S = 60.0
MOST_CALLS = 64


class Analyst:
    """Computes result rows in a process of its own; used on one event loop.

    Calls are served in the order in which they were made. Each may raise:
        UnavailableError: `most_calls` calls wait already, or the analyst was stopped.
        AnalystError: no answer within `timeout_s` (waiting for one's turn included), or
            the process died or failed over it; the next call has a new process.

    Args:
        idle_s: how long an unneeded process is kept, unless held.
        timeout_s: how long a call may take in all.
        most_calls: how many calls may wait or run at once.

    """

    def __init__(
        self,
        *,
        idle_s: float = IDLE_S,
        timeout_s: float = TIMEOUT_S,
        most_calls: int = MOST_CALLS,
    ) -> None:
        self._idle_s = idle_s
        self._timeout_s = timeout_s
        self._most_calls = most_calls
        self._numbers = itertools.count(1)
        self._turn = asyncio.Lock()
        self._calls = 0
        self._holders = 0
        self._child: AnalystChild | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._is_stopped = False

    @property
    def pid(self) -> int | None:
        """The id of the process; None while there is none."""
        return self._child.pid if self._child and self._child.is_alive else None

    async def warm(self) -> None:
        """Start the process and wait until it has loaded all it needs.

        A process that was warmed ends after `idle_s` like any other: see `hold`.
        """
        number = next(self._numbers)
        await self._call(number, [AskReady(number=number)])

    def hold(self) -> None:
        """Keep the process, once started, however idle, until the matching `release`.

        For the time of a job: what a cancelled job measured is to be shown at once.
        """
        self._holders += 1
        self._reset_idle()

    def release(self) -> None:
        """End what `hold` began."""
        self._holders -= 1
        self._reset_idle()

    async def result_rows(
        self,
        plan: Plan,
        samples_by_row: Mapping[int, Sequence[Sample]],
        *,
        slo: Slo | None,
        seed: int,
        partial: bool,
        attempts: int,
    ) -> list[ResultRow]:
        """Return a result row for each key of `samples_by_row`, in the plan's order.

        A row without samples is one that was never begun. The other arguments are those
        of `domain.results.result_row`, and so is the answer.
        """
        number = next(self._numbers)
        ask = AskRows(
            number=number,
            plan=plan,
            rows=list(samples_by_row),
            slo=slo,
            seed=seed,
            partial=partial,
            attempts=attempts,
        )
        samples = itertools.chain.from_iterable(samples_by_row.values())
        batches = sample_batches(number, samples)
        messages: Iterable[ToAnalyst] = itertools.chain[ToAnalyst](batches, [ask])
        return (await self._call(number, messages)).rows

    async def stop(self) -> None:
        """End the process; calls under way fail, later ones are refused. Takes seconds."""
        self._is_stopped = True
        if self._child is not None:
            await self._child.end()
        async with self._turn:  # who was just starting a process has ended it again
            self._reset_idle()
        await asyncio.gather(*self._ending)

    async def _call(self, number: int, messages: Iterable[ToAnalyst]) -> Answer:
        if self._calls >= self._most_calls:
            raise UnavailableError("Too many results are being computed.")
        self._calls += 1
        self._reset_idle()
        try:
            answer = await self._in_turn(number, messages)
        finally:
            self._calls -= 1
            self._reset_idle()
        if answer.error is not None:
            raise AnalystError(answer.error)
        return answer

    async def _in_turn(self, number: int, messages: Iterable[ToAnalyst]) -> Answer:
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                await self._turn.acquire()
        except TimeoutError:
            raise AnalystError(self._too_late()) from None
        try:
            return await self._exchange(deadline, number, messages)
        finally:
            self._turn.release()

    async def _exchange(
        self, deadline: float, number: int, messages: Iterable[ToAnalyst]
    ) -> Answer:
        child = await self._living_child()
        try:
            async with asyncio.timeout_at(deadline):
                return await child.ask(number, messages)
        except TimeoutError:
            await child.kill()  # it would keep the next call waiting too
            raise AnalystError(self._too_late()) from None

    async def _living_child(self) -> AnalystChild:
        """Return the process, a new one if need be; only for who has the turn."""
        self._refuse_if_stopped()
        if self._child is None or not self._child.is_alive:
            self._child = await AnalystChild.start()
        if self._is_stopped:
            await self._child.end()
        self._refuse_if_stopped()
        return self._child

    def _refuse_if_stopped(self) -> None:
        if self._is_stopped:
            raise UnavailableError("The studio is stopping.")

    def _too_late(self) -> str:
        return f"No statistics within {self._timeout_s:g} s."

    def _reset_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        is_needed = self._calls > 0 or self._holders > 0
        if self._child is not None and not is_needed and not self._is_stopped:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._idle_s, self._end_idle)

    def _end_idle(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            ending = asyncio.create_task(child.end(), name="analyst ends")
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
