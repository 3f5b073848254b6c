"""Server-sent events out of stamped bytes, each with the arrival of its last byte.

Follows the event stream grammar of the HTML standard (section 9.2.6): LF, CR LF and CR
end a line, a blank line ends an event, a line that starts with a colon is a comment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from providers.base import StampedBytes

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANK_LINES = frozenset({b"\n", b"\r", b"\r\n"})


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event; `coalesced` when bytes of the same read followed it, maybe later.

    Then only the last byte of the read has an exact stamp: the event arrived at most
    `bound_ns` before `arrival_ns`. `terminated` is false for what stood at the end of
    the body without a blank line behind it.
    """

    name: str
    data: bytes
    arrival_ns: int
    coalesced: bool
    bound_ns: int
    terminated: bool


def split_events(chunks: Sequence[StampedBytes]) -> Iterator[SseEvent]:
    """Yield the events of a whole body in order; a comment or an id alone is none."""
    body = b"".join(chunk.data for chunk in chunks)
    start = len(BYTE_ORDER_MARK) if body.startswith(BYTE_ORDER_MARK) else 0
    lines = body[start:].splitlines(keepends=True)
    stamps = _Stamps(chunks)
    pending = _Pending()
    position, number = start, 0
    while number < len(lines):
        line = lines[number]
        number += 1
        line_start = position
        position += len(line)
        if line not in BLANK_LINES:
            pending.add(line.rstrip(b"\r\n"))
            continue
        while number < len(lines) and lines[number] in BLANK_LINES:
            # superfluous blank lines are the tail of this event, not bytes of a next one
            position += len(lines[number])
            number += 1
        if pending.data:
            yield pending.event(stamps.at(line_start, position), terminated=True)
        pending = _Pending()
    if pending.data:
        yield pending.event(stamps.at(len(body) - 1, len(body)), terminated=False)


class _Pending:
    """The fields of an event whose blank line has not come yet."""

    def __init__(self) -> None:
        self.name = b""
        self.data: list[bytes] = []

    def add(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if field == b"data":
            self.data.append(value.removeprefix(b" "))
        elif field == b"event":
            self.name = value.removeprefix(b" ")

    def event(self, stamp: tuple[int, bool, int], *, terminated: bool) -> SseEvent:
        arrival_ns, coalesced, bound_ns = stamp
        return SseEvent(
            name=self.name.decode("utf-8", "replace"),
            data=b"\n".join(self.data),
            arrival_ns=arrival_ns,
            coalesced=coalesced,
            bound_ns=bound_ns,
            terminated=terminated,
        )


class _Stamps:
    """Finds the read that brought a byte; positions must be asked in ascending order."""

    def __init__(self, chunks: Sequence[StampedBytes]) -> None:
        self._chunks = chunks
        self._ends = list(accumulate(len(chunk.data) for chunk in chunks))
        self._read = 0

    def at(self, last_byte: int, end: int) -> tuple[int, bool, int]:
        """Return (arrival, coalesced, bound) of an event complete with `last_byte`.

        `end` is the position behind everything that belongs to the event: the LF of a
        CR LF may come in a later read without making the event later.
        """
        while self._ends[self._read] <= last_byte:
            self._read += 1
        chunk = self._chunks[self._read]
        bound_ns = chunk.arrival_ns - self._earliest_ns()
        if self._ends[self._read] <= end or not bound_ns:
            return chunk.arrival_ns, False, 0
        return chunk.arrival_ns, True, bound_ns

    def _earliest_ns(self) -> int:
        """Return when the first byte of the read may have come at the earliest."""
        earliest_ns = self._chunks[self._read].earliest_ns
        if earliest_ns is not None:
            return earliest_ns
        return self._chunks[self._read - 1].arrival_ns if self._read else 0
