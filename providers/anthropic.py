"""The Anthropic Messages protocol."""

from __future__ import annotations

from collections.abc import Sequence

from domain.load import Endpoint, Workload
from providers.anthropic_reply import parse_reply
from providers.anthropic_request import build_call
from providers.base import Call, Reply, StampedBytes


class AnthropicProtocol:
    """Speaks `POST {base_url}/v1/messages`, streaming."""

    def build(self, endpoint: Endpoint, workload: Workload, prompt: str) -> Call:
        """Return the streaming call that asks `endpoint` for `prompt`."""
        return build_call(endpoint, workload, prompt)

    def parse(self, chunks: Sequence[StampedBytes]) -> Reply:
        """Take a whole body apart; raises `ReplyError`."""
        return parse_reply(chunks)
