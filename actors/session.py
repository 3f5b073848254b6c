"""One signed-in user with open sockets: who is connected, what they have been sent.

A connection is registered before its snapshot is read: what is committed meanwhile is
held back and sent after the snapshot if it is younger. Duplicates are dropped by number,
holes cannot arise.
"""

from __future__ import annotations

import collections
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, assert_never

import msgspec
import pykka

from actors.connection import (
    CancelAsked,
    CloseCode,
    CloseWith,
    Connection,
    ConnectionEnded,
    Send,
    SendLatest,
    Socket,
)
from actors.messages import EventsCommitted, JobProgressed
from actors.runtime import LoopActor, stop_actor, tell_if_alive
from domain.errors import ServiceError, UnauthenticatedError
from domain.views import job_view
from domain.wire.live import Ack, Cancel, ConnectionInfo, ErrorFrame, Sync
from security.ids import new_id
from storage.changes import StoredEvent
from storage.events import RESUME_WINDOW, FeedState

CONNECTION_LIMIT = 5
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Attach:
    """Question: take this socket in; the answer is its `Connection`, None if refused.

    The one message that carries a socket: somebody has to hand it over.
    """

    user_id: str
    source_id: str  # the refresh family or token it came from: ends with it
    socket: Socket
    epoch: str | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class EndSource:
    """Order: close every socket that came from this sign-in."""

    user_id: str
    source_id: str


@dataclass(frozen=True, slots=True)
class SessionEmpty:
    """Fact, told to the parent: no socket is left, after `attached` hand-overs."""

    user_id: str
    attached: int


@dataclass(frozen=True, slots=True)
class _FeedRead:
    connection_id: str
    feed: FeedState


@dataclass(frozen=True, slots=True)
class _FeedLost:
    connection_id: str
    error: Exception


@dataclass(frozen=True, slots=True)
class _Answered:
    connection_id: str
    frame: Ack | ErrorFrame


SessionMessage: TypeAlias = (
    Attach
    | EndSource
    | EventsCommitted
    | JobProgressed
    | CancelAsked
    | ConnectionEnded
    | _FeedRead
    | _FeedLost
    | _Answered
)


@dataclass(frozen=True, slots=True)
class SessionContext:
    """What a session needs of the rest: ways down, never up."""

    read_feed: Callable[[Attach], Awaitable[FeedState]]
    cancel_job: Callable[[str, str], Awaitable[str]]  # (user, job) -> status now
    now_rfc3339: Callable[[], str]
    version: str
    idle_s: float


@dataclass(slots=True)
class _Open:
    """A connection of ours; `position` is None until its snapshot was sent."""

    ref: pykka.ActorRef[Any]
    source_id: str
    position: int | None = None
    early: list[JobProgressed] = field(default_factory=list)


class Session(LoopActor):
    """Fans a user's events out, each frame encoded once however many sockets."""

    def __init__(
        self, user_id: str, context: SessionContext, parent: pykka.ActorRef[Any]
    ) -> None:
        super().__init__()
        self._user_id = user_id
        self._context = context
        self._parent = parent
        self._open: dict[str, _Open] = {}
        self._recent: collections.deque[StoredEvent] = collections.deque(
            maxlen=RESUME_WINDOW
        )
        self._attached = 0

    def on_receive(self, message: SessionMessage) -> Any:
        match message:
            case Attach():
                return self._attach(message)
            case EndSource():
                self._end_source(message.source_id)
            case EventsCommitted():
                self._deliver(message)
            case JobProgressed():
                self._show_progress(message)
            case CancelAsked():
                self._cancel(message.connection_id, message.request)
            case ConnectionEnded():
                self._forget(message.connection_id)
            case _FeedRead():
                self._welcome(message.connection_id, message.feed)
            case _FeedLost():
                self._send_away(message.connection_id, message.error)
            case _Answered():
                self._send(message.connection_id, _encode(message.frame).decode())
            case _:
                assert_never(message)
        return None

    async def teardown(self) -> None:
        """Close all sockets: the server restarts, or this session does."""
        for entry in list(self._open.values()):
            tell_if_alive(entry.ref, CloseWith(CloseCode.RESTART, "restart"))
        for entry in list(self._open.values()):
            await stop_actor(entry.ref, within_s=1.0)

    def _attach(self, message: Attach) -> pykka.ActorRef[Any] | None:
        self._attached += 1
        if len(self._open) >= CONNECTION_LIMIT:
            message.socket.close(
                CloseCode.TOO_MANY, f"{CONNECTION_LIMIT} connections are open"
            )
            return None
        connection_id = new_id()
        ref = Connection.start(
            connection_id, message.socket, self.actor_ref, self._context.idle_s
        )
        self._open[connection_id] = _Open(ref, message.source_id)
        self.pipe(
            self._context.read_feed(message),
            lambda feed: _FeedRead(connection_id, feed),
            lambda error: _FeedLost(connection_id, error),
        )
        return ref

    def _welcome(self, connection_id: str, feed: FeedState) -> None:
        entry = self._open.get(connection_id)
        if entry is None:
            return
        self._send(connection_id, self._sync(connection_id, feed))
        entry.position = feed.seq
        self._advance(entry, [*feed.events, *self._recent])
        for progress in entry.early:
            self._tell_progress(entry, progress)
        entry.early.clear()

    def _sync(self, connection_id: str, feed: FeedState) -> str:
        sync = Sync(
            epoch=feed.epoch,
            seq=feed.seq,
            resumed=feed.resumed,
            active_jobs=[
                job_view(job, queue_position=feed.positions.get(job.id))
                for job in feed.active
            ],
            recent_jobs=[job_view(job) for job in feed.recent],
            connection=ConnectionInfo(
                id=connection_id, open=len(self._open), limit=CONNECTION_LIMIT
            ),
            server_time=self._context.now_rfc3339(),
            version=self._context.version,
        )
        return _encode(sync).decode()

    def _deliver(self, message: EventsCommitted) -> None:
        self._recent.extend(message.events)
        for entry in self._open.values():
            self._advance(entry, message.events)

    def _advance(self, entry: _Open, events: Sequence[StoredEvent]) -> None:
        """Send what is younger than the connection's position, without a gap."""
        if entry.position is None:
            return
        younger = {event.seq: event for event in events if event.seq > entry.position}
        news = [younger[seq] for seq in sorted(younger)]
        if [event.seq for event in news] != list(
            range(entry.position + 1, entry.position + 1 + len(news))
        ):
            # an event was stored and never told: the client comes back and resumes
            tell_if_alive(entry.ref, CloseWith(CloseCode.RESTART, "resume"))
            return
        if news:
            entry.position = news[-1].seq
            tell_if_alive(entry.ref, Send(tuple(event.body for event in news)))

    def _show_progress(self, message: JobProgressed) -> None:
        for entry in self._open.values():
            if entry.position is None:
                entry.early[-100:] = [*entry.early[-99:], message]
            else:
                self._tell_progress(entry, message)

    def _tell_progress(self, entry: _Open, message: JobProgressed) -> None:
        for frame in message.frames:
            tell_if_alive(entry.ref, SendLatest(frame.job_id, _encode(frame).decode()))

    def _cancel(self, connection_id: str, request: Cancel) -> None:
        def acknowledge(status: str) -> _Answered:
            ack = Ack(req_id=request.req_id, job_id=request.job_id, status=status)
            return _Answered(connection_id, ack)

        def refuse(error: Exception) -> _Answered:
            return _Answered(connection_id, _error_frame(error, request.req_id))

        work = self._context.cancel_job(self._user_id, request.job_id)
        self.pipe(work, acknowledge, refuse)

    def _send(self, connection_id: str, frame: str) -> None:
        entry = self._open.get(connection_id)
        if entry is not None:
            tell_if_alive(entry.ref, Send((frame,)))

    def _send_away(self, connection_id: str, error: Exception) -> None:
        entry = self._open.get(connection_id)
        if entry is None:
            return
        if isinstance(error, UnauthenticatedError):  # signed out while it came in
            tell_if_alive(entry.ref, CloseWith(CloseCode.UNAUTHENTICATED, "signed out"))
        else:
            tell_if_alive(entry.ref, CloseWith(CloseCode.RESTART, "try again"))

    def _end_source(self, source_id: str) -> None:
        for entry in self._open.values():
            if entry.source_id == source_id:
                tell_if_alive(entry.ref, CloseWith(CloseCode.UNAUTHENTICATED, "signed out"))

    def _forget(self, connection_id: str) -> None:
        self._open.pop(connection_id, None)
        if not self._open:
            tell_if_alive(self._parent, SessionEmpty(self._user_id, self._attached))


def _error_frame(error: Exception, req_id: str | None) -> ErrorFrame:
    if isinstance(error, ServiceError):
        code = error.title.lower().replace(" ", "_")
        return ErrorFrame(code=code, detail=str(error), req_id=req_id)
    return ErrorFrame(
        code="internal", detail="The cancel failed; try again.", req_id=req_id
    )
