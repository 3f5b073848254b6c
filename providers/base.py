"""What every wire protocol offers: build a call, take a finished reply apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.failures import ErrorClass
from domain.load import Endpoint, Workload
from domain.measures import TokenEvent, Usage


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request, complete but for the connection; header values may be secret."""

    url: str
    headers: dict[str, str]
    body: bytes
    adjustments: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Show no header value."""
        return f"Call({self.url}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True)
class StampedBytes:
    """Body bytes of one read: when the last of them arrived, and how late we looked.

    A `lag_ns` of 0 is unknown: the reader's own clock stamped the read. No byte of it
    arrived before `earliest_ns`; None is unknown, so not before the read before it.
    """

    arrival_ns: int
    data: bytes
    lag_ns: int = 0
    earliest_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply taken apart: events in order of arrival, and what came with them."""

    events: tuple[TokenEvent, ...]
    usage: Usage | None
    finish_reason: str | None
    complete: bool  # the protocol's own end marker was seen


class ReplyError(Exception):
    """The bytes are not a reply of this protocol, or say that the provider failed.

    `partial` holds what could be read before.
    """

    def __init__(
        self, error_class: ErrorClass, message: str, partial: Reply | None = None
    ) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.partial = partial


class WireProtocol(Protocol):
    """A provider's language; stateless, so one instance serves all requests."""

    def build(self, endpoint: Endpoint, workload: Workload, prompt: str) -> Call:
        """Return the streaming call that asks `endpoint` for `prompt`."""
        ...

    def parse(self, chunks: Sequence[StampedBytes]) -> Reply:
        """Take a whole body apart; raises `ReplyError`."""
        ...
