"""Takes a finished chat completions reply apart, stream or plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from domain.failures import ErrorClass
from domain.measures import Channel, TokenEvent, Usage
from providers.base import Reply, ReplyError, StampedBytes
from providers.error_text import text_of_body, text_of_error
from providers.openai_chunks import Chunk, decode_chunk
from providers.sse import BYTE_ORDER_MARK, SseEvent, split_events

END_MARK = b"[DONE]"
# A chunk that carries an answer beside reasoning counts as answer: TTFA is its arrival.
CHANNELS: tuple[Channel, ...] = ("content", "tool", "reasoning")
STREAM_BEGINNINGS = (b":", b"data", b"event", b"id", b"retry")
READ_OF_BEGINNING_BYTES = 8
LONGEST_FINISH_REASON = 100


def parse_reply(chunks: Sequence[StampedBytes]) -> Reply:
    """Return what the body says; raises `ReplyError` with what came before the break."""
    beginning = _beginning(chunks)
    if beginning.startswith(b"{"):
        return _parse_whole(chunks)
    collected = _Collected()
    events = split_events(chunks)
    event = next(events, None)
    if event is None and beginning and not beginning.startswith(STREAM_BEGINNINGS):
        raise ReplyError(ErrorClass.MALFORMED, "the reply is no event stream")
    while event is not None and collected.take(event):
        event = next(events, None)
    return collected.reply()


def _parse_whole(chunks: Sequence[StampedBytes]) -> Reply:
    """Read a body that is one JSON object: a server that does not stream."""
    body = b"".join(chunk.data for chunk in chunks).removeprefix(BYTE_ORDER_MARK)
    collected = _Collected()
    collected.take(SseEvent("", body, chunks[-1].arrival_ns, False, 0, terminated=True))
    reply = collected.reply()
    if not collected.saw_choice:
        raise ReplyError(ErrorClass.MALFORMED, "the reply has no choices", reply)
    return replace(reply, complete=True)


class _Collected:
    """What the events so far amount to."""

    def __init__(self) -> None:
        self.saw_choice = False
        self._tokens: list[TokenEvent] = []
        self._usage: Usage | None = None
        self._finish_reason: str | None = None
        self._complete = False

    def take(self, event: SseEvent) -> bool:
        """Take the next event in; False when the reply says it has ended."""
        data = event.data.strip()
        if data == END_MARK:
            self._complete = True
            return False
        if event.name == "error":
            raise self._provider_error(text_of_body(data))
        if data:
            chunk = self._decode(event)
            if chunk is not None:
                self._take_chunk(event, chunk)
        return True

    def reply(self) -> Reply:
        """Return everything taken in so far."""
        return Reply(
            events=tuple(self._tokens),
            usage=self._usage,
            finish_reason=self._finish_reason,
            complete=self._complete,
        )

    def _decode(self, event: SseEvent) -> Chunk | None:
        try:
            return decode_chunk(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if not event.terminated:
                return None  # cut in the middle: the end of the bytes tells, not these
            message = f"an event is not the expected JSON: {error}"
            raise ReplyError(ErrorClass.MALFORMED, message, self.reply()) from None

    def _take_chunk(self, event: SseEvent, chunk: Chunk) -> None:
        if chunk.usage is not None:
            self._usage = chunk.usage.to_usage()
        running = None if chunk.usage is None else chunk.usage.completion_tokens
        for choice in chunk.choices or ():
            self.saw_choice = True
            if choice.finish_reason is not None:
                self._finish_reason = choice.finish_reason[:LONGEST_FINISH_REASON]
                self._complete = True
        token = _token_event(event, chunk, running)
        if token is not None:
            self._tokens.append(token)
        if chunk.error:
            raise self._provider_error(text_of_error(chunk.error))

    def _provider_error(self, message: str) -> ReplyError:
        text = message or "an error without a message"
        return ReplyError(ErrorClass.PROVIDER_ERROR, text, self.reply())


def _token_event(event: SseEvent, chunk: Chunk, running: int | None) -> TokenEvent | None:
    lengths = dict.fromkeys(CHANNELS, 0)
    for choice in chunk.choices or ():
        delta = choice.delta or choice.message
        if delta is not None:
            for channel, length in delta.text_lengths().items():
                lengths[channel] += length
    characters = sum(lengths.values())
    if not characters:
        return None
    return TokenEvent(
        arrival_ns=event.arrival_ns,
        channel=next(channel for channel in CHANNELS if lengths[channel]),
        characters=characters,
        coalesced=event.coalesced,
        bound_ns=event.bound_ns,
        running_tokens=running,
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
