"""A simulator in a process of its own, and clients that are not ours."""

import contextlib
import itertools
import json
import pathlib
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

PATIENCE_S = 20.0
_ids = itertools.count(1)


class Simulator:
    """A running simulator as tests see it: a port and a log."""

    def __init__(self, port, log_path):
        self.port = port
        self.log_path = log_path
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, trust_env=False
        )

    def ask(self, model, *, sim_id=None, path="/v1/chat/completions", **fields):
        headers = {"x-sim-id": sim_id} if sim_id else {}
        return self.client.post(path, json=body_of(model, **fields), headers=headers)

    def stream(self, model, *, sim_id=None, **fields):
        """Return the parsed `data:` lines of a stream, `[DONE]` as that text."""
        text = self.stream_text(model, sim_id=sim_id, **fields)
        data = [part.removeprefix("data: ") for part in text.split("\n\n")]
        return [json.loads(d) if d[0] == "{" else d for d in data if d and d[0] != ":"]

    def stream_text(self, model, **fields):
        response = self.ask(model, stream=True, **fields)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/event-stream")
        return response.text

    def connect(self):
        """Return a bare socket: for what no good client would do."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)

    def record(self, sim_id):
        """Return what the log says of a request, once it has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            response = self.client.get("/sim/log", params={"id": sim_id})
            if response.status_code == 200:
                return response.json()
            time.sleep(0.01)
        raise AssertionError(f"{sim_id} was never logged")


def body_of(model, **fields):
    return {"model": model, "messages": [{"role": "user", "content": "hello"}], **fields}


def raw_request(model, *, head="", version="1.1", **fields):
    body = json.dumps(body_of(model, **fields)).encode()
    return (
        f"POST /v1/chat/completions HTTP/{version}\r\nHost: sim\r\n{head}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def read_to_end(sock):
    parts = []
    while part := sock.recv(65536):
        parts.append(part)
    return b"".join(parts)


def read_until(sock, end):
    data = b""
    while end not in data:
        part = sock.recv(65536)
        assert part, data
        data += part
    return data


@contextlib.contextmanager
def started(*arguments, **options):
    """Run `python -m providers.simulator`; yields the process and its port when ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "providers.simulator", *arguments],
        stdout=subprocess.PIPE,
        cwd=pathlib.Path(__file__).parents[3],
        **options,
    )
    try:
        line = process.stdout.readline().decode()
        assert line.startswith("listening on http://127.0.0.1:"), line
        yield process, int(line.rsplit(":", 1)[1])
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=PATIENCE_S)


@pytest.fixture(scope="session")
def simulator(tmp_path_factory):
    log_path = tmp_path_factory.mktemp("simulator") / "log.jsonl"
    with started("--log", str(log_path)) as (_, port):
        simulator = Simulator(port, log_path)
        with simulator.client:
            yield simulator


@pytest.fixture
def sim_id():
    return f"test-{next(_ids)}"


@pytest.fixture(scope="session")
def tools():
    """The helpers of this file, for tests that speak to a bare socket or a process."""
    return sys.modules[__name__]
