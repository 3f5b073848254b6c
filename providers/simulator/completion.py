"""The body of a reply that is not streamed."""

from __future__ import annotations

from typing import Any

import msgspec

from providers.simulator import words
from providers.simulator.plan import Plan


def completion(plan: Plan, reply_id: str, created_s: int) -> bytes:
    """Return the whole reply as one object; `created_s` is Unix time."""
    choice = {
        "index": 0,
        "message": _message(plan),
        "logprobs": None,
        "finish_reason": plan.finish_reason,
    }
    body = {
        "id": reply_id,
        "object": "chat.completion",
        "created": created_s,
        "model": plan.request.model,
        "choices": [choice],
    }
    if plan.behaviour.usage:
        body["usage"] = plan.usage(plan.tokens)
    return msgspec.json.encode(body)


def _message(plan: Plan) -> dict[str, Any]:
    think = min(plan.behaviour.think, plan.tokens)
    answer = plan.tokens - think
    message: dict[str, Any] = {"role": "assistant"}
    if think:
        message["reasoning_content"] = words.text_of(0, think)
    if plan.behaviour.tool and answer:
        return message | {"content": None, "tool_calls": [_tool_call(plan, answer)]}
    return message | {"content": words.text_of(0, answer)}


def _tool_call(plan: Plan, tokens: int) -> dict[str, Any]:
    arguments = words.arguments_of(
        0, tokens, opens=True, closes=plan.finish_reason != "length"
    )
    function = {"name": plan.request.tool_name, "arguments": arguments}
    return {"id": "call_0", "type": "function", "function": function}
