"""From the load that is asked for to its levels: one a row, for every target and tier."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

from domain.stages import Closed, Open, Shape
from domain.wire.benchmarks import ConcurrencyLoad, RateLoad, SequentialLoad, Submission

SHORTEST_REPLY_S = 1.0
TOKENS_PER_S = 100


@dataclass(frozen=True, slots=True)
class Level:
    """A load level: as it is told, as it is run, with its number of measured requests."""

    told: dict[str, int | float]
    requests: int
    shape: Shape | None


def levels_of(submission: Submission, seed: int, first_row: int) -> Iterator[Level]:
    """Yield the levels of one target and tier, whose rows begin at `first_row`."""
    load = submission.load
    match load:
        case SequentialLoad():
            yield Level({"concurrency": 1}, submission.runs, None)
        case ConcurrencyLoad():
            for streams in load.levels:
                yield _closed(load, streams, submission.max_tokens)
        case RateLoad():
            for nth, rate in enumerate(load.rates):
                yield _open(load, rate, _seed_of_row(seed, first_row + nth))


def _closed(load: ConcurrencyLoad, streams: int, max_tokens: int) -> Level:
    shape = Closed(
        streams=streams, requests=load.requests_per_level, duration_s=load.duration_s
    )
    if load.duration_s is None:
        assert load.requests_per_level is not None
        return Level({"concurrency": streams}, load.requests_per_level, shape)
    # an estimate, for progress and limits: replies of full length at a usual speed
    reply_s = max(SHORTEST_REPLY_S, max_tokens / TOKENS_PER_S)
    rounds = math.ceil(load.duration_s / reply_s)
    return Level({"concurrency": streams}, streams * rounds, shape)


def _open(load: RateLoad, rate: float, seed: int) -> Level:
    shape = Open(
        rate=rate,
        arrival=load.arrival,
        burstiness=load.burstiness or 1.0,
        duration_s=load.duration_s,
        seed=seed,
    )
    return Level({"rate": rate}, shape.count, shape)


def _seed_of_row(seed: int, row: int) -> int:
    """Return a seed that no two rows share, the same for the same benchmark."""
    digest = hashlib.blake2b(f"schedule/{seed}/{row}".encode(), digest_size=6).digest()
    return int.from_bytes(digest)
