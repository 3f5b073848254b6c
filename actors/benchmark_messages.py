"""What a `BenchmarkJob` is told: by its dispatcher, by the engine, by its own work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from domain.errors import ServiceError
from domain.jobs import Job
from domain.load import Endpoint
from domain.samples import Sample
from domain.wire.results import ResultRow
from engine.protocol import EngineEvent
from storage.benchmarks import Work


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Order: stop sending, keep what was measured."""


@dataclass(frozen=True, slots=True)
class Started:
    """Fact: the job is stored as running; None if somebody was faster."""

    job: Job | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Fact: everything needed to send requests is here; endpoints hold keys."""

    work: Work
    endpoints: Sequence[Endpoint] = field(repr=False)
    job: Job  # as it is once what was cut off is superseded


@dataclass(frozen=True, slots=True)
class Warmed:
    """Fact: the analyst was started, or will be when rows are due."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Fact: the job cannot start; the reason is for its owner."""

    error: ServiceError


@dataclass(frozen=True, slots=True)
class Stored:
    """Fact: these samples are committed; `done` is None if the attempt is not ours."""

    samples: Sequence[Sample]
    done: int | None


@dataclass(frozen=True, slots=True)
class Settled:
    """Fact: all requests of a stage are committed; `total` is None if not ours to count."""

    row: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Superseded:
    """Fact: what was stored of a cut stage no longer counts; None if it is not ours."""

    row: int
    done: int | None


@dataclass(frozen=True, slots=True)
class RowsStored:
    """Fact: these result rows are committed and told."""

    rows: frozenset[int]


@dataclass(frozen=True, slots=True)
class FlushTimedOut:
    """Fact: the workers had their time to hand over what has finished."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """Fact: the end is committed; `rows` were part of it, None if not ours to end."""

    job: Job | None
    rows: Mapping[int, ResultRow]


@dataclass(frozen=True, slots=True)
class ConclusionFailed:
    """Fact: the end could not be stored, or its late rows could not."""

    error: Exception


@dataclass(frozen=True, slots=True)
class ProgressDue:
    """Fact: enough time has passed to tell of progress again."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Fact: something of our own failed (the database, the analyst)."""

    error: Exception


BenchmarkMessage: TypeAlias = (
    CancelJob
    | Started
    | Prepared
    | Refused
    | Warmed
    | Stored
    | Settled
    | Superseded
    | RowsStored
    | FlushTimedOut
    | Concluded
    | ConclusionFailed
    | ProgressDue
    | Broken
    | EngineEvent
)
