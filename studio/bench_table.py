"""The terminal's view of a benchmark: a line that moves, then the result table."""

from __future__ import annotations

from collections.abc import Sequence

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
    """Return the result rows; percentiles with their 95 % intervals where they exist."""
    table = Table(title=None, header_style="bold", pad_edge=False)
    table.add_column("model")
    for heading in ("tier", "n", "failed", "TTFT p50 ms", "p95 ms", "ITL p50 ms"):
        table.add_column(heading, justify="right")
    table.add_column("output tok/s p50", justify="right")
    table.add_column("E2E p50 ms", justify="right")
    for row in rows:
        table.add_row(
            row.target.model,
            str(row.tier),
            str(row.requests.ok),
            str(row.requests.failed),
            _median(row.ttft_ms),
            _number(row.ttft_ms.p95 if row.ttft_ms else None),
            _median(row.itl_ms),
            _median(row.output_tps),
            _median(row.e2e_ms),
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


def _median(measure: Distribution | None) -> str:
    if measure is None:
        return "–"
    interval = measure.ci95.p50
    shown = _number(measure.p50)
    if interval is None:
        return shown
    return f"{shown} [{_number(interval[0])}, {_number(interval[1])}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"
