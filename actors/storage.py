"""Storage as actors: each owns a thread and a connection; one writes, the others read.

Writes are group-committed: what waits in the mailbox, up to 256 messages, runs each in
its own savepoint inside one transaction. Only after the commit are events told and
futures resolved, so nothing is acknowledged before it is stored.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import functools
import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeAlias, TypeVar, assert_never

import pykka
import structlog
from pykka._envelope import Envelope

from actors.futures import LoopFuture
from actors.supervisor import report_failure
from domain.errors import UnavailableError
from storage.changes import Change, StoredEvent
from storage.database import Store

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()

GROUP_LIMIT = 256
ANSWER_S = 15.0


@dataclass(frozen=True, slots=True)
class Write:
    """Order: run `work` in a transaction; `done` resolves after the commit."""

    work: Callable[[], Change[Any]]
    done: LoopFuture


@dataclass(frozen=True, slots=True)
class Read:
    """Question: run `work` in one read transaction; the answer is its result."""

    work: Callable[[], Any]


StorageMessage: TypeAlias = Write | Read
Publish: TypeAlias = Callable[[Sequence[StoredEvent]], None]


class WriteInbox(queue.Queue[Any]):
    """pykka's thread-safe mailbox, with a look at the writes that wait in front."""

    def take_writes(self, limit: int) -> list[Write]:
        """Take up to `limit` writes; stops before anything else."""
        taken: list[Write] = []
        with self.mutex:
            while len(taken) < limit and self._first_is_write():
                taken.append(self._get().message)
        return taken

    def _first_is_write(self) -> bool:
        waiting: Sequence[Envelope[Any]] = self.queue
        return bool(waiting) and isinstance(waiting[0].message, Write)


class StorageActor(pykka.ThreadingActor):
    """Serialises database work onto its own thread; never raises out of a write."""

    actor_inbox: WriteInbox
    use_daemon_thread = True

    def __init__(
        self, store: Store, publish: Publish, *, parent: pykka.ActorRef[Any], name: str
    ) -> None:
        super().__init__()
        self._store = store
        self._publish = publish
        self._parent = parent
        self._name = name

    @staticmethod
    def _create_actor_inbox() -> WriteInbox:
        return WriteInbox()

    @staticmethod
    def _create_future() -> LoopFuture:
        return LoopFuture()  # so that the loop may await our replies

    def on_start(self) -> None:
        try:
            self._store.connect()
        except Exception as error:
            report_failure(self._parent, self._name, error)  # pykka would not say so
            raise

    def on_receive(self, message: StorageMessage) -> Any:
        """Serve a read at once, a write together with all writes that wait behind it."""
        match message:
            case Read():
                with self._store.snapshot():
                    return message.work()
            case Write():
                self._commit([message, *self.actor_inbox.take_writes(GROUP_LIMIT - 1)])
                return None
            case _:
                assert_never(message)

    def on_stop(self) -> None:
        self._refuse_what_waits()
        self._store.close()

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:  # noqa: ARG002 - pykka's signature
        self._refuse_what_waits()
        self._store.close()
        report_failure(self._parent, self._name, exception_value)

    def _refuse_what_waits(self) -> None:
        for write in self.actor_inbox.take_writes(self.actor_inbox.qsize()):
            _resolve(write, None, UnavailableError("The database is not there; try again."))

    def _commit(self, writes: Sequence[Write]) -> None:
        outcomes: list[tuple[Change[Any] | None, Exception | None]] = []
        try:
            with self._store.transaction():
                for write in writes:
                    outcomes.append(self._attempt(write))
                    self._store.require_transaction()
        except Exception as error:  # noqa: BLE001 - e.g. disk full: nobody was stored
            outcomes = [(None, error)] * len(writes)
        events = [event for change, _ in outcomes if change for event in change.events]
        try:
            if events:
                self._publish(events)
        except Exception:  # they are stored: a feed that misses them reads them back
            log.exception("committed events could not be told")
        for write, (change, failed) in zip(writes, outcomes, strict=True):
            _resolve(write, change, failed)

    def _attempt(self, write: Write) -> tuple[Change[Any] | None, Exception | None]:
        try:
            with self._store.savepoint():
                return write.work(), None
        except Exception as error:  # noqa: BLE001 - goes to whoever asked for the write
            return None, error


class Storage:
    """The storage actors as the rest of the service sees them."""

    def __init__(self) -> None:
        self.writer: pykka.ActorRef[StorageActor] | None = None
        self.readers: dict[str, pykka.ActorRef[StorageActor]] = {}
        self._reading: collections.Counter[str] = collections.Counter()

    async def write(
        self, work: Callable[P, Change[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work` in a transaction; returns its value once it is committed.

        Raises what `work` raised, or `UnavailableError`: then it may yet be stored.
        """
        if self.writer is None:
            raise UnavailableError("The database is not ready yet.")
        done = LoopFuture()
        write = Write(functools.partial(work, *args, **kwargs), done)
        with _unavailable_if_silent():
            self.writer.tell(write)
            async with asyncio.timeout(ANSWER_S):
                change: Change[T] = await done
        return change.value

    async def read(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in one read transaction on a reader; returns what it returned."""
        refs = list(self.readers.values())
        if not refs:
            raise UnavailableError("The database is not ready yet.")
        ref = min(refs, key=self._waiting_at)  # a long read delays nobody who can wait less
        read = Read(functools.partial(work, *args, **kwargs))
        self._reading[ref.actor_urn] += 1
        try:
            with _unavailable_if_silent():
                async with asyncio.timeout(ANSWER_S):
                    answer: T = await ref.ask(read, block=False)
        finally:
            self._reading[ref.actor_urn] -= 1
        return answer

    def _waiting_at(self, ref: pykka.ActorRef[StorageActor]) -> int:
        return self._reading[ref.actor_urn]


@contextlib.contextmanager
def _unavailable_if_silent() -> Iterator[None]:
    """Turn silence and death of a storage actor into an error that says: try again."""
    try:
        yield
    except (TimeoutError, pykka.ActorDeadError):
        raise UnavailableError("The database does not answer; try again.") from None


def _resolve(write: Write, change: Change[Any] | None, error: Exception | None) -> None:
    if error is None:
        write.done.set(change)
    else:
        write.done.set_exception((type(error), error, error.__traceback__))
