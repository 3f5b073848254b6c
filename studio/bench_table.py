"""The terminal's view of a benchmark: a line that moves, then the result table."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from domain.wire.benchmarks import Slo
from domain.wire.results import Distribution, ResultRow
from studio.bench import BenchState

# fits into 80 columns, for a figure that is cut off is none
HEADINGS = ("n", "fail", "TTFT p50", "95 %", "p95", "ITL", "tok/s", "E2E")
STAGE_HEADINGS = ("load", "n", "fail", "TTFT p50", "p95", "tok/s", "all tok/s", "E2E")


def progress_line(state: BenchState) -> Text:
    """Return where a running benchmark stands."""
    ok, failed = state.ok, state.done - state.ok
    streams = sum(live.active_streams for live in state.live.values())
    rate = sum(live.output_tokens_per_s for live in state.live.values())
    about = "" if all(row.is_counted for row in state.plan.rows) else "about "
    text = Text(f"{state.done}/{about}{state.plan.total} requests", style="bold")
    text.append(f"   {ok} ok", style="green")
    text.append(f"   {failed} failed", style="red" if failed else "dim")
    text.append(f"   {rate:,.0f} tokens/s", style="dim")
    if state.plan.has_stages:
        text.append(f"   {streams} in flight", style="dim")
    last = state.samples[-1] if state.samples else None
    if last is not None and last.ttft_ms is not None:
        text.append(f"   last TTFT {last.ttft_ms:,.1f} ms", style="dim")
    return text


def result_table(rows: Sequence[ResultRow]) -> Table:
    """Return the result rows; TTFT with the 95 % interval of its median where it exists."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    levels = any(row.level != {"concurrency": 1} for row in rows)
    table.add_column("model", no_wrap=not levels, overflow="fold")
    for heading in STAGE_HEADINGS if levels else HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    table.caption = (
        "TTFT, ITL and E2E in ms; ITL, tok/s and E2E are medians; 95 % is of TTFT p50"
    )
    if levels:
        table.caption = (
            "TTFT and E2E in ms, E2E and tok/s are medians of a request; all tok/s is of"
            " the whole system; TTFT of a rate runs from the intended send time"
        )
    for row in rows:
        model = row.target.model if row.tier == 0 else f"{row.target.model} +{row.tier}"
        table.add_row(Text(model), *(_of_stage(row) if levels else _of_sequence(row)))
    return table


def _of_sequence(row: ResultRow) -> list[str]:
    return [
        str(row.requests.ok),
        str(row.requests.failed),
        _number(_p50(row.ttft_ms)),
        _interval(row.ttft_ms),
        _number(row.ttft_ms.p95 if row.ttft_ms else None),
        _number(_p50(row.itl_ms)),
        _number(_p50(row.output_tps)),
        _whole(_p50(row.e2e_ms)),
    ]


def _of_stage(row: ResultRow) -> list[str]:
    ttft = row.scheduled_ttft_ms or row.ttft_ms
    return [
        _level(row),
        str(row.requests.ok),
        str(row.requests.failed),
        _number(_p50(ttft)),
        _number(ttft.p95 if ttft else None),
        _number(_p50(row.output_tps)),
        _number(row.throughput.output_tokens_per_s),
        _number(_p50(row.e2e_ms)),
    ]


def _level(row: ResultRow) -> str:
    return " ".join(
        f"{value:g}/s" if name == "rate" else f"{value:g} at once"
        for name, value in row.level.items()
    )


def verdicts(rows: Sequence[ResultRow], slo: Slo) -> list[tuple[bool, str]]:
    """Return for each row whether enough of its requests met the limits, and a line."""
    return [
        (
            row.goodput is not None and row.goodput.share >= slo.percentile / 100,
            f"{row.target.model} {_level(row)}: "
            + ("nothing sent" if row.goodput is None else f"{row.goodput.share:.1%}")
            + f" of requests met the limits, {slo.percentile:g} % are asked for",
        )
        for row in rows
    ]


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
    return f"{_number(interval[0])}–{_number(interval[1])}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
