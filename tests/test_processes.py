"""The server as a process: signals, kills, restarts, and no orphan ever."""

import asyncio
import contextlib
import os
import re
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.live import a_tab
from tests.service import PASSWORD, bearer, client_of
from tests.waiting import eventually

STUDIO = Path(sys.executable).with_name("studio")
CREDENTIALS = {"email": "ada@example.org", "password": PASSWORD}


class Server:
    """A `studio serve` of its own."""

    def __init__(self, process, port):
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}/ws"

    def children(self):
        """Return the pids of its child processes, load workers and simulator."""
        return [
            int(pid)
            for task in Path(f"/proc/{self.process.pid}/task").glob("*/children")
            for pid in task.read_text().split()
        ]


@contextlib.asynccontextmanager
async def a_server(data_dir, **env):
    """Start a server on a free port, wait until it serves; kill it at the end."""
    environment = os.environ | {"WORKERS": "1", "LOG_FORMAT": "json"} | env
    process = await asyncio.create_subprocess_exec(
        STUDIO,
        "serve",
        "--port",
        "0",
        "--data-dir",
        str(data_dir),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
        yield Server(process, re.search(r":(\d+)$", line.strip())[1])
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def sign_in(client, route="register"):
    answer = await client.post(f"/api/auth/{route}", json=CREDENTIALS)
    assert answer.is_success, answer.text
    return bearer(answer)


async def submit(client, headers, model, **fields):
    """Register a simulator model and start a benchmark of it."""
    providers = (await client.get("/api/providers", headers=headers)).json()["items"]
    path = f"/api/providers/{providers[0]['id']}/models"
    await client.post(path, json={"name": model}, headers=headers)
    target = {"provider_id": providers[0]["id"], "model": model}
    body = {"targets": [target], "prompt": "hello", **fields}
    answer = await client.post("/api/benchmarks", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()["job"]


def is_gone(pid):
    """Whether a process has ended, or only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.gen_test(timeout=90)
async def test_a_server_killed_in_the_middle_goes_on_after_the_restart_by_itself(tmp_path):
    async with a_server(tmp_path) as server, client_of(server.url) as client:
        headers = await sign_in(client)
        async with a_tab(server.ws_url, headers) as tab:
            job = await submit(client, headers, "sim-ttft30-itl5-n20", runs=15)
            await tab.until("job_progress", where=lambda f: f["progress"]["done"] >= 4)
            epoch, seen = tab.frames[0]["epoch"], tab.seqs[-1]
            children = server.children()
            server.process.kill()
            await server.process.wait()
        assert len(children) >= 2
        await eventually(lambda: all(is_gone(pid) for pid in children))
    with contextlib.closing(sqlite3.connect(tmp_path / "studio.db")) as database:
        (before,) = database.execute("SELECT count(*) FROM request").fetchone()
    assert before >= 4
    async with a_server(tmp_path) as server, client_of(server.url) as client:
        headers = await sign_in(client, "login")
        position = {"epoch": epoch, "since": seen}
        async with a_tab(server.ws_url, headers, **position) as tab:
            assert (await tab.next())["resumed"] is True
            ended = await tab.until("job_completed", "job_failed", "job_cancelled")
            assert tab.types[:2] == ["job_queued", "job_started"]
            assert tab.seqs == list(range(seen + 1, seen + 1 + len(tab.seqs)))
        assert ended["job"]["status"] == "done"
        assert (ended["job"]["attempt"], ended["job"]["resumed"]) == (2, True)
        path = f"/api/benchmarks/{job['result_id']}"
        (row,) = (await client.get(path, headers=headers)).json()["results"]
        assert row["requests"]["ok"] == 15
        listed = await client.get(f"{path}/requests?limit=200", headers=headers)
        measured = [r["index"] for r in listed.json()["items"] if not r["warmup"]]
        assert sorted(measured) == list(range(15))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.gen_test(timeout=60)
async def test_a_signal_ends_the_server_cleanly_and_leaves_no_process(tmp_path, number):
    async with a_server(tmp_path) as server, client_of(server.url) as client:
        headers = await sign_in(client)
        async with a_tab(server.ws_url, headers) as tab:
            await submit(client, headers, "sim-hang")
            await tab.until("job_started")
            await eventually(lambda: len(server.children()) >= 2)
            children = server.children()
            server.process.send_signal(number)
            assert await tab.close_code() == 1012
        async with asyncio.timeout(30):
            assert await server.process.wait() == 0
        assert all(is_gone(pid) for pid in children)
        said = (await server.process.stderr.read()).decode()
        assert "Traceback" not in said
        assert "left behind" not in said


@pytest.mark.gen_test(timeout=60)
async def test_a_second_server_on_the_same_data_is_refused_in_one_sentence(tmp_path):
    async with a_server(tmp_path) as server:
        second = await asyncio.create_subprocess_exec(
            STUDIO,
            "serve",
            "--port",
            "0",
            "--data-dir",
            str(tmp_path),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            _, said = await second.communicate()
        assert second.returncode == 2
        assert str(server.process.pid) in said.decode()
        assert "Traceback" not in said.decode()


@pytest.mark.gen_test(timeout=60)
async def test_a_port_in_use_is_said_in_one_sentence(tmp_path):
    async with a_server(tmp_path / "one") as server:
        port = server.url.rpartition(":")[2]
        second = await asyncio.create_subprocess_exec(
            STUDIO,
            "serve",
            "--port",
            port,
            "--data-dir",
            str(tmp_path / "two"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            _, said = await second.communicate()
        assert second.returncode == 2
        assert "--port" in said.decode()
        assert "Traceback" not in said.decode()


@pytest.mark.gen_test(timeout=60)
async def test_no_log_line_of_a_run_holds_a_token_a_password_or_a_key(tmp_path):
    async with a_server(tmp_path, LOG_LEVEL="debug") as server:
        async with client_of(server.url) as client:
            headers = await sign_in(client)
            ticket = (await client.post("/api/auth/ws-ticket", headers=headers)).json()
            async with a_tab(
                server.ws_url, {"Authorization": f"Bearer {ticket['token']}"}
            ) as tab:
                await tab.next()
            key = "sk-abcdefghijklmnopqrstuvwx"
            body = {"name": "P", "kind": "openai", "base_url": "http://127.0.0.1:9/v1"}
            provider = (
                await client.post("/api/providers", json=body, headers=headers)
            ).json()
            path = f"/api/providers/{provider['id']}"
            await client.put(f"{path}/key", json={"value": key}, headers=headers)
            async with a_tab(server.ws_url, headers) as tab:
                await client.post(f"{path}/models", json={"name": "m"}, headers=headers)
                target = {"provider_id": provider["id"], "model": "m"}
                job = {"targets": [target], "prompt": "hi", "runs": 1}
                await client.post("/api/benchmarks", json=job, headers=headers)
                await tab.until("job_completed")
        server.process.terminate()
        said, told = (text.decode() for text in await server.process.communicate())
    access = headers["Authorization"].removeprefix("Bearer ")
    secrets = (access, ticket["token"], PASSWORD, key)
    for secret in secrets:
        assert secret not in said
        assert secret not in told
    stored = b"".join(
        path.read_bytes()
        for path in tmp_path.iterdir()
        if path.name.startswith("studio.db")
    )
    for secret in secrets:
        assert secret.encode() not in stored
