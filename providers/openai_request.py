"""The streaming call of the OpenAI chat completions protocol."""

from __future__ import annotations

import msgspec

from domain.load import Endpoint, Workload
from providers.base import Call
from providers.calls import stream_headers, with_extra
from providers.parameters import parameters


def build_call(endpoint: Endpoint, workload: Workload, prompt: str) -> Call:
    """Return the call; what the model does not take is left out and said so."""
    asked = parameters(endpoint, workload, {"stream_options": {"include_usage": True}})
    body = {
        "model": endpoint.model,
        "messages": _messages(endpoint.system_prompt, prompt),
        "stream": True,
        **asked.values,
    }
    key = endpoint.api_key
    credentials = {} if key is None else {"Authorization": f"Bearer {key}"}
    return Call(
        url=f"{endpoint.base_url.rstrip('/')}/chat/completions",
        headers=stream_headers(credentials, endpoint.headers),
        body=msgspec.json.encode(with_extra(body, asked.extra)),
        adjustments=asked.adjustments,
    )


def _messages(system_prompt: str | None, prompt: str) -> list[dict[str, str]]:
    user = {"role": "user", "content": prompt}
    if not system_prompt:
        return [user]
    return [{"role": "system", "content": system_prompt}, user]
