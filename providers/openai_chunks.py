"""The JSON of a chat completions reply: stream chunks and whole answers alike.

Unknown fields are skipped; what is known must have its type, else the reply is malformed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from domain.measures import Channel, Usage


class FunctionText(msgspec.Struct, frozen=True):
    """The part of a tool call that a model writes."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct, frozen=True):
    """A tool call, or a piece of one."""

    function: FunctionText | None = None


class Part(msgspec.Struct, frozen=True):
    """A piece of content: Mistral's reasoning models send thinking as one of these."""

    text: str | None = None
    thinking: str | list[Part] | None = None


class Delta(msgspec.Struct, frozen=True):
    """What a chunk adds; servers name the reasoning channel in two ways."""

    content: str | list[Part] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: FunctionText | None = None

    def text_lengths(self) -> dict[Channel, int]:
        """Return the characters of each channel; 0 for one that got nothing."""
        functions = [call.function for call in self.tool_calls or ()]
        functions.append(self.function_call)
        content, thinking = _content_lengths(self.content)
        return {
            "content": content + _length(self.refusal),
            "tool": sum(
                _length(function.name) + _length(function.arguments)
                for function in functions
                if function is not None
            ),
            # a server that sends both names sends the same text twice
            "reasoning": thinking
            + max(_length(self.reasoning_content), _length(self.reasoning)),
        }


class Choice(msgspec.Struct, frozen=True):
    """One answer: `delta` in a stream, `message` in a whole reply."""

    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None


class OutputDetails(msgspec.Struct, frozen=True):
    """Of the output tokens, how many were reasoning."""

    reasoning_tokens: int | None = None


class InputDetails(msgspec.Struct, frozen=True):
    """Of the input tokens, how many came from a cache."""

    cached_tokens: int | None = None


class UsageCounts(msgspec.Struct, frozen=True):
    """The `usage` object."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    completion_tokens_details: OutputDetails | None = None
    prompt_tokens_details: InputDetails | None = None
    prompt_cache_hit_tokens: int | None = None  # DeepSeek's name

    def to_usage(self) -> Usage:
        """Return the counts under our own names."""
        output = self.completion_tokens_details
        prompt = self.prompt_tokens_details
        cached = None if prompt is None else prompt.cached_tokens
        return Usage(
            input_tokens=self.prompt_tokens,
            output_tokens=self._output_tokens(),
            reasoning_tokens=None if output is None else output.reasoning_tokens,
            cached_tokens=self.prompt_cache_hit_tokens if cached is None else cached,
        )

    def _output_tokens(self) -> int | None:
        """Return all that the model wrote: xAI counts reasoning beside the completion."""
        completion, details = self.completion_tokens, self.completion_tokens_details
        reasoning = (details and details.reasoning_tokens) or 0
        if completion is None or self.prompt_tokens is None:
            return completion
        counted_apart = self.prompt_tokens + completion + reasoning == self.total_tokens
        return completion + reasoning if counted_apart else completion


class Chunk(msgspec.Struct, frozen=True):
    """One JSON object of a reply."""

    choices: list[Choice] | None = None
    usage: UsageCounts | None = None
    error: Any = None


decode_chunk = msgspec.json.Decoder(Chunk).decode


def _content_lengths(content: str | list[Part] | None) -> tuple[int, int]:
    """Return the characters of content and of thinking."""
    if content is None or isinstance(content, str):
        return _length(content), 0
    return (
        sum(_length(part.text) for part in content),
        sum(sum(_content_lengths(part.thinking)) for part in content),
    )


def _length(text: str | None) -> int:
    return 0 if text is None else len(text)
