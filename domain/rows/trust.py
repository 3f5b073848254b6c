"""Whether a row's stopwatch was good enough, and if not, why, in full sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from domain.samples import Sample

MAX_COARSE_FIRST_PCT = 1.0
MAX_SEND_LAG_MS = 10.0
MAX_COARSE_EVENTS_PCT = 5.0


@dataclass(frozen=True, slots=True)
class Trust:
    """What can be said of the stopwatch; `reasons` is empty when all is well."""

    clock: Literal["kernel", "user"]
    coalesced_pct: float | None
    reasons: tuple[str, ...]


def trust(measured: Sequence[Sample]) -> Trust:
    """Return how far to trust the times of `measured` requests."""
    ok = [sample for sample in measured if sample.status == "ok"]
    events = sum(sample.token_events for sample in ok)
    coalesced = sum(sample.coalesced_events for sample in ok)
    user_clock = any(sample.clock == "user" for sample in ok or measured)
    return Trust(
        clock="user" if user_clock else "kernel",
        coalesced_pct=100 * coalesced / events if events else None,
        reasons=tuple(_reasons(measured, ok, events)),
    )


def _reasons(
    measured: Sequence[Sample], ok: Sequence[Sample], events: int
) -> Iterator[str]:
    if not ok:
        yield "No request succeeded, so no time was measured."
        return
    late = sorted(s.send_lag_ms for s in measured if s.send_lag_ms is not None)
    if late and (p99 := late[int(0.99 * (len(late) - 1))]) > MAX_SEND_LAG_MS:
        yield (
            f"1 % of requests were sent {p99:.1f} ms or more after the intended time; up to"
            f" {MAX_SEND_LAG_MS:g} ms would do. Scheduled TTFT holds this lateness of ours."
        )
    by_user = sum(sample.clock == "user" for sample in ok)
    if by_user:
        yield (
            f"Kernel time stamps are missing from {by_user} of {len(ok)} replies: their"
            " events were stamped when this program read them. How late that was is not"
            " known: as a rule under 1 ms on an idle machine, 5 ms and more on a busy one."
        )
    first_pct = 100 * sum(_coarse_first(sample) for sample in ok) / len(ok)
    if first_pct > MAX_COARSE_FIRST_PCT:
        yield (
            f"{first_pct:.1f} % of first tokens were read together with later ones and may"
            f" have come over 1 ms before their stamp; up to {MAX_COARSE_FIRST_PCT:g} %"
            " would do. TTFT may be too high."
        )
    events_pct = (
        100 * sum(_coarse_events(sample) for sample in ok) / events if events else 0
    )
    if events_pct > MAX_COARSE_EVENTS_PCT:
        yield (
            f"{events_pct:.1f} % of token events were read together with later ones and may"
            f" have come over 1 ms before their stamp; up to {MAX_COARSE_EVENTS_PCT:g} %"
            " would do. Chunk gaps lack these events."
        )


def _coarse_first(sample: Sample) -> bool:
    known = sample.coarse_first
    return sample.coalesced_first if known is None else known


def _coarse_events(sample: Sample) -> int:
    known = sample.coarse_events
    return sample.coalesced_events if known is None else known
