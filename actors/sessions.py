"""The users who are here: routes to each one's `Session`, starts and ends them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

import pykka

from actors.connection import Connection
from actors.messages import EventsCommitted, JobProgressed
from actors.runtime import LoopActor, ask, stop_actor, tell_if_alive
from actors.session import Attach, EndSource, Session, SessionContext, SessionEmpty
from actors.supervisor import report_failure
from storage.changes import StoredEvent


@dataclass(frozen=True, slots=True)
class GetPresence:
    """Question: who is here? The answer is a `Presence`."""


@dataclass(frozen=True, slots=True)
class Presence:
    """How many users and sockets there are."""

    users: int
    connections: int


SessionsMessage: TypeAlias = (
    Attach | EndSource | EventsCommitted | JobProgressed | SessionEmpty | GetPresence
)


@dataclass(slots=True)
class _Entry:
    ref: pykka.ActorRef[Any]
    attached: int = 0


class Sessions(LoopActor):
    """Parent of all sessions; a session that crashed starts anew with its next socket."""

    def __init__(self, context: SessionContext, *, parent: pykka.ActorRef[Any]) -> None:
        super().__init__()
        self._context = context
        self._parent = parent
        self._sessions: dict[str, _Entry] = {}

    async def on_receive(self, message: SessionsMessage) -> Any:
        match message:
            case Attach():
                return await self._attach(message)
            case EventsCommitted():
                self._route(message.events)
            case JobProgressed():
                self._forward(message.owner_id, message)
            case EndSource():
                self._forward(message.user_id, message)
            case SessionEmpty():
                self._end_if_idle(message)
            case GetPresence():
                return Presence(len(self._sessions), len(_connections()))
            case _:
                assert_never(message)
        return None

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:  # noqa: ARG002 - pykka's signature
        report_failure(self._parent, "sessions", exception_value)

    async def teardown(self) -> None:
        """Stop every session, which closes its sockets."""
        for entry in self._sessions.values():
            await stop_actor(entry.ref)

    async def _attach(self, message: Attach) -> Any:
        entry = self._sessions.get(message.user_id)
        if entry is None or not entry.ref.is_alive():
            ref = Session.start(message.user_id, self._context, self.actor_ref)
            entry = self._sessions[message.user_id] = _Entry(ref)
        entry.attached += 1
        return await ask(entry.ref, message)

    def _route(self, events: Sequence[StoredEvent]) -> None:
        for user_id, group in itertools.groupby(events, key=lambda event: event.user_id):
            self._forward(user_id, EventsCommitted(tuple(group)))

    def _forward(self, user_id: str, message: Any) -> None:
        entry = self._sessions.get(user_id)
        if entry is not None:
            tell_if_alive(entry.ref, message)

    def _end_if_idle(self, message: SessionEmpty) -> None:
        entry = self._sessions.get(message.user_id)
        if entry is not None and entry.attached == message.attached:
            del self._sessions[message.user_id]
            entry.ref.stop(block=False)


def _connections() -> list[pykka.ActorRef[Connection]]:
    return pykka.ActorRegistry.get_by_class(Connection)
