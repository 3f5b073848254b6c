"""Runs `transformers serve`, a server nobody here wrote, and looks at it from outside.

Everything it needs is made by `scripts/test-real.sh`: an environment of its own and a tiny
random model in a hub cache, which is all the server may read (`HF_HUB_OFFLINE`).
"""

import collections
import contextlib
import os
import re
import subprocess
import threading
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache"
SERVE = CACHE / "real-venv" / "bin" / "transformers"
HUB = CACHE / "real-hub"
MODEL = "local/tiny-random-llama"
STARTED_WITHIN_S = 180
STOPPED_WITHIN_S = 15
LINES_KEPT = 60
ESTABLISHED = "01"  # as /proc/net/tcp writes it


class ModelServer:
    """A running server: where it is, and what it costs and holds open right now."""

    def __init__(self, pid, port):
        self.pid = pid
        self.port = port
        self.base_url = f"http://127.0.0.1:{port}/v1"

    def cpu_s(self):
        """Return the CPU time it has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_connections(self):
        """Return how many connections it has to anybody."""
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        ends = [line.split()[1:4] for line in lines]
        ours = f":{self.port:04X}"
        return sum(own.endswith(ours) and state == ESTABLISHED for own, _, state in ends)


@contextlib.contextmanager
def a_model_server():
    """Start a server on a free loopback port, wait until it serves; stop it at the end."""
    process = subprocess.Popen(
        [SERVE, "serve", MODEL, "--host", "127.0.0.1", "--port", "0", "--device", "cpu"],
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    log = _Log(process.stdout)
    try:
        yield ModelServer(process.pid, log.port())
    finally:
        _stop(process)
        log.close()


class _Log:
    """Drains what a server says, keeps the end of it and notes the port it names."""

    def __init__(self, stream):
        self._stream = stream
        self._lines = collections.deque(maxlen=LINES_KEPT)
        self._port = None
        self._said = threading.Event()  # the port, or that no more will come
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def port(self):
        """Wait for the port; fails with the server's last words."""
        self._said.wait(STARTED_WITHIN_S)
        assert self._port is not None, "the server did not start:\n" + "".join(self._lines)
        return self._port

    def close(self):
        self._reader.join(STOPPED_WITHIN_S)
        self._stream.close()

    def _drain(self):
        for line in self._stream:
            self._lines.append(line)
            found = re.search(r"running on http://127\.0\.0\.1:(\d+)", line)
            if found:
                self._port = int(found[1])
                self._said.set()
        self._said.set()


def _environment():
    """Return ours, without a way to a model hub, and with one thread for tiny sums."""
    return os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": str(HUB / "home"),
        "HF_HUB_CACHE": str(HUB),
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _stop(process):
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOPPED_WITHIN_S)
