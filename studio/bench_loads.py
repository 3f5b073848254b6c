"""From the options of `studio bench` to the loads that are run, one after another."""

from __future__ import annotations

import msgspec

from domain.stages import Arrival
from domain.wire.benchmarks import ConcurrencyLoad, Load, RateLoad, SequentialLoad, Slo


def loads_of(
    *,
    concurrency: str | None,
    requests: int | None,
    rate: str | None,
    duration_s: float | None,
    arrival: Arrival,
    burstiness: float | None,
) -> list[Load]:
    """Return the loads asked for; sequential if none is.

    Raises:
        ValueError: what was asked for cannot be run; the text says why.

    """
    loads: list[Load] = []
    if concurrency is not None:
        by_time = requests is None and duration_s is not None and rate is None
        closed = {
            "mode": "concurrency",
            "levels": _numbers(concurrency),
            **({"duration_s": duration_s} if by_time else {}),
            **({} if by_time else {"requests_per_level": requests or 50}),
        }
        loads.append(msgspec.convert(closed, ConcurrencyLoad))
    if rate is not None:
        opened = {
            "mode": "rate",
            "rates": _numbers(rate),
            "duration_s": 10.0 if duration_s is None else duration_s,
            "arrival": arrival,
            "burstiness": burstiness,
        }
        loads.append(msgspec.convert(opened, RateLoad))
    return loads or [SequentialLoad()]


def slo_of(ttft_ms: float | None, e2e_ms: float | None, percentile: float) -> Slo | None:
    """Return the limits, None without any; raises `ValueError` as `loads_of` does."""
    if ttft_ms is None and e2e_ms is None:
        return None
    limits = {"ttft_ms": ttft_ms, "e2e_ms": e2e_ms, "percentile": percentile}
    return msgspec.convert(limits, Slo)


def _numbers(text: str) -> list[float | int]:
    try:
        return [float(part) if "." in part else int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"{text!r} is no list of numbers such as 1,4,16") from None
