"""Takes a finished Gemini reply apart, stream or plain JSON."""

from __future__ import annotations

from collections.abc import Sequence

from domain.measures import Channel
from providers.base import Reply, StampedBytes
from providers.collecting import CHANNELS, Collected, collect
from providers.error_text import text_of_error
from providers.gemini_chunks import Chunk, decode_chunk
from providers.sse import SseEvent


def parse_reply(chunks: Sequence[StampedBytes]) -> Reply:
    """Return what the body says; raises `ReplyError` with what came before the break."""
    return collect(chunks, _Collected(decode_chunk))


class _Collected(Collected[Chunk]):
    """What the chunks so far amount to.

    The protocol has no end mark: the reply is complete with its finish reason.
    """

    def take_message(self, event: SseEvent, message: Chunk) -> None:
        running = None
        if message.usage_metadata is not None:
            self.usage = message.usage_metadata.to_usage()
            running = self.usage.output_tokens
        for candidate in message.candidates or ():
            self.saw_answer = True
            if candidate.finish_reason is not None:
                self.finish(candidate.finish_reason)
        self.add_text(event, _lengths(message), running)
        self._refuse_errors(message)

    def _refuse_errors(self, message: Chunk) -> None:
        if message.error:
            raise self.provider_error(text_of_error(message.error))
        feedback = message.prompt_feedback
        if feedback is not None and feedback.block_reason is not None:
            raise self.provider_error(f"the prompt was blocked: {feedback.block_reason}")


def _lengths(chunk: Chunk) -> dict[Channel, int]:
    lengths: dict[Channel, int] = dict.fromkeys(CHANNELS, 0)
    for candidate in chunk.candidates or ():
        parts = None if candidate.content is None else candidate.content.parts
        for part in parts or ():
            channel, length = part.channel_and_length()
            lengths[channel] += length
    return lengths
