"""The Gemini protocol, of Google's Generative Language API."""

from __future__ import annotations

from collections.abc import Sequence

from domain.load import Endpoint, Workload
from providers.base import Call, Reply, StampedBytes
from providers.gemini_reply import parse_reply
from providers.gemini_request import build_call


class GeminiProtocol:
    """Speaks `POST {base_url}/v1beta/models/{model}:streamGenerateContent`."""

    def build(self, endpoint: Endpoint, workload: Workload, prompt: str) -> Call:
        """Return the streaming call that asks `endpoint` for `prompt`."""
        return build_call(endpoint, workload, prompt)

    def parse(self, chunks: Sequence[StampedBytes]) -> Reply:
        """Take a whole body apart; raises `ReplyError`."""
        return parse_reply(chunks)
