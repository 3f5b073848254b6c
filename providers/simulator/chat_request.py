"""What the simulator reads of a chat completion request; all else is ignored."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from providers.simulator.failures import ApiError

CHARACTERS_A_TOKEN = 4

_Count = Annotated[int, msgspec.Meta(ge=1)]


class StreamOptions(msgspec.Struct, frozen=True):
    """Which counts a stream carries: at its end; as vLLM can, in every chunk."""

    include_usage: bool = False
    continuous_usage_stats: bool = False


class Message(msgspec.Struct, frozen=True):
    """One message; its content is text, a list of parts, or null beside tool calls."""

    role: str
    content: str | list[dict[str, Any]] | None = None


class ToolFunction(msgspec.Struct, frozen=True):
    """The function of a tool that the client offers."""

    name: str


class Tool(msgspec.Struct, frozen=True):
    """A tool that the client offers."""

    function: ToolFunction | None = None


class ChatRequest(msgspec.Struct, frozen=True):
    """The body of `POST /v1/chat/completions`."""

    model: str
    messages: Annotated[list[Message], msgspec.Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: _Count | None = None
    max_completion_tokens: _Count | None = None
    tools: list[Tool] | None = None

    @property
    def token_limit(self) -> int | None:
        """The most output tokens the client wants; the newer name wins."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def tool_name(self) -> str:
        """The first tool offered, the one that a simulated model calls."""
        for tool in self.tools or ():
            if tool.function is not None:
                return tool.function.name
        return "answer"

    @property
    def prompt_tokens(self) -> int:
        """The characters of all messages divided by four, rounded up: an estimate."""
        characters = sum(_characters(message.content) for message in self.messages)
        return -(-characters // CHARACTERS_A_TOKEN)


def _characters(content: str | list[dict[str, Any]] | None) -> int:
    if content is None or isinstance(content, str):
        return len(content or "")
    texts = (part.get("text") for part in content)
    return sum(len(text) for text in texts if isinstance(text, str))


_DECODER = msgspec.json.Decoder(ChatRequest)


def decode(body: bytes) -> ChatRequest:
    """Read a request's body; raises `ApiError` with status 400."""
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, f"the body is no chat completion request: {error}") from None
