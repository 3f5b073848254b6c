"""Providers of every kind through the whole service, from their key to their row."""

from pathlib import Path

import pytest

from tests.engine.scripted import scripted
from tests.live import a_tab
from tests.service import a_studio

GOLDEN = Path(__file__).parent / "providers" / "golden"
KEY = "sk-loopback-0123456789"


async def measured(tmp_path, kind, golden, model):
    """Benchmark a server that answers with a golden stream; return row and exchanges."""
    body = (GOLDEN / f"{golden}.sse").read_bytes()
    pieces = [piece + b"\n\n" for piece in body.replace(b"\r\n", b"\n").split(b"\n\n")]

    async def answer(exchange):
        await exchange.reply(*pieces)

    async with scripted(answer) as server, a_studio(tmp_path) as studio:
        mine = await studio.register()
        base_url = server.url if kind == "openai" else server.url.removesuffix("/v1")
        fields = {"name": "Loopback", "kind": kind, "base_url": base_url}
        added = await studio.client.post("/api/providers", json=fields, headers=mine)
        path = f"/api/providers/{added.json()['id']}"
        await studio.client.put(f"{path}/key", json={"value": KEY}, headers=mine)
        await studio.client.post(f"{path}/models", json={"name": model}, headers=mine)
        target = {"provider_id": added.json()["id"], "model": model}
        async with a_tab(studio.ws_url, mine) as tab:
            await studio.submit(mine, targets=[target], runs=2)
            row = (await tab.until("benchmark_result"))["result"]
    return row, server.exchanges


def head_of(exchange):
    line, *headers = exchange.head.decode().rstrip().split("\r\n")
    named = (header.split(": ", 1) for header in headers)
    return line, {name.lower(): value for name, value in named}


@pytest.mark.gen_test(timeout=60)
async def test_an_anthropic_provider_is_measured(tmp_path):
    row, exchanges = await measured(
        tmp_path, "anthropic", "anthropic_thinking", "claude-opus-4-7"
    )
    assert row["requests"] == {"ok": 2, "failed": 0, "by_error": {}}
    assert row["tokens"] == {
        "input": 80,
        "output": 120,
        "reasoning": None,
        "cached": 0,
        "source": "usage",
    }
    assert row["ttfa_ms"]["min"] >= row["ttft_ms"]["min"]
    assert row["adjustments"] == [
        "temperature was omitted: Claude models from Opus 4.7 on take only the default."
    ]
    line, headers = head_of(exchanges[0])
    assert line == "POST /v1/messages HTTP/1.1"
    assert headers["x-api-key"] == KEY
    assert exchanges[0].json["max_tokens"] == 512


@pytest.mark.gen_test(timeout=60)
async def test_a_gemini_provider_is_measured_and_its_key_is_in_no_address(tmp_path):
    row, exchanges = await measured(tmp_path, "gemini", "gemini_thoughts", "gemini-2.5-pro")
    assert row["requests"] == {"ok": 2, "failed": 0, "by_error": {}}
    assert row["tokens"] == {
        "input": 16,
        "output": 164,
        "reasoning": 160,
        "cached": None,
        "source": "usage",
    }
    line, headers = head_of(exchanges[0])
    path = "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"
    assert line == f"POST {path} HTTP/1.1"
    assert headers["x-goog-api-key"] == KEY


@pytest.mark.gen_test(timeout=60)
async def test_an_error_in_the_stream_is_told_in_the_row(tmp_path):
    row, _ = await measured(tmp_path, "anthropic", "anthropic_error", "claude-haiku-4-5")
    assert row["requests"]["by_error"] == {"provider_error": 2}
    assert row["warnings"] == ["All 2 requests failed: 2 x provider_error (Overloaded)."]
