"""Endpoints, workloads and calls of every protocol, as the tests need them."""

import json

import msgspec

from domain.load import Endpoint, Workload
from providers.protocols import protocol_of

WORKLOAD = Workload(
    prompt="unused",
    max_tokens=64,
    temperature=0.5,
    params={},
    avoid_cache=False,
    seed=1,
    timeout_s=5,
    fresh_connections=False,
)
BASES = {
    "openai": "https://api.test/v1",
    "anthropic": "https://api.test",
    "gemini": "https://api.test",
}


def built(kind, model="m-1", *, params=None, temperature=0.5, prompt="Hi", **fields):
    """Return the call that a protocol builds, and its body decoded."""
    fields = {"base_url": BASES[kind]} | fields
    endpoint = Endpoint(kind=kind, model=model, **fields)
    workload = msgspec.structs.replace(
        WORKLOAD, params=params or {}, temperature=temperature
    )
    call = protocol_of(endpoint).build(endpoint, workload, prompt)
    return call, json.loads(call.body)
