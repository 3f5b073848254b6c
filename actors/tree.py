"""The supervision tree as the rest of the service sees it: who to tell, who to ask.

Refs change when a child is restarted, so nobody else keeps them.
"""

from __future__ import annotations

from typing import Any

import pykka

from actors.runtime import ask, tell_if_alive
from actors.storage import Storage
from domain.errors import UnavailableError


class Tree:
    """Present refs of the branches; filled in by `System` as it starts them."""

    def __init__(self) -> None:
        self.storage = Storage()
        self.sessions: pykka.ActorRef[Any] | None = None
        self.dispatcher: pykka.ActorRef[Any] | None = None

    def tell_sessions(self, message: Any) -> None:
        """Tell the sessions; a fact for nobody is dropped."""
        if self.sessions is not None:
            tell_if_alive(self.sessions, message)

    def tell_dispatcher(self, message: Any) -> None:
        """Tell the dispatcher; one that restarts reads what is stored, cancels included."""
        if self.dispatcher is not None:
            tell_if_alive(self.dispatcher, message)

    async def ask_sessions(self, message: Any) -> Any:
        """Ask the sessions; raises `UnavailableError` while they restart."""
        return await _ask(self.sessions, message)

    async def ask_dispatcher(self, message: Any) -> Any:
        """Ask the dispatcher; raises `UnavailableError` while it restarts."""
        return await _ask(self.dispatcher, message)

    @staticmethod
    def count_actors() -> int:
        """Return how many actors live in this process."""
        return len(pykka.ActorRegistry.get_all())


async def _ask(ref: pykka.ActorRef[Any] | None, message: Any) -> Any:
    if ref is None:
        raise UnavailableError("The studio is starting; try again.")
    try:
        return await ask(ref, message)
    except (pykka.ActorDeadError, TimeoutError):
        raise UnavailableError("The studio is busy; try again.") from None
