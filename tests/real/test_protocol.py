"""Our side of the protocol, against bytes that a server nobody here wrote has sent."""

import time

import pytest

from domain.load import Endpoint, Workload
from providers.base import StampedBytes
from providers.openai import OpenAiProtocol
from tests.real.model_server import MODEL
from tests.real.naive import PROMPT, a_client, chat, measure

pytestmark = pytest.mark.real

TOKENS = 64


def a_workload():
    """Return a workload whose replies are the same each time: no sampling."""
    return Workload(
        prompt=PROMPT,
        max_tokens=TOKENS,
        temperature=0.0,
        params={},
        avoid_cache=False,
        seed=1,
        timeout_s=30,
        fresh_connections=False,
    )


async def stamped_body(client, call):
    """Carry `call` out; return its body as it came, read by read."""
    chunks = [StampedBytes(time.perf_counter_ns(), b"")]
    async with client.stream(
        "POST", call.url, headers=call.headers, content=call.body
    ) as reply:
        assert reply.status_code == 200
        async for data in reply.aiter_raw():
            chunks.append(StampedBytes(time.perf_counter_ns(), data))  # noqa: PERF401 - stamped as they come
    return chunks


@pytest.mark.gen_test(timeout=60)
async def test_every_character_and_token_of_its_stream_is_read(server):
    protocol = OpenAiProtocol()
    endpoint = Endpoint(kind="openai", base_url=server.base_url, model=MODEL)
    call = protocol.build(endpoint, a_workload(), PROMPT)
    async with a_client() as client:
        chunks = await stamped_body(client, call)
        body = chat(TOKENS, temperature=0.0)
        plain = await measure(client, server.base_url, body)
    reply = protocol.parse(chunks)
    assert plain.text
    assert sum(event.characters for event in reply.events) == len(plain.text)
    assert {event.channel for event in reply.events} == {"content"}
    assert reply.usage.output_tokens == plain.output_tokens == TOKENS
    assert reply.usage.input_tokens > 0
    # it ends with a finish reason and sends no [DONE]
    assert (reply.complete, reply.finish_reason) == (True, "length")
    assert not b"".join(chunk.data for chunk in chunks).endswith(b"[DONE]\n\n")
