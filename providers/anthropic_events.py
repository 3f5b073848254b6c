"""The JSON of a Messages reply: stream events and whole messages alike.

Unknown fields are skipped, unknown event types, blocks and deltas say nothing
(platform.claude.com/docs/en/build-with-claude/streaming); what is known must have its
type, else the reply is malformed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from domain.measures import Channel, Usage

# blocks whose `name` and input the model writes: a call of its caller's tool or of the
# provider's own
TOOL_BLOCKS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


class Block(msgspec.Struct, frozen=True):
    """A content block: empty when a stream opens it, filled in a whole message."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    name: str | None = None
    input: Any = None

    def text_lengths(self) -> dict[Channel, int]:
        """Return the characters that the model wrote, by channel."""
        if self.type in TOOL_BLOCKS:
            return {"tool": _length(self.name) + _json_length(self.input)}
        return {"content": _length(self.text), "reasoning": _length(self.thinking)}


class Delta(msgspec.Struct, frozen=True):
    """What an event adds to a block, or to the message: then with a stop reason.

    The signature of thinking and citations are not the model's text, so no token.
    """

    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None

    def text_lengths(self) -> dict[Channel, int]:
        """Return the characters of each channel; 0 for one that got nothing."""
        return {
            "content": _length(self.text),
            "tool": _length(self.partial_json),
            "reasoning": _length(self.thinking),
        }


class UsageCounts(msgspec.Struct, frozen=True):
    """The `usage` object; input read from or written to the cache is counted apart."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None

    def after(self, earlier: UsageCounts | None) -> UsageCounts:
        """Return these counts, with earlier ones where these say nothing."""
        if earlier is None:
            return self
        return UsageCounts(
            *(
                getattr(earlier, name) if value is None else value
                for name, value in msgspec.structs.asdict(self).items()
            )
        )

    def to_usage(self) -> Usage:
        """Return the counts under our own names: input with what the cache held."""
        cache = self.cache_read_input_tokens, self.cache_creation_input_tokens
        input_tokens = self.input_tokens
        if input_tokens is not None:
            input_tokens += sum(count or 0 for count in cache)
        return Usage(
            input_tokens=input_tokens,
            output_tokens=self.output_tokens,
            cached_tokens=self.cache_read_input_tokens,
        )


class OpenedMessage(msgspec.Struct, frozen=True):
    """The message that `message_start` opens."""

    usage: UsageCounts | None = None


class Event(msgspec.Struct, frozen=True):
    """One event of a stream, or a whole message (of type `message`)."""

    type: str = ""
    message: OpenedMessage | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: UsageCounts | None = None
    error: Any = None
    content: list[Block] | None = None
    stop_reason: str | None = None


decode_event = msgspec.json.Decoder(Event).decode


def _length(text: str | None) -> int:
    return 0 if text is None else len(text)


def _json_length(value: Any) -> int:
    """Return the characters of a tool's input; a stream opens its block with `{}`."""
    return len(msgspec.json.encode(value).decode()) if value else 0
