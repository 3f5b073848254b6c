"""Bookkeeping of a benchmark's result rows: which are complete, which are told."""

from __future__ import annotations

import collections
from collections.abc import Iterable

from domain.plan import Plan
from storage.samples import Identity


class RowBook:
    """Counts stored requests by row; a row is complete when no measured one is missing.

    The row of a stage is complete when the stage has ended: its requests are not counted
    one by one. `told` are rows whose result is stored already.
    """

    def __init__(
        self, plan: Plan, finished: Iterable[Identity], told: Iterable[int] = ()
    ) -> None:
        self._all = frozenset(row.row for row in plan.rows)
        self._wanted = {row.row: row.runs for row in plan.rows if row.shape is None}
        self._finished = set(finished)
        self._stored = _measured_by_row(self._finished)
        self._ended_stages: set[int] = set()
        self._claimed = set(told)
        self._told = set(told)

    @property
    def stored_count(self) -> int:
        """Requests stored so far, warm-up included."""
        return len(self._finished)

    @property
    def untold(self) -> frozenset[int]:
        """Rows that are not stored yet."""
        return self._all - self._told

    @property
    def complete(self) -> frozenset[int]:
        """Untold rows whose requests are all stored."""
        return frozenset(row for row in self.untold if self._is_complete(row))

    def add(self, identities: Iterable[Identity]) -> None:
        """Note requests that are now stored; one told twice counts once."""
        new = {one for one in identities if one[0] in self._wanted} - self._finished
        self._finished |= new
        self._stored += _measured_by_row(new)

    def end_stage(self, row: int) -> None:
        """Note that a stage has ended and all its requests are stored."""
        self._ended_stages.add(row)

    def claim_complete(self) -> frozenset[int]:
        """Return rows that have become complete; each is returned once."""
        complete = frozenset(
            row for row in self._all - self._claimed if self._is_complete(row)
        )
        self._claimed |= complete
        return complete

    def tell(self, rows: frozenset[int]) -> None:
        """Note rows that are stored and told."""
        self._told |= rows

    def _is_complete(self, row: int) -> bool:
        wanted = self._wanted.get(row)
        return row in self._ended_stages if wanted is None else self._stored[row] >= wanted


def _measured_by_row(identities: Iterable[Identity]) -> collections.Counter[int]:
    return collections.Counter(row for row, warmup, _ in identities if not warmup)
