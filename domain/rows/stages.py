"""What a stage's row tells beyond a sequential one's: windows, steadiness, load reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.plan import PlanRow, TargetSnapshot
from domain.rows.distributions import measures_of
from domain.rows.windows import (
    Window,
    completed_within,
    peak_in_flight,
    stage_window,
    steady_window,
    tokens_within,
    within,
)
from domain.samples import Sample
from domain.stages import Closed, Open, Shape
from domain.wire.results import Steady, Throughput


@dataclass(frozen=True, slots=True)
class StageResult:
    """The window of a stage in seconds, its steady part, and the try that was kept."""

    window_s: float | None
    steady: Steady | None
    attempts: int


def stage_result(measured: Sequence[Sample], shape: Shape, seed: int) -> StageResult:
    """Return what is true of a stage as a whole; `seed` is of the bootstrap."""
    window = stage_window(measured)
    return StageResult(
        window_s=None if window is None else window.length_s,
        steady=None if window is None else _steady(measured, shape, window, seed),
        attempts=max((sample.attempt or 0 for sample in measured), default=0),
    )


def stage_warnings(
    row: PlanRow, target: TargetSnapshot, measured: Sequence[Sample]
) -> list[str]:
    """Return what to know about a stage before quoting it; nothing for other rows."""
    return [] if row.shape is None else list(_warnings(row.shape, target, measured))


def _steady(
    measured: Sequence[Sample], shape: Shape, whole: Window, seed: int
) -> Steady | None:
    window = steady_window(measured, shape)
    if window is None:
        return None
    ok = [sample for sample in within(measured, window) if sample.status == "ok"]
    if not ok:
        return None
    length_s = window.length_s
    tokens = tokens_within(measured, window)
    return Steady(
        **measures_of(ok, seed),
        from_s=(window.from_ns - whole.from_ns) / 1e9,
        to_s=(window.to_ns - whole.from_ns) / 1e9,
        requests=len(ok),
        throughput=Throughput(
            requests_per_s=completed_within(measured, window) / length_s,
            output_tokens_per_s=None if tokens is None else tokens / length_s,
        ),
    )


def _warnings(
    shape: Shape, target: TargetSnapshot, measured: Sequence[Sample]
) -> Iterator[str]:
    tries = max((sample.attempt or 1 for sample in measured), default=1)
    if tries > 1:
        yield (
            "This stage was cut off by the death of a worker or of the server, and measured"
            f" again as a whole: these figures are of try {tries}; the requests of earlier"
            " tries are kept as superseded."
        )
    peak = peak_in_flight(measured)
    cap = target.max_concurrency
    match shape:
        case Closed() if measured and peak < shape.streams:
            yield (
                f"At most {peak} of the {shape.streams} requests asked for were in flight"
                " at once."
            )
        case Open() if cap is not None and peak > cap:
            yield (
                f"{peak} requests were in flight at once, more than the {cap} that the"
                " provider is said to take: an open loop does not wait."
            )
        case _:
            pass
