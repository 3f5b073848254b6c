"""The simulator as a process: how it starts, and that it always ends."""

import asyncio
import pathlib
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from domain.errors import UnavailableError
from providers.simulator.process import SimulatorProcess
from providers.simulator.server import serve

ROOT = pathlib.Path(__file__).parents[3]
PATIENCE_S = 20


def wait_until_refused(port):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.02)
    raise AssertionError("it still takes connections")


@pytest.mark.gen_test(timeout=60)
async def test_it_starts_serves_and_stops():
    simulator = SimulatorProcess()
    assert not simulator.is_running
    await simulator.start()
    try:
        url = simulator.base_url
        assert simulator.is_running
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{url}/models")).status_code == 200
        await simulator.start()
        assert simulator.base_url == url
    finally:
        await simulator.stop()
    assert not simulator.is_running
    with pytest.raises(UnavailableError):
        _ = simulator.base_url
    await simulator.stop()


@pytest.mark.gen_test(timeout=60)
async def test_after_a_crash_it_is_known_to_be_gone_and_can_be_started_again():
    simulator = SimulatorProcess()
    await simulator.start()
    try:
        simulator._process.kill()
        await simulator._process.wait()
        assert not simulator.is_running
        await simulator.start()
        assert simulator.is_running
    finally:
        await simulator.stop()


@pytest.mark.gen_test(timeout=60)
async def test_a_simulator_that_cannot_start_is_said_to_be_unavailable(tmp_path):
    simulator = SimulatorProcess(log_path=tmp_path / "missing" / "log.jsonl")
    with pytest.raises(UnavailableError):
        await simulator.start()
    assert not simulator.is_running


PARENT = """
import asyncio
from providers.simulator.process import SimulatorProcess

async def main():
    simulator = SimulatorProcess()
    await simulator.start()
    print(simulator.base_url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_it_dies_with_its_parent_even_if_that_is_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        url = httpx.URL(parent.stdout.readline().decode().strip())
        health = httpx.get(url.copy_with(path="/health"), trust_env=False)
        assert health.status_code == 200
    finally:
        parent.kill()
        parent.communicate(timeout=PATIENCE_S)
    wait_until_refused(url.port)


def test_it_ends_when_its_stdin_does_if_told_so(tools):
    with tools.started("--exit-on-stdin-eof", stdin=subprocess.PIPE) as (process, _):
        process.stdin.close()
        process.stdin = None  # communicate() must not use it again
        assert process.wait(PATIENCE_S) == 0


def test_it_stays_when_its_stdin_ends_if_not_told_so(tools):
    with tools.started(stdin=subprocess.DEVNULL) as (process, port):
        url = f"http://127.0.0.1:{port}/health"
        assert httpx.get(url, trust_env=False).status_code == 200
        assert process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_in_the_middle_of_a_stream(tools, tmp_path, number):
    log_path = tmp_path / "log.jsonl"
    options = {"stderr": subprocess.PIPE}
    with tools.started("--log", str(log_path), **options) as (process, port):
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as sock:
            sock.sendall(tools.raw_request("sim-itl50-n1000", stream=True))
            tools.read_until(sock, b"data: ")
            process.send_signal(number)
            assert process.wait(PATIENCE_S) == 0
        assert process.stderr.read() == b""
    assert log_path.read_text().count("\n") == 1


def test_a_port_that_is_taken_is_said_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "providers.simulator", "--port", port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith("the simulator cannot start: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.gen_test(timeout=60)
async def test_it_serves_within_a_loop_until_it_is_cancelled():
    ready = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve("127.0.0.1", 0, on_ready=ready.set_result))
    port = await ready
    async with httpx.AsyncClient(trust_env=False) as client:
        reply = await client.get(f"http://127.0.0.1:{port}/sim/log?id=x")
    assert "--log FILE" in reply.json()["error"]["message"]
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    wait_until_refused(port)


def test_the_studio_loads_nothing_heavy_for_it():
    script = (
        "import sys, providers.simulator.process, providers.simulator.presets\n"
        "print(sorted({'httpx', 'numpy', 'httptools', 'msgspec', 'tornado', 'uvloop'}"
        " & set(sys.modules)))"
    )
    loaded = subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, text=True)
    assert loaded.strip() == "[]"
    assert len((ROOT / "providers/simulator/__init__.py").read_text().splitlines()) == 1
