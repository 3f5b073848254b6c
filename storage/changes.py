"""What a write gives back: its value, and the numbered events it committed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A numbered event of a user; `body` is the frame as it goes over the wire."""

    user_id: str
    seq: int
    job_id: str
    type: str
    body: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """The outcome of a write; `events` are to be told once it is committed."""

    value: T
    events: tuple[StoredEvent, ...] = ()
