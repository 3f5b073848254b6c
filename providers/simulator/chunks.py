"""The bytes of a streamed reply: SSE events, each framed as one HTTP chunk."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from providers.simulator import words
from providers.simulator.failures import ApiError
from providers.simulator.plan import Plan
from providers.simulator.timeline import Event

COMMENT: Final = b": keep-alive\n\n"
FAILED: Final = "the simulated model failed"
DONE: Final = b"data: [DONE]\n\n"
# Neither JSON nor UTF-8, yet an SSE event: what a broken proxy would make of a chunk.
GARBAGE: Final = b'data: {"choices":[{"delta":{"content":\xff\xfe\x00<html>\n\n'

_encode = msgspec.json.Encoder().encode


class ChunkWriter:
    """Writes the events of one reply; `id` and `created_s` (Unix time) are in each."""

    def __init__(self, plan: Plan, reply_id: str, created_s: int) -> None:
        self._plan = plan
        self._opened = False  # whether an event with the role was written
        options = plan.request.stream_options
        counts = plan.behaviour.usage and options is not None
        self._final_usage = counts and bool(options and options.include_usage)
        self._running_usage = counts and bool(options and options.continuous_usage_stats)
        self._head = _encode(
            {
                "id": reply_id,
                "object": "chat.completion.chunk",
                "created": created_s,
                "model": plan.request.model,
            }
        )[:-1]

    def role(self) -> bytes:
        """Return an event that names the role and holds no token."""
        return self._event(self._with_role({"content": ""}), 0)

    def tokens(self, event: Event) -> bytes:
        """Return the event with these tokens: thinking first, then text or a tool call."""
        think = self._plan.behaviour.think
        delta: dict[str, Any]
        if event.first < think:
            delta = {"reasoning_content": words.text_of(event.first, event.tokens)}
        elif self._plan.behaviour.tool:
            delta = {"tool_calls": [self.tool_call(event)]}
        else:
            delta = {"content": words.text_of(event.first - think, event.tokens)}
        return self._event(self._with_role(delta), event.first + event.tokens)

    def tool_call(self, event: Event) -> dict[str, Any]:
        """Return the piece of the tool call in this event; the first one names the tool."""
        plan, after = self._plan, event.first + event.tokens
        first = event.first - plan.behaviour.think
        is_whole = after == plan.tokens and plan.finish_reason != "length"
        function = {
            "arguments": words.arguments_of(
                first, event.tokens, opens=first == 0, closes=is_whole
            )
        }
        if first:
            return {"index": 0, "function": function}
        function["name"] = plan.request.tool_name
        return {"index": 0, "id": "call_0", "type": "function", "function": function}

    def end(self) -> bytes:
        """Return all that follows the last token: finish reason, usage, end marker."""
        plan = self._plan
        finish = self._event({}, plan.tokens, plan.finish_reason)
        usage = b""
        if self._final_usage:
            usage = b"data: %b,%b}\n\n" % (
                self._head,
                b'"choices":[],"usage":' + _encode(plan.usage(plan.tokens)),
            )
        return finish + usage + DONE

    def error(self) -> bytes:
        """Return an error in the middle of the stream, as vLLM tells it."""
        return b"data: %b\n\n" % ApiError(500, FAILED).body + DONE

    def _with_role(self, delta: dict[str, Any]) -> dict[str, Any]:
        if self._opened:
            return delta
        self._opened = True
        return {"role": "assistant", **delta}

    def _event(
        self, delta: dict[str, Any], so_far: int, finish: str | None = None
    ) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage = b""
        if self._running_usage:
            usage = b',"usage":' + _encode(self._plan.usage(so_far))
        elif self._final_usage:
            usage = b',"usage":null'
        return b'data: %b,"choices":[%b]%b}\n\n' % (self._head, _encode(choice), usage)
