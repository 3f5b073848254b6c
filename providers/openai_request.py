"""The streaming call of the OpenAI chat completions protocol."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.load import Endpoint, Workload
from providers.base import Call

TOP_LEVEL_PARAMS = (
    "top_p",
    "top_k",
    "seed",
    "stop",
    "presence_penalty",
    "frequency_penalty",
)


def build_call(endpoint: Endpoint, workload: Workload, prompt: str) -> Call:
    """Return the call; what the model does not take is left out and said so."""
    body, adjustments = _body(endpoint, workload, prompt)
    return Call(
        url=f"{endpoint.base_url.rstrip('/')}/chat/completions",
        headers=_headers(endpoint),
        body=msgspec.json.encode(body),
        adjustments=adjustments,
    )


def _headers(endpoint: Endpoint) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Accept": "text/event-stream",
        # a compressed reply would arrive in lumps of the compressor's making
        "Accept-Encoding": "identity",
    }
    if endpoint.api_key is not None:
        headers["Authorization"] = f"Bearer {endpoint.api_key}"
    return headers | endpoint.headers


def _body(
    endpoint: Endpoint, workload: Workload, prompt: str
) -> tuple[dict[str, Any], tuple[str, ...]]:
    wanted = {
        "model": endpoint.model,
        "messages": _messages(endpoint.system_prompt, prompt),
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": workload.max_tokens,
        "temperature": workload.temperature,
    }
    wanted |= {name: workload.params.get(name) for name in TOP_LEVEL_PARAMS}
    body, adjustments = _without_unsupported(
        {name: value for name, value in wanted.items() if value is not None},
        endpoint.unsupported_params,
    )
    return body | (workload.params.get("extra") or {}), adjustments


def _messages(system_prompt: str | None, prompt: str) -> list[dict[str, str]]:
    user = {"role": "user", "content": prompt}
    if not system_prompt:
        return [user]
    return [{"role": "system", "content": system_prompt}, user]


def _without_unsupported(
    body: dict[str, Any], unsupported: list[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    kept = dict(body)
    adjustments = []
    for name in unsupported:
        if name not in kept:
            continue
        value = kept.pop(name)
        if name == "max_tokens" and "max_completion_tokens" not in unsupported:
            # a limit must stay: models that refuse the old name know the new one
            kept["max_completion_tokens"] = value
            adjustments.append("max_tokens sent as max_completion_tokens")
        else:
            adjustments.append(f"{name} omitted")
    return kept, tuple(adjustments)
