"""The streaming call of the Gemini protocol."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from domain.load import Endpoint, Workload
from providers.base import Call
from providers.calls import stream_headers, versioned, with_extra
from providers.parameters import parameters

# ai.google.dev/api/generate-content, GenerationConfig
CONFIG_NAMES = {
    "max_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "stop": "stopSequences",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}


def build_call(endpoint: Endpoint, workload: Workload, prompt: str) -> Call:
    """Return the call; the key goes into a header, since addresses end up in logs."""
    asked = parameters(endpoint, workload, {})
    body: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}
    config = {CONFIG_NAMES[name]: value for name, value in asked.values.items()}
    if isinstance(config.get("stopSequences"), str):
        config["stopSequences"] = [config["stopSequences"]]
    if config:
        body["generationConfig"] = config
    if endpoint.system_prompt:
        body["systemInstruction"] = {"parts": [{"text": endpoint.system_prompt}]}
    key = endpoint.api_key
    credentials = {} if key is None else {"x-goog-api-key": key}
    return Call(
        url=_url(endpoint),
        headers=stream_headers(credentials, endpoint.headers),
        body=msgspec.json.encode(with_extra(body, asked.extra)),
        adjustments=asked.adjustments,
    )


def _url(endpoint: Endpoint) -> str:
    base = versioned(endpoint.base_url, "v1beta")
    # the API lists models as "models/…", tuned ones as "tunedModels/…"
    model = endpoint.model if "/" in endpoint.model else f"models/{endpoint.model}"
    return f"{base}/{quote(model, safe='/')}:streamGenerateContent?alt=sse"
