"""The JSON of a Gemini reply: each chunk is a whole `GenerateContentResponse`.

Unknown fields are skipped; what is known must have its type, else the reply is malformed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from domain.measures import Channel, Usage


class FunctionCall(msgspec.Struct, frozen=True):
    """A call that the model makes; it comes in one piece."""

    name: str | None = None
    args: Any = None


class ExecutableCode(msgspec.Struct, frozen=True):
    """Code that the model writes for the provider to run."""

    code: str | None = None


class Part(msgspec.Struct, frozen=True, rename="camel"):
    """A piece of text, of thinking, or of a tool call."""

    text: str | None = None
    thought: bool | None = None
    function_call: FunctionCall | None = None
    executable_code: ExecutableCode | None = None

    def channel_and_length(self) -> tuple[Channel, int]:
        """Return what the part is, and how many characters the model wrote."""
        if self.function_call is not None:
            return "tool", _call_length(self.function_call)
        if self.executable_code is not None:
            return "tool", len(self.executable_code.code or "")
        return "reasoning" if self.thought else "content", len(self.text or "")


class Content(msgspec.Struct, frozen=True):
    """The parts of one chunk."""

    parts: list[Part] | None = None


class Candidate(msgspec.Struct, frozen=True, rename="camel"):
    """One answer, or what a chunk adds to it."""

    content: Content | None = None
    finish_reason: str | None = None


class UsageCounts(msgspec.Struct, frozen=True, rename="camel"):
    """The `usageMetadata` object, cumulative; a count of nothing is left out."""

    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None

    @property
    def output_tokens(self) -> int | None:
        """All that the model wrote, thinking included; None before it is counted."""
        counts = self.candidates_token_count, self.thoughts_token_count
        if counts == (None, None):
            return None
        return sum(count or 0 for count in counts)

    def to_usage(self) -> Usage:
        """Return the counts under our own names."""
        input_tokens = self.prompt_token_count
        if input_tokens is not None:
            input_tokens += self.tool_use_prompt_token_count or 0
        return Usage(
            input_tokens=input_tokens,
            output_tokens=self.output_tokens,
            reasoning_tokens=self.thoughts_token_count,
            cached_tokens=self.cached_content_token_count,
        )


class PromptFeedback(msgspec.Struct, frozen=True, rename="camel"):
    """Why the prompt was refused, if it was."""

    block_reason: str | None = None


class Chunk(msgspec.Struct, frozen=True, rename="camel"):
    """One JSON object of a reply."""

    candidates: list[Candidate] | None = None
    usage_metadata: UsageCounts | None = None
    prompt_feedback: PromptFeedback | None = None
    error: Any = None


decode_chunk = msgspec.json.Decoder(Chunk).decode


def _call_length(call: FunctionCall) -> int:
    arguments = msgspec.json.encode(call.args).decode() if call.args else ""
    return len(call.name or "") + len(arguments)
