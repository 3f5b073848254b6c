"""What load workers are given: endpoints, a workload, requests in order.

These structs cross process boundaries as msgpack; they are not part of the public
contract. The API key travels in `Endpoint` and is stored nowhere.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from domain.stages import StagePart


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """Base of structs that travel between our own processes."""


class Endpoint(Packed, frozen=True):
    """Where a request goes and what it carries to be let in."""

    kind: Literal["openai", "anthropic", "gemini"]  # a simulator speaks "openai"
    base_url: str
    model: str
    api_key: str | None = None
    headers: dict[str, str] = {}
    system_prompt: str | None = None
    unsupported_params: list[str] = []

    def __repr__(self) -> str:
        """Show no key and no header value."""
        return f"Endpoint({self.kind}, {self.base_url}, {self.model})"


class Workload(Packed, frozen=True):
    """What every request of a benchmark asks for; `timeout_s` is per request."""

    prompt: str
    max_tokens: int
    temperature: float | None
    params: dict[str, Any]
    avoid_cache: bool
    seed: int
    timeout_s: float
    fresh_connections: bool


class RequestItem(Packed, frozen=True):
    """One request to send; (row, warmup, index) is its identity in the benchmark."""

    row: int
    index: int
    warmup: bool
    endpoint: int  # position in the shard's endpoints
    filler_tokens: int


class ShardKey(Packed, frozen=True):
    """Names one try of one shard; what carries an older key is refused."""

    job_id: str
    attempt: int
    shard: int
    shard_attempt: int


class Shard(Packed, frozen=True):
    """What one worker sends: items one after the other, or its part of a stage."""

    key: ShardKey
    endpoints: list[Endpoint]
    workload: Workload
    items: list[RequestItem]
    stage: StagePart | None = None
