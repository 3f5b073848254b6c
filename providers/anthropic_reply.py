"""Takes a finished Messages reply apart, stream or plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.measures import Channel
from providers.anthropic_events import Event, UsageCounts, decode_event
from providers.base import Reply, StampedBytes
from providers.collecting import CHANNELS, Collected, collect
from providers.error_text import text_of_error
from providers.sse import SseEvent


def parse_reply(chunks: Sequence[StampedBytes]) -> Reply:
    """Return what the body says; raises `ReplyError` with what came before the break."""
    return collect(chunks, _Collected())


class _Collected(Collected[Event]):
    """What the events so far amount to."""

    def __init__(self) -> None:
        super().__init__(decode_event)
        self._counts: UsageCounts | None = None

    def take_message(self, event: SseEvent, message: Event) -> None:
        match message.type:
            case "message_start" if message.message is not None:
                self._count(message.message.usage, is_final=False)
            case "content_block_start" if message.content_block is not None:
                self.add_text(event, message.content_block.text_lengths())
            case "content_block_delta" if message.delta is not None:
                self.add_text(event, message.delta.text_lengths())
            case "message_delta":
                self._count(message.usage, is_final=True)
                if message.delta is not None and message.delta.stop_reason is not None:
                    self.finish(message.delta.stop_reason)
            case "message_stop":
                self.complete = True
            case "message":
                self._take_whole(event, message)
            case "error":
                raise self.provider_error(text_of_error(message.error))
            case _:  # ping, content_block_stop, and what was invented since
                pass

    def _take_whole(self, event: SseEvent, message: Event) -> None:
        self.saw_answer = True
        self._count(message.usage, is_final=True)
        lengths: dict[Channel, int] = dict.fromkeys(CHANNELS, 0)
        for block in message.content or ():
            for channel, length in block.text_lengths().items():
                lengths[channel] += length
        self.add_text(event, lengths)
        if message.stop_reason is not None:
            self.finish(message.stop_reason)

    def _count(self, counts: UsageCounts | None, *, is_final: bool) -> None:
        if counts is None:
            return
        self._counts = counts.after(self._counts)
        usage = self._counts.to_usage()
        # the output tokens of `message_start` are those of an empty message
        self.usage = usage if is_final else replace(usage, output_tokens=None)
