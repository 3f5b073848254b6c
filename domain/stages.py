"""Stages: the load of one row, and how it is divided among workers.

A closed stage keeps a number of requests in flight: a stream sends its next request when
the last one has ended. An open stage sends at intended times, whatever the answers do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

Arrival = Literal["constant", "poisson", "gamma"]


class Closed(msgspec.Struct, frozen=True, kw_only=True, tag="closed"):
    """So many requests in flight, until so many were sent or so much time has passed."""

    streams: int
    requests: int | None
    duration_s: float | None


class Open(msgspec.Struct, frozen=True, kw_only=True, tag="open"):
    """So many requests a second, at times that `domain.schedule` draws from `seed`.

    `burstiness` is the shape of gamma-distributed gaps: 1 is Poisson, less is burstier.
    """

    rate: float
    arrival: Arrival
    burstiness: float
    duration_s: float
    seed: int

    @property
    def count(self) -> int:
        """How many requests are sent."""
        return max(1, round(self.rate * self.duration_s))


Shape: TypeAlias = Closed | Open


class StagePart(msgspec.Struct, frozen=True, kw_only=True):
    """One worker's part of a stage: every request that falls to it by its number.

    `attempt` counts the tries of the stage, for one that is cut off is measured anew.
    """

    row: int
    endpoint: int  # position in the shard's endpoints
    filler_tokens: int
    shape: Shape
    warmup: int  # of the whole stage
    attempt: int
    part: int
    parts: int

    @property
    def streams(self) -> int:
        """Streams of this part; an open stage has as many as it needs."""
        if isinstance(self.shape, Open):
            return max(1, self.warmup)
        return len(range(self.part, self.shape.streams, self.parts))

    def indexes(self) -> Iterator[int]:
        """Yield the numbers of the measured requests, without end if time is the limit.

        The streams of a closed stage are dealt to the parts in turn, the requests to the
        streams, so that a part with more streams gets as many more requests.
        """
        shape = self.shape
        if isinstance(shape, Open):
            return iter(range(self.part, shape.count, self.parts))
        numbers = itertools.count() if shape.requests is None else range(shape.requests)
        return (n for n in numbers if n % shape.streams % self.parts == self.part)

    def warmup_indexes(self) -> Iterator[int]:
        """Yield the numbers of the requests before the measured ones."""
        return iter(range(self.part, self.warmup, self.parts))


def parts_of(shape: Shape, workers: int) -> int:
    """Return how many workers share a stage: no more than it has streams or requests."""
    most = shape.count if isinstance(shape, Open) else shape.streams
    return max(1, min(workers, most))
