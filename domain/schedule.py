"""When the requests of an open loop are meant to leave: computed beforehand, from a seed.

A schedule has exactly `round(rate x duration)` instants within the duration, so the rate
that is asked for is the rate that is sent; what is drawn is only where they lie. Poisson
arrivals are those of a Poisson process given their number, which is the order of as many
uniform instants (Karlin & Taylor, A First Course in Stochastic Processes, 4.2). Gamma
arrivals generalise that: the gaps, the one after the last included, are gamma-distributed
and scaled to fill the duration, a Dirichlet distribution.
"""

from __future__ import annotations

import itertools
import random

from domain.stages import Open

NS_PER_S = 1_000_000_000


def offsets_ns(stage: Open) -> list[int]:
    """Return the intended send times since the stage's start, in order."""
    duration_ns = stage.duration_s * NS_PER_S
    return [int(share * duration_ns) for share in _shares(stage)]


def _shares(stage: Open) -> list[float]:
    """Return the instants as shares of the duration, in [0, 1)."""
    count, draw = stage.count, random.Random(stage.seed)  # noqa: S311 - no secret
    match stage.arrival:
        case "constant":
            # not over the count: the last gap may be cut off by the end of the stage
            gap = 1 / (stage.rate * stage.duration_s)
            return [number * gap for number in range(count)]
        case "poisson":
            return sorted(draw.random() for _ in range(count))
        case "gamma":
            gaps = [draw.gammavariate(stage.burstiness, 1) for _ in range(count + 1)]
            instants = list(itertools.accumulate(gaps))
            whole = instants[-1] or 1.0  # bursty beyond what a float can tell: all at once
            return [instant / whole for instant in instants[:-1]]
