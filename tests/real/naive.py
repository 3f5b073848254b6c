"""The measurement anybody would write: plain httpx, lines, a stopwatch around them."""

import json
import time
from dataclasses import dataclass

import httpx

from tests.real.model_server import MODEL

PROMPT = "Why is the sky blue?"
LIMIT_S = 60


@dataclass(frozen=True)
class Naive:
    """What one reply looked like to somebody who just reads lines."""

    ttft_ms: float
    itl_ms: float
    output_tps: float
    e2e_ms: float
    text: str
    output_tokens: int


def a_client():
    """Return a client as httpx makes it, but for proxies from the environment."""
    return httpx.AsyncClient(trust_env=False, timeout=LIMIT_S)


def chat(max_tokens, temperature=0.7):
    """Return the body that asks for a streamed reply of so many tokens."""
    return {
        "model": MODEL,
        "stream": True,
        "max_tokens": max_tokens,
        "temperature": temperature,
        "messages": [{"role": "user", "content": PROMPT}],
    }


async def measure(client, base_url, body):
    """Send one chat completion; read the stream line by line."""
    texts, stamps, tokens = [], [], None
    began = time.perf_counter()
    async with client.stream("POST", f"{base_url}/chat/completions", json=body) as reply:
        assert reply.status_code == 200, await reply.aread()
        async for line in reply.aiter_lines():
            if not line.startswith("data: {"):
                continue
            chunk = json.loads(line.removeprefix("data: "))
            text = chunk["choices"][0]["delta"].get("content")
            if text:
                texts.append(text)
                stamps.append(time.perf_counter())
            tokens = chunk.get("usage", {}).get("completion_tokens", tokens)
    itl_s = (stamps[-1] - stamps[0]) / (tokens - 1)
    return Naive(
        ttft_ms=1000 * (stamps[0] - began),
        itl_ms=1000 * itl_s,
        output_tps=1 / itl_s,
        e2e_ms=1000 * (stamps[-1] - began),
        text="".join(texts),
        output_tokens=tokens,
    )
