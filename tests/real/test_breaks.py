"""A reply broken off in the middle, by us and by the model server."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from tests.live import a_tab
from tests.real.model_server import a_model_server
from tests.real.naive import PROMPT, a_client, chat, measure
from tests.real.target import requests_of, the_target
from tests.service import a_studio
from tests.waiting import eventually

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's /proc"),
]

ENDED = ("job_completed", "job_failed", "job_cancelled")
TRIES = 3
MINUTES_OF_TOKENS = 100_000
WATCHED_S = 0.5
IDLE_CPU_S = 0.02  # two ticks of the kernel's clock; generating takes ten times as much


async def cpu_used_s(server):
    """Return the CPU time the server uses in the next half second."""
    before = server.cpu_s()
    await asyncio.sleep(WATCHED_S)
    return server.cpu_s() - before


async def goes_idle(server, within_s=20):
    """Whether the server soon computes nothing, for three half seconds in a row."""
    still = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while still < 3:
                still = still + 1 if await cpu_used_s(server) <= IDLE_CPU_S else 0
    return still == 3


def says_that_tokens_flow(frame):
    """Whether a progress frame tells of output; none does before the first request."""
    return frame["live"] is not None and frame["live"]["output_tokens_per_s"]


async def begin_a_long_one(studio, headers, targets, tab):
    """Start a benchmark of three endless requests; returns its job once tokens flow."""
    job = await studio.submit(
        headers,
        targets=targets,
        prompt=PROMPT,
        runs=3,
        max_tokens=MINUTES_OF_TOKENS,
        timeout_s=600,
    )
    told = await tab.until("job_progress", where=says_that_tokens_flow)
    assert told["live"]["active_streams"] == 1
    return job


async def cancel_a_long_one(studio, server):
    """Cancel a benchmark while its tokens flow, and see that its connection is closed."""
    headers = await studio.register()
    targets = await the_target(studio, headers, server.base_url)
    async with a_tab(studio.ws_url, headers) as tab:
        job = await begin_a_long_one(studio, headers, targets, tab)
        assert server.open_connections() == 1
        assert await cpu_used_s(server) > IDLE_CPU_S
        await tab.send(type="cancel", job_id=job["id"])
        # on a busy machine the row comes after the end
        while not {"job_cancelled", "benchmark_result"} <= set(tab.types):
            await tab.next()
    await eventually(lambda: server.open_connections() == 0)
    path = f"/api/benchmarks/{job['result_id']}"
    (row,) = (await studio.client.get(path, headers=headers)).json()["results"]
    assert row["partial"] is True
    assert row["requests"] == {"ok": 0, "failed": 0, "by_error": {}}
    assert await requests_of(studio, headers, job) == []


@pytest.mark.gen_test(timeout=300)
async def test_a_cancelled_benchmark_makes_the_server_stop_generating(tmp_path):
    # This server misses about one closed connection in a hundred on a busy machine,
    # whoever closed it, and goes on for nobody; that we did not close it would show
    # each time. A server of its own for each try, for it computes for one at a time.
    for number in range(TRIES):
        with a_model_server() as server:
            async with a_studio(tmp_path / str(number)) as studio:
                await cancel_a_long_one(studio, server)
            if await goes_idle(server):
                async with a_client() as client:
                    asked = chat(max_tokens=8)
                    answered = await measure(client, server.base_url, asked)
                assert answered.output_tokens == 8
                return
    pytest.fail(f"{TRIES} servers went on generating after the cancel")


@pytest.mark.gen_test(timeout=120)
async def test_a_server_killed_in_the_middle_costs_its_requests_and_not_the_job(tmp_path):
    with a_model_server() as server:
        async with a_studio(tmp_path) as studio:
            headers = await studio.register()
            targets = await the_target(studio, headers, server.base_url)
            async with a_tab(studio.ws_url, headers) as tab:
                job = await begin_a_long_one(studio, headers, targets, tab)
                os.kill(server.pid, signal.SIGKILL)
                row = (await tab.until("benchmark_result"))["result"]
                assert (await tab.until(*ENDED))["job"]["status"] == "done"
            assert row["requests"]["failed"] == 3
            stored = await requests_of(studio, headers, job)
            first, *others = sorted(stored, key=lambda request: request["index"])
            # what came before the break is kept with the failed request
            assert first["error"]["class"] == "dropped"
            assert first["ttft_ms"] > 0
            # a dying process may still take one connection, and drop it
            classes = [request["error"]["class"] for request in others]
            assert set(classes) <= {"connect", "dropped"}
            assert classes[-1] == "connect"
