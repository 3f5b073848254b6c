"""The root of the tree: storage, then the sessions, then the dispatcher with its jobs.

Started in this order, restarted rest-for-one, stopped in reverse. When restarting does
not help the root itself ends, and with it the process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pykka
import structlog

from actors.dispatcher import Dispatcher, DispatcherContext
from actors.messages import EventsCommitted
from actors.runtime import stop_actor
from actors.session import SessionContext
from actors.sessions import Sessions
from actors.storage import StorageActor
from actors.supervisor import Start, Supervisor
from actors.tree import Tree
from storage.changes import StoredEvent
from storage.database import Store

log = structlog.get_logger()

READERS = 2


class System(Supervisor):
    """Root supervisor; `on_collapse` is called when it gives up."""

    def __init__(
        self,
        tree: Tree,
        store: Store,
        sessions: SessionContext,
        dispatcher: DispatcherContext,
        on_collapse: Callable[[BaseException | None], None],
    ) -> None:
        self._tree = tree
        self._store = store
        self._on_collapse = on_collapse
        readers = [f"storage-reader-{number}" for number in range(1, READERS + 1)]
        recipes: dict[str, Start] = {"storage-writer": self._start_writer}
        recipes |= {name: self._reader_recipe(name) for name in readers}
        recipes["sessions"] = lambda root: self._start_sessions(sessions, root)
        recipes["dispatcher"] = lambda root: self._start_dispatcher(dispatcher, root)
        super().__init__(recipes)

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:  # noqa: ARG002 - pykka's signature
        self._on_collapse(exception_value)

    def _start_writer(self, root: pykka.ActorRef[Any]) -> pykka.ActorRef[Any]:
        ref = StorageActor.start(
            self._store, self._publish, parent=root, name="storage-writer"
        )
        self._tree.storage.writer = ref
        return ref

    def _reader_recipe(self, name: str) -> Start:
        def start(root: pykka.ActorRef[Any]) -> pykka.ActorRef[Any]:
            ref = StorageActor.start(self._store, self._publish, parent=root, name=name)
            self._tree.storage.readers[name] = ref
            return ref

        return start

    def _start_sessions(
        self, context: SessionContext, root: pykka.ActorRef[Any]
    ) -> pykka.ActorRef[Any]:
        self._tree.sessions = Sessions.start(context, parent=root)
        return self._tree.sessions

    def _start_dispatcher(
        self, context: DispatcherContext, root: pykka.ActorRef[Any]
    ) -> pykka.ActorRef[Any]:
        self._tree.dispatcher = Dispatcher.start(context, parent=root)
        return self._tree.dispatcher

    def _publish(self, events: Sequence[StoredEvent]) -> None:
        self._tree.tell_sessions(EventsCommitted(tuple(events)))


async def stop_system(root: pykka.ActorRef[Any]) -> list[str]:
    """Stop the tree in reverse; returns the names of actors that were left behind."""
    await stop_actor(root, within_s=20.0)
    leaked = [str(ref) for ref in pykka.ActorRegistry.get_all()]
    if leaked:
        log.error("actors left behind", actors=leaked)
    return leaked
