"""Takes a finished reply apart, stream or plain JSON, whatever protocol it speaks.

A protocol adds what its messages mean; this is what all of them share: events decoded one
by one, what they amount to so far, and errors that keep what came before them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Generic, TypeVar

import msgspec

from domain.failures import ErrorClass
from domain.measures import Channel, TokenEvent, Usage
from providers.base import Reply, ReplyError, StampedBytes
from providers.error_text import text_of_body
from providers.sse import BYTE_ORDER_MARK, SseEvent, split_events

# A chunk that carries an answer beside reasoning counts as answer: TTFA is its arrival.
CHANNELS: tuple[Channel, ...] = ("content", "tool", "reasoning")
STREAM_BEGINNINGS = (b":", b"data", b"event", b"id", b"retry")
READ_OF_BEGINNING_BYTES = 8
LONGEST_FINISH_REASON = 100

Message = TypeVar("Message")


class Collected(ABC, Generic[Message]):
    """What the events of one reply so far amount to.

    Args:
        decode: turns an event's data into a message; raises msgspec's errors.

    """

    end_mark: ClassVar[bytes | None] = None  # the data of an event behind which nothing is

    def __init__(self, decode: Callable[[bytes], Message]) -> None:
        self.saw_answer = False
        self.usage: Usage | None = None
        self.complete = False
        self._decode = decode
        self._tokens: list[TokenEvent] = []
        self._finish_reason: str | None = None

    @abstractmethod
    def take_message(self, event: SseEvent, message: Message) -> None:
        """Take a decoded message in; raises `ReplyError` if it tells of an error."""

    def take(self, event: SseEvent) -> bool:
        """Take the next event in; False when the reply says it has ended."""
        data = event.data.strip()
        if data == self.end_mark:
            self.complete = True
            return False
        if event.name == "error":
            raise self.provider_error(text_of_body(data))
        if data:
            message = self._decoded(event)
            if message is not None:
                self.take_message(event, message)
        return True

    def reply(self) -> Reply:
        """Return everything taken in so far."""
        return Reply(
            events=tuple(self._tokens),
            usage=self.usage,
            finish_reason=self._finish_reason,
            complete=self.complete,
        )

    def finish(self, reason: str) -> None:
        """Note why the model stopped: the reply is then complete, end mark or not."""
        self._finish_reason = reason[:LONGEST_FINISH_REASON]
        self.complete = True

    def add_text(
        self, event: SseEvent, lengths: Mapping[Channel, int], running: int | None = None
    ) -> None:
        """Note an event's characters in each channel; one without any is no token.

        `running` is the provider's own count of output tokens so far.
        """
        characters = sum(lengths.values())
        if not characters:
            return
        token = TokenEvent(
            arrival_ns=event.arrival_ns,
            channel=next(channel for channel in CHANNELS if lengths.get(channel)),
            characters=characters,
            coalesced=event.coalesced,
            bound_ns=event.bound_ns,
            running_tokens=running,
        )
        self._tokens.append(token)

    def provider_error(self, message: str) -> ReplyError:
        """Return the error that the provider told of, with what came before it."""
        text = message or "an error without a message"
        return ReplyError(ErrorClass.PROVIDER_ERROR, text, self.reply())

    def _decoded(self, event: SseEvent) -> Message | None:
        try:
            return self._decode(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if not event.terminated:
                return None  # cut in the middle: the end of the bytes tells, not these
            message = f"an event is not the expected JSON: {error}"
            raise ReplyError(ErrorClass.MALFORMED, message, self.reply()) from None


def collect(chunks: Sequence[StampedBytes], collected: Collected[Message]) -> Reply:
    """Return what the body says; raises `ReplyError` with what came before the break."""
    beginning = _beginning(chunks)
    if beginning.startswith(b"{"):
        return _collect_whole(chunks, collected)
    events = split_events(chunks)
    event = next(events, None)
    if event is None and not _begins_a_stream(beginning):
        raise ReplyError(ErrorClass.MALFORMED, "the reply is no event stream")
    while event is not None and collected.take(event):
        event = next(events, None)
    return collected.reply()


def _collect_whole(chunks: Sequence[StampedBytes], collected: Collected[Message]) -> Reply:
    """Read a body that is one JSON object: a server that does not stream."""
    body = b"".join(chunk.data for chunk in chunks).removeprefix(BYTE_ORDER_MARK)
    collected.take(SseEvent("", body, chunks[-1].arrival_ns, False, 0, terminated=True))
    reply = collected.reply()
    if not collected.saw_answer:
        raise ReplyError(ErrorClass.MALFORMED, "the reply holds no answer", reply)
    return replace(reply, complete=True)


def _begins_a_stream(beginning: bytes) -> bool:
    """Whether this is, or after a few more bytes could be, an event stream."""
    return beginning.startswith(STREAM_BEGINNINGS) or any(
        field.startswith(beginning) for field in STREAM_BEGINNINGS
    )


def _beginning(chunks: Sequence[StampedBytes]) -> bytes:
    """Return the first bytes that say something, however few came in a read."""
    head = b""
    for chunk in chunks:
        # blank lines may come first: servers send them to keep a slow connection open
        head += (chunk.data if head else chunk.data.lstrip())[:READ_OF_BEGINNING_BYTES]
        text = head.removeprefix(BYTE_ORDER_MARK).lstrip()
        if len(text) >= READ_OF_BEGINNING_BYTES:
            return text
    return head.removeprefix(BYTE_ORDER_MARK).lstrip()
