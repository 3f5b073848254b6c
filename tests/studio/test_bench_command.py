"""`studio bench` as it is typed, against endpoints of every kind."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.engine.scripted import scripted

STUDIO = Path(sys.executable).with_name("studio")
GOLDEN = Path(__file__).parent.parent / "providers" / "golden"


async def bench(*options, **env):
    """Run the command; return its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(STUDIO, "bench", "--warmup", "0", "--requests", "2", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"COLUMNS": "200"} | env,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, out.decode()


@pytest.mark.parametrize(
    ("kind", "golden", "key_header"),
    [
        ("openai", "openai_content", "authorization: bearer sk-loopback"),
        ("anthropic", "anthropic_text", "x-api-key: sk-loopback"),
        ("gemini", "gemini_text", "x-goog-api-key: sk-loopback"),
    ],
)
@pytest.mark.gen_test(timeout=90)
async def test_an_endpoint_of_each_kind_is_measured(tmp_path, kind, golden, key_header):
    async def answer(exchange):
        await exchange.reply((GOLDEN / f"{golden}.sse").read_bytes())

    file = tmp_path / "rows.json"
    async with scripted(answer) as server:
        status, out = await bench(
            *("--kind", kind, "--base-url", server.url, "--model", "m-1"),
            *("--api-key-env", "LOOPBACK_KEY", "--json", str(file)),
            LOOPBACK_KEY="sk-loopback",
        )
    assert status == 0, out
    (row,) = json.loads(file.read_bytes())
    assert row["requests"]["ok"] == 2
    assert row["tokens"]["source"] == "usage"
    assert key_header in server.exchanges[0].head.decode().lower()
    assert "sk-loopback" not in out


@pytest.mark.gen_test(timeout=90)
async def test_an_endpoint_without_a_model_is_a_mistake():
    status, out = await bench("--kind", "gemini")
    assert status == 2
    assert "--model" in out
