"""The terminal's view of a benchmark: a line that moves, then the result table."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from domain.wire.results import Distribution, ResultRow
from studio.bench import BenchState


def progress_line(state: BenchState) -> Text:
    """Return where a running benchmark stands."""
    ok = sum(sample.status == "ok" for sample in state.samples)
    failed = state.done - ok
    rate = sum(live.output_tokens_per_s for live in state.live.values())
    text = Text(f"{state.done}/{state.plan.total} requests", style="bold")
    text.append(f"   {ok} ok", style="green")
    text.append(f"   {failed} failed", style="red" if failed else "dim")
    text.append(f"   {rate:,.0f} tokens/s", style="dim")
    last = state.samples[-1] if state.samples else None
    if last is not None and last.ttft_ms is not None:
        text.append(f"   last TTFT {last.ttft_ms:,.1f} ms", style="dim")
    return text


def result_table(rows: Sequence[ResultRow]) -> Table:
    """Return the result rows; TTFT with the 95 % interval of its median where it exists."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("model", no_wrap=True)
    for heading in (
        "n",
        "failed",
        "TTFT p50",
        "95 % of p50",
        "p95",
        "ITL p50",
        "tok/s",
        "E2E",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    table.caption = "TTFT, ITL and E2E in ms; tok/s and E2E are medians of a request"
    for row in rows:
        table.add_row(
            Text(row.target.model if row.tier == 0 else f"{row.target.model} +{row.tier}"),
            str(row.requests.ok),
            str(row.requests.failed),
            _number(_p50(row.ttft_ms)),
            _interval(row.ttft_ms),
            _number(row.ttft_ms.p95 if row.ttft_ms else None),
            _number(_p50(row.itl_ms)),
            _number(_p50(row.output_tps)),
            _number(_p50(row.e2e_ms)),
        )
    return table


def notes(rows: Sequence[ResultRow]) -> list[str]:
    """Return what a reader must know about the figures, each sentence once."""
    said = [
        f"{row.target.model}: {sentence}"
        for row in rows
        for sentence in (*row.warnings, *row.adjustments, *row.instrument.reasons)
    ]
    return list(dict.fromkeys(said))


def _p50(measure: Distribution | None) -> float | None:
    return None if measure is None else measure.p50


def _interval(measure: Distribution | None) -> str:
    interval = measure.ci95.p50 if measure else None
    if interval is None:
        return "–"
    return f"{_number(interval[0])} to {_number(interval[1])}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"
