"""How long from `studio serve` to the first `/healthz`, and what the idle server weighs.

    .venv/bin/python benchmarks/cold_start.py

Prints the median and the range of five starts on new data and five on existing data, and
the server's resident memory five seconds after the last start.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

STUDIO = Path(sys.executable).with_name("studio")
STARTS = 5


def start(data_dir: Path) -> tuple[subprocess.Popen[str], float]:
    """Start a server; return it and the seconds until `/healthz` answered."""
    began_s = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command
        [STUDIO, "serve", "--port", "0", "--data-dir", data_dir],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    found = re.search(r":(\d+)$", process.stdout.readline().strip())
    assert found is not None
    url = f"http://127.0.0.1:{found[1]}/healthz"
    with urllib.request.urlopen(url, timeout=10) as answer:
        answer.read()
    return process, time.perf_counter() - began_s


def stop(process: subprocess.Popen[str]) -> float:
    """Stop a server; return the seconds until it was gone."""
    began_s = time.perf_counter()
    process.terminate()
    process.wait(30)
    return time.perf_counter() - began_s


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def show(what: str, seconds: list[float]) -> None:
    """Print median and range."""
    low, high = min(seconds), max(seconds)
    print(f"{what:<28}{statistics.median(seconds):6.2f} s   ({low:.2f} to {high:.2f})")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        new, again, ends = [], [], []
        for number in range(STARTS):
            process, taken_s = start(Path(folder) / str(number))
            new.append(taken_s)
            ends.append(stop(process))
        for number in range(STARTS):
            process, taken_s = start(Path(folder) / "0")
            again.append(taken_s)
            if number == STARTS - 1:
                time.sleep(5)
                weight_mb = rss_mb(process.pid)
            ends.append(stop(process))
    show("start on new data", new)
    show("start on existing data", again)
    show("stop by SIGTERM", ends)
    print(f"{'idle memory of the server':<28}{weight_mb:6.1f} MB")


if __name__ == "__main__":
    main()
