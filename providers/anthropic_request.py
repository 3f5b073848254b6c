"""The streaming call of the Anthropic Messages protocol."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.load import Endpoint, Workload
from providers.base import Call
from providers.calls import stream_headers, versioned, with_extra
from providers.parameters import parameters

# The only version of the wire format so far: platform.claude.com/docs/en/api/versioning
API_VERSION = "2023-06-01"


def build_call(endpoint: Endpoint, workload: Workload, prompt: str) -> Call:
    """Return the call; what the model does not take is left out and said so."""
    asked = parameters(endpoint, workload, {})
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [{"role": "user", "content": prompt}],
        "stream": True,
        **asked.values,
    }
    if "stop" in body:
        stop = body.pop("stop")
        body["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    if endpoint.system_prompt:
        body["system"] = endpoint.system_prompt
    return Call(
        url=f"{versioned(endpoint.base_url, 'v1')}/messages",
        headers=stream_headers(_credentials(endpoint), endpoint.headers),
        body=msgspec.json.encode(with_extra(body, asked.extra)),
        adjustments=asked.adjustments,
    )


def _credentials(endpoint: Endpoint) -> dict[str, str]:
    version = {"anthropic-version": API_VERSION}
    return (
        version if endpoint.api_key is None else version | {"x-api-key": endpoint.api_key}
    )
