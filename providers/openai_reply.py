"""Takes a finished chat completions reply apart, stream or plain JSON."""

from __future__ import annotations

from collections.abc import Sequence

from domain.measures import Channel
from providers.base import Reply, StampedBytes
from providers.collecting import CHANNELS, Collected, collect
from providers.error_text import text_of_error
from providers.openai_chunks import Chunk, decode_chunk
from providers.sse import SseEvent


def parse_reply(chunks: Sequence[StampedBytes]) -> Reply:
    """Return what the body says; raises `ReplyError` with what came before the break."""
    return collect(chunks, _Collected(decode_chunk))


class _Collected(Collected[Chunk]):
    """What the chunks so far amount to."""

    end_mark = b"[DONE]"

    def take_message(self, event: SseEvent, message: Chunk) -> None:
        running = None
        if message.usage is not None:
            self.usage = message.usage.to_usage()
            running = self.usage.output_tokens
        for choice in message.choices or ():
            self.saw_answer = True
            if choice.finish_reason is not None:
                self.finish(choice.finish_reason)
        self.add_text(event, _lengths(message), running)
        if message.error:
            raise self.provider_error(text_of_error(message.error))


def _lengths(chunk: Chunk) -> dict[Channel, int]:
    lengths = dict.fromkeys(CHANNELS, 0)
    for choice in chunk.choices or ():
        delta = choice.delta or choice.message
        if delta is not None:
            for channel, length in delta.text_lengths().items():
                lengths[channel] += length
    return lengths
