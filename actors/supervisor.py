"""A supervisor that starts its children in order and restarts them rest-for-one.

Later children depend on earlier ones, so a crash takes along whatever was started after.
Too many restarts in a window end the supervisor itself: whoever started it may know
better (Erlang/OTP calls the two figures intensity and period).
"""

from __future__ import annotations

import collections
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

import pykka
import structlog

from actors.runtime import LoopActor, stop_actor, tell_if_alive

log = structlog.get_logger()

Start: TypeAlias = Callable[[pykka.ActorRef[Any]], pykka.ActorRef[Any]]


@dataclass(frozen=True, slots=True)
class ChildFailed:
    """Fact, told by a child that crashed."""

    name: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class GetChildren:
    """Question: whom did you start? The answer is their names, all of them started."""


class RestartLimitError(Exception):
    """Children crash faster than restarting helps."""


class RestartBudget:
    """At most `limit` restarts in `window_s` seconds; `clock` never goes back."""

    def __init__(
        self,
        *,
        limit: int = 3,
        window_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._window_s = window_s
        self._clock = clock
        self._restarts: collections.deque[float] = collections.deque()

    def spend(self, name: str) -> None:
        """Take one restart; raises `RestartLimitError` when none is left."""
        now = self._clock()
        while self._restarts and self._restarts[0] <= now - self._window_s:
            self._restarts.popleft()
        if len(self._restarts) >= self._limit:
            raise RestartLimitError(name)
        self._restarts.append(now)


class Supervisor(LoopActor):
    """Owns its children: `children` maps names to how each is started, in order.

    A crash restarts the child and everything that was started after it.
    """

    def __init__(
        self, children: dict[str, Start], *, budget: RestartBudget | None = None
    ) -> None:
        super().__init__()
        self._recipes = children
        self._budget = budget or RestartBudget()
        self._children: dict[str, pykka.ActorRef[Any]] = {}

    def on_start(self) -> None:
        self._start_from(0)

    async def on_receive(self, message: ChildFailed | GetChildren) -> Any:
        match message:
            case ChildFailed():
                await self._restart(message)
            case GetChildren():
                return tuple(self._children)
            case _:
                assert_never(message)
        return None

    async def _restart(self, message: ChildFailed) -> None:
        present = self._children.get(message.name)
        if present is not None and present.is_alive():
            return  # news of a child that was replaced along with another
        self._budget.spend(message.name)
        log.warning("restarting", actor=message.name, exc_info=message.error)
        position = list(self._recipes).index(message.name)
        await self._stop_from(position)
        self._start_from(position)

    async def teardown(self) -> None:
        """Stop all children, the last started first."""
        await self._stop_from(0)

    def _start_from(self, position: int) -> None:
        for name in list(self._recipes)[position:]:
            self._children[name] = self._recipes[name](self.actor_ref)

    async def _stop_from(self, position: int) -> None:
        for name in reversed(list(self._recipes)[position:]):
            ref = self._children.pop(name, None)
            if ref is not None and ref.is_alive() and not await stop_actor(ref):
                log.error("did not stop cleanly", actor=name)


def report_failure(
    parent: pykka.ActorRef[Any], name: str, error: BaseException | None
) -> None:
    """Tell `parent` that its child `name` crashed."""
    tell_if_alive(parent, ChildFailed(name, error or RuntimeError("unknown")))
