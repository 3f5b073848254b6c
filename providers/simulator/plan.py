"""What one reply will hold: how many tokens, why it ends, which fault strikes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from providers.simulator.behaviour import MAX_TOKENS, Behaviour, Fault, FaultKind
from providers.simulator.chat_request import ChatRequest

DEFAULT_TOKENS = 128

FinishReason = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One reply, decided before its first byte."""

    request: ChatRequest
    behaviour: Behaviour
    model_number: int  # the how many-th request of this model, from 1
    tokens: int
    finish_reason: FinishReason
    fault: Fault | None

    @property
    def tokens_sent(self) -> int:
        """How many tokens come before the end, or before the fault strikes."""
        if self.fault is None or self.fault.kind is FaultKind.EMPTY:
            return self.tokens
        return min(self.fault.number, self.tokens)

    def usage(self, tokens: int) -> dict[str, Any]:
        """Return the usage object after `tokens` tokens of output."""
        prompt = self.request.prompt_tokens
        return {
            "prompt_tokens": prompt,
            "completion_tokens": tokens,
            "total_tokens": prompt + tokens,
            "prompt_tokens_details": {"cached_tokens": min(self.behaviour.cached, prompt)},
            "completion_tokens_details": {
                "reasoning_tokens": min(self.behaviour.think, tokens)
            },
        }


def plan_of(request: ChatRequest, behaviour: Behaviour, model_number: int) -> Plan:
    """Decide a reply. `max_tokens` caps it, which ends it for "length".

    A model whose name has no `n` talks until it is capped; uncapped, for 128 tokens.
    """
    fault = behaviour.fault_of(model_number)
    limit = min(request.token_limit or MAX_TOKENS, MAX_TOKENS)
    wanted = behaviour.tokens or (limit + 1 if request.token_limit else DEFAULT_TOKENS)
    finish: FinishReason = "tool_calls" if behaviour.tool else "stop"
    tokens = wanted
    if fault is not None and fault.kind is FaultKind.EMPTY:
        tokens, finish = 0, "stop"
    elif wanted > limit:
        tokens, finish = limit, "length"
    return Plan(request, behaviour, model_number, tokens, finish, fault)
