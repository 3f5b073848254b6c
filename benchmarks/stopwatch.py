"""How right the stopwatch is, held against a server that knows when it truly sent.

    .venv/bin/python -m benchmarks.stopwatch [--full] [--streams 1 50 500]

Each cell of the table is a load process of its own: so many streams side by side, each
with one request after the other, 100 tokens a second, first token at 100 ms. The server is
`truth_server/`, another process on the same machine and clock. Plain httpx is measured
the same way, stamping each piece when it gets it. See README.md for what the columns mean.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.stopwatch_load import Order, Run, Timed
from benchmarks.truth_server.process import Truth, TruthServer, build, make_certificate

TTFT_MS, ITL_MS, TOKENS = 100.0, 10.0, 100
NS_PER_MS, NS_PER_US = 1e6, 1e3
USUAL, FULL = (1, 50, 200, 500), (1, 50, 200, 500, 1000, 2000)
MOST_FOR_HTTPX = 500  # it takes minutes beyond
HEADINGS = """\
                    TTFT error ms          gap    ITL   coalesced %    lag ms    CPU wait
client   streams    p50     p99 exact p99 p99 ms p99 us  first   all  p50   p99 us/ev   %"""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one load process measured, held against the truth; errors are absolute."""

    ttft_ms: list[float]
    exact_ttft_ms: list[float]  # of requests whose first event has an exact stamp
    gap_ms: list[float]  # of gaps between events whose stamps are exact
    itl_us: list[float]
    coalesced_pct: float
    coalesced_first_pct: float
    lag_ms: list[float]
    cpu_us: float
    starved_pct: float  # of the time it wanted to run


def compare(run: Run, truths: dict[int, Truth]) -> Cell:
    """Match requests by their id and events by their number."""
    pairs = [(timed, truths[timed.request]) for timed in run.requests]
    events = sum(len(timed.arrivals_ns) for timed, _ in pairs)
    assert events == TOKENS * len(pairs), "tokens were lost"
    coalesced = sum(sum(timed.coalesced) for timed, _ in pairs)
    inexact = sum(timed.coalesced[0] for timed, _ in pairs)
    errors = [(abs(_ttft_error_ns(*pair)) / NS_PER_MS, pair[0]) for pair in pairs]
    return Cell(
        ttft_ms=[error_ms for error_ms, _ in errors],
        exact_ttft_ms=[error_ms for error_ms, timed in errors if not timed.coalesced[0]],
        gap_ms=[abs(error) / NS_PER_MS for pair in pairs for error in _gap_errors(*pair)],
        itl_us=[abs(_itl_error_ns(*pair)) / NS_PER_US for pair in pairs],
        coalesced_pct=100 * coalesced / events,
        coalesced_first_pct=100 * inexact / len(pairs),
        lag_ms=[lag / NS_PER_MS for timed, _ in pairs for lag in timed.lags_ns],
        cpu_us=run.cpu_ns / NS_PER_US / events,
        starved_pct=100 * run.starved_ns / (run.starved_ns + run.cpu_ns),
    )


def _ttft_error_ns(timed: Timed, truth: Truth) -> int:
    ours_ns = timed.arrivals_ns[0] - timed.t0_ns
    return ours_ns - (truth.sent_ns[0] - truth.arrival_ns)


def _gap_errors(timed: Timed, truth: Truth) -> Iterator[int]:
    ours = zip(pairwise(timed.arrivals_ns), pairwise(timed.coalesced), strict=True)
    for ((a, b), inexact), (c, d) in zip(ours, pairwise(truth.sent_ns), strict=True):
        if not any(inexact):
            yield (b - a) - (d - c)


def _itl_error_ns(timed: Timed, truth: Truth) -> float:
    ours_ns = timed.arrivals_ns[-1] - timed.arrivals_ns[0]
    return (ours_ns - (truth.sent_ns[-1] - truth.sent_ns[0])) / (TOKENS - 1)


def measure(folder: Path, client: str, streams: int, requests: int, *, tls: bool) -> Cell:
    """Run one cell and return it."""
    certificate = make_certificate(folder) if tls else None
    server = TruthServer(
        folder / "truth_server",
        ttft_ms=TTFT_MS,
        itl_ms=ITL_MS,
        tokens=TOKENS,
        certificate=certificate,
    )
    report = folder / "report.json"
    with server:
        order = Order(
            client=client,
            url=server.url,
            certificate=None if certificate is None else str(certificate),
            streams=streams,
            requests=requests,
            report=str(report),
        )
        command = [sys.executable, "-m", "benchmarks.stopwatch_load"]
        subprocess.run(  # noqa: S603 - our own program
            command, input=msgspec.json.encode(order), check=True, timeout=600
        )
    run = msgspec.json.decode(report.read_bytes(), type=Run)
    return compare(run, server.truths())


def show(name: str, streams: int, cell: Cell) -> None:
    """Print a row of the table."""
    ttft, lag = _p50_p99(cell.ttft_ms), _p50_p99(cell.lag_ms)
    exact, gap = _p50_p99(cell.exact_ttft_ms)[1], _p50_p99(cell.gap_ms)[1]
    itl = _p50_p99(cell.itl_us)[1]
    print(
        f"{name:<12}{streams:>4} {ttft[0]:>6.3f} {ttft[1]:>7.3f}   {exact:>7.3f}"
        f" {gap:>6.3f} {itl:>6.1f} {cell.coalesced_first_pct:>6.1f}"
        f" {cell.coalesced_pct:>5.1f} {lag[0]:>4.1f} {lag[1]:>5.1f}"
        f" {cell.cpu_us:>5.1f}  {cell.starved_pct:>3.0f}",
        flush=True,
    )


def _p50_p99(values: list[float]) -> tuple[float, float]:
    if not values:
        return float("nan"), float("nan")
    p50, p99 = np.percentile(values, [50, 99])
    return float(p50), float(p99)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--streams", type=int, nargs="+")
    parser.add_argument("--requests", type=int, default=4, help="of each stream")
    chosen = parser.parse_args()
    counts = chosen.streams or (FULL if chosen.full else USUAL)
    print(HEADINGS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        for streams in counts:
            requests = max(chosen.requests, 10 // streams)
            for tls in (False, True):
                ours = measure(folder, "studio", streams, requests, tls=tls)
                show("studio, TLS" if tls else "studio", streams, ours)
            if streams <= MOST_FOR_HTTPX:
                plain = measure(folder, "httpx", streams, max(1, requests // 2), tls=False)
                show("httpx", streams, plain)


if __name__ == "__main__":
    main()
