"""One open WebSocket: its outbox, its patience, its silence.

The outbox is bounded in bytes and in waiting time; a client that falls behind is closed
with a code that says "come back and catch up". Numbered frames are never dropped;
progress is merged, the latest per job wins.
"""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, assert_never

import msgspec
import pykka

from actors.runtime import LoopActor, tell_if_alive
from domain.wire.live import Cancel, ClientFrame, ErrorFrame, Ping, Pong

BACKLOG_LIMIT_BYTES = 1024 * 1024
PATIENCE_S = 5.0
_decode = msgspec.json.Decoder(ClientFrame).decode
_encode = msgspec.json.Encoder().encode


class CloseCode:
    """The close codes of `/ws`; api.md says what a client does about each."""

    UNAUTHENTICATED = 4001
    IDLE = 4002
    TOO_MANY = 4008
    SLOW = 4013
    RESTART = 1012


class Socket(Protocol):
    """The far end, as the edge offers it; all methods are called on the loop."""

    async def write(self, frame: bytes) -> None:
        """Send one text frame, UTF-8; returns when its bytes went to the kernel."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close with a code; harmless when closed already."""
        ...


@dataclass(frozen=True, slots=True)
class Send:
    """Order: send these numbered or answering frames; they are never dropped."""

    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SendLatest:
    """Order: send this frame unless a newer one with the same key comes first."""

    key: str
    frame: str


@dataclass(frozen=True, slots=True)
class Received:
    """Fact, told by the edge: the client sent this text."""

    text: str


@dataclass(frozen=True, slots=True)
class SocketClosed:
    """Fact, told by the edge: the socket is gone, whoever closed it."""


@dataclass(frozen=True, slots=True)
class CloseWith:
    """Order: close the socket with this code."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """Fact, told to the session: this connection wants a job to end."""

    connection_id: str
    request: Cancel


@dataclass(frozen=True, slots=True)
class ConnectionEnded:
    """Fact, told to the session: this connection is no more."""

    connection_id: str


@dataclass(frozen=True, slots=True)
class _Written:
    """Fact, told by our own write: what was in flight has gone out, or failed."""

    in_time: bool


@dataclass(frozen=True, slots=True)
class _SilenceChecked:
    """Fact, told by our own timer."""


ConnectionMessage: TypeAlias = (
    Send | SendLatest | Received | SocketClosed | CloseWith | _Written | _SilenceChecked
)


class Connection(LoopActor):
    """Sends what the session says, hears what the client says; `idle_s` is its patience."""

    def __init__(
        self,
        connection_id: str,
        socket: Socket,
        session: pykka.ActorRef[Any],
        idle_s: float,
    ) -> None:
        super().__init__()
        self._id = connection_id
        self._socket = socket
        self._session = session
        self._idle_s = idle_s
        self._frames: collections.deque[bytes] = collections.deque()
        self._latest: dict[str, str] = {}
        self._backlog_bytes = 0
        self._writing = False
        self._heard_at_s = 0.0
        self._silence: asyncio.TimerHandle | None = None

    def on_start(self) -> None:
        self._heard_at_s = asyncio.get_running_loop().time()
        self._silence = self.tell_later(self._idle_s, _SilenceChecked())

    def on_receive(self, message: ConnectionMessage) -> None:
        match message:
            case Send():
                self._queue(message.frames)
            case SendLatest():
                self._latest[message.key] = message.frame
                self._write_more()
            case Received():
                self._hear(message.text)
            case CloseWith():
                self._socket.close(message.code, message.reason)
                self.stop()
            case SocketClosed():
                self.stop()
            case _Written():
                self._wrote(in_time=message.in_time)
            case _SilenceChecked():
                self._check_silence()
            case _:
                assert_never(message)

    async def teardown(self) -> None:
        """Close what is still open and let the session know."""
        if self._silence is not None:
            self._silence.cancel()
        self._socket.close(CloseCode.RESTART, "restart")
        tell_if_alive(self._session, ConnectionEnded(self._id))

    def _queue(self, frames: Sequence[str]) -> None:
        # judged before it is added: one large batch (a resume, a row a target) is no sign
        # of a client that does not read
        if self._backlog_bytes > BACKLOG_LIMIT_BYTES:
            self._close(CloseCode.SLOW, "slow")
            return
        encoded = [frame.encode() for frame in frames]
        self._backlog_bytes += sum(map(len, encoded))
        self._frames.extend(encoded)
        self._write_more()

    def _write_more(self) -> None:
        if self._writing or not (self._frames or self._latest):
            return
        if self._frames:
            frame = self._frames.popleft()
            self._backlog_bytes -= len(frame)
        else:
            frame = self._latest.pop(next(iter(self._latest))).encode()
        self._writing = True
        self.pipe(self._write(frame), _Written, lambda _: SocketClosed())

    async def _write(self, frame: bytes) -> bool:
        task = asyncio.ensure_future(self._socket.write(frame))
        # wait(), not wait_for(): cancelling a write makes Tornado log an error
        done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
        if not done:
            task.add_done_callback(_consume)
            return False
        task.result()
        return True

    def _wrote(self, *, in_time: bool) -> None:
        self._writing = False
        if in_time:
            self._write_more()
        else:
            self._close(CloseCode.SLOW, "slow")

    def _hear(self, text: str) -> None:
        self._heard_at_s = asyncio.get_running_loop().time()
        try:
            frame = _decode(text)
        except msgspec.MsgspecError as error:
            self._answer(ErrorFrame(code="invalid_message", detail=str(error), req_id=None))
            return
        match frame:
            case Ping():
                self._answer(Pong(t=frame.t))
            case Cancel():
                tell_if_alive(self._session, CancelAsked(self._id, frame))
            case _:
                assert_never(frame)

    def _answer(self, frame: msgspec.Struct) -> None:
        self._queue((_encode(frame).decode(),))

    def _check_silence(self) -> None:
        now_s = asyncio.get_running_loop().time()
        left_s = self._heard_at_s + self._idle_s - now_s
        if left_s <= 0:
            self._close(CloseCode.IDLE, "idle")
        else:
            self._silence = self.tell_later(left_s, _SilenceChecked())

    def _close(self, code: int, reason: str) -> None:
        self._socket.close(code, reason)
        self.stop()


def _consume(task: asyncio.Task[None]) -> None:
    """Take the outcome, so that asyncio does not report it as never retrieved."""
    if not task.cancelled():
        task.exception()
