"""Messages that cross between branches of the tree, so that neither imports the other.

Orders are imperative, questions begin with Get, facts are past participles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.wire.jobs import Progress
from domain.wire.live import JobProgress, Live
from storage.changes import StoredEvent


@dataclass(frozen=True, slots=True)
class EventsCommitted:
    """Fact, told by storage: these numbered events are stored, in commit order."""

    events: Sequence[StoredEvent]


@dataclass(frozen=True, slots=True)
class JobProgressed:
    """Fact: jobs of one user moved; unnumbered, the latest of each job wins."""

    owner_id: str
    frames: tuple[JobProgress, ...]


@dataclass(frozen=True, slots=True)
class JobEnded:
    """Fact, told by a job actor to its dispatcher: its slot is free."""

    job_id: str


@dataclass(frozen=True, slots=True)
class LiveJob:
    """What only the living know of a job: its place in line, or how it does."""

    queue_position: int | None
    progress: Progress | None
    live: Live | None


@dataclass(frozen=True, slots=True)
class LiveOverview:
    """Answer to `GetOverview`: every job that waits or runs, by id."""

    jobs: Mapping[str, LiveJob]
    queued: int
