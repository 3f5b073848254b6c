"""Which wire protocol speaks to an endpoint of which kind."""

from __future__ import annotations

from domain.load import Endpoint
from providers.anthropic import AnthropicProtocol
from providers.base import WireProtocol
from providers.gemini import GeminiProtocol
from providers.openai import OpenAiProtocol

PROTOCOLS: dict[str, WireProtocol] = {
    "openai": OpenAiProtocol(),
    "anthropic": AnthropicProtocol(),
    "gemini": GeminiProtocol(),
}


def protocol_of(endpoint: Endpoint) -> WireProtocol:
    """Return the protocol of `endpoint`; its kinds are all known."""
    return PROTOCOLS[endpoint.kind]
