"""Bookkeeping of stages: which run now, what their workers have said, what comes next.

The stages of one provider run one after another, those of several side by side. A stage
that loses a worker is stopped on all workers and measured again as a whole. Plain state
that drives an `Engine`; nothing here waits.
"""

from __future__ import annotations

import collections
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.load import Endpoint, Shard, ShardKey
from domain.plan import Plan, PlanRow
from domain.stages import StagePart, parts_of
from engine.protocol import Engine, Sink

START_AHEAD_NS = 20_000_000  # the common start lies in the future of every worker


@dataclass(slots=True)
class RunningStage:
    """A stage on its workers: the keys of its parts that have not ended."""

    row: PlanRow
    line: int  # the provider's place among providers
    attempt: int
    open_keys: set[ShardKey]
    ready_keys: set[ShardKey] = field(default_factory=set)
    begun_at_s: float | None = None  # of `time.monotonic`
    is_cut: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of any part."""
        return not self.open_keys


class StageBook:
    """The stages of one attempt of a benchmark.

    Args:
        job_id, attempt: go into the keys of the shards.
        plan: the benchmark's plan, with stages.
        endpoints: of the plan's targets, with keys.
        engine, sink: who runs the shards, who hears of them.
        told: rows that are measured already.
        tries: how often a stage was begun and left samples, by row.

    """

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        job_id: str,
        attempt: int,
        *,
        plan: Plan,
        endpoints: Sequence[Endpoint],
        engine: Engine,
        sink: Sink,
        told: Iterable[int] = (),
        tries: Mapping[int, int] | None = None,
    ) -> None:
        self._job_id = job_id
        self._attempt = attempt
        self._plan = plan
        self._endpoints = list(endpoints)
        self._engine = engine
        self._sink = sink
        done = frozenset(told)
        self._lines = [
            collections.deque(row for row in rows if row.row not in done)
            for rows in plan.stages()
        ]
        self._tries = collections.Counter(tries or {})
        self._stages: dict[int, RunningStage] = {}  # by row
        self._rows: dict[ShardKey, int] = {}
        self._shards = 0  # numbers given to shards so far; none is given twice

    @property
    def open_keys(self) -> tuple[ShardKey, ...]:
        """Keys of the shards that are still being worked on."""
        return tuple(self._rows)

    @property
    def is_sending(self) -> bool:
        """Whether a stage runs, waits to be measured again, or is still to come."""
        return bool(self._stages) or any(self._lines)

    def start(self) -> None:
        """Begin the first stage of every provider."""
        for line in range(len(self._lines)):
            self._begin_next(line)

    def is_current(self, key: ShardKey) -> bool:
        """Whether words under this key are to be heard."""
        return key in self._rows

    def row_of(self, key: ShardKey) -> int:
        """Return the row that an open shard measures."""
        return self._rows[key]

    def ready(self, key: ShardKey) -> None:
        """Note that a part has warmed up; with the last one, all begin together."""
        stage = self._stages[self._rows[key]]
        stage.ready_keys.add(key)
        if stage.ready_keys >= stage.open_keys and not stage.is_cut:
            stage.begun_at_s = time.monotonic()
            at_wall_ns = time.time_ns() + START_AHEAD_NS
            for one in stage.open_keys:
                self._engine.begin(one, at_wall_ns)

    @property
    def now_running(self) -> list[PlanRow]:
        """Rows that are being measured."""
        return [stage.row for stage in self._stages.values()]

    def left_s(self) -> float | None:
        """Return how long the rest takes in seconds, where time ends every stage."""
        lines = [[_duration_s(row) for row in line] for line in self._lines]
        for stage in self._stages.values():
            since_s = time.monotonic() - (stage.begun_at_s or time.monotonic())
            whole_s = _duration_s(stage.row)
            left_s = None if whole_s is None else max(0.0, whole_s - since_s)
            lines[stage.line].append(left_s)
        known = [[s for s in line if s is not None] for line in lines]
        if [*map(len, known)] != [*map(len, lines)]:
            return None
        return max(map(sum, known), default=0.0)

    def end(self, key: ShardKey) -> RunningStage | None:
        """Note that a part has ended; return its stage if that was the last part."""
        return self._close(key)

    def lose(self, key: ShardKey) -> tuple[RunningStage | None, bool]:
        """Note that a part was lost with its worker: the whole stage is cut off.

        Returns the stage if no part of it is left, and whether this was what cut it off.
        """
        stage = self._stages[self._rows[key]]
        is_first = not stage.is_cut
        stage.is_cut = True
        if is_first:
            for one in stage.open_keys - {key}:
                self._engine.abort(one)
        return self._close(key), is_first

    def go_on(self, stage: RunningStage) -> None:
        """Begin what comes after a stage that has ended."""
        if self._stages.pop(stage.row.row, None) is not None:
            self._begin_next(stage.line)

    def repeat(self, row: int) -> None:
        """Begin a stage anew that was cut off, unless everything was aborted since."""
        stage = self._stages.pop(row, None)
        if stage is not None:
            self._begin(stage.row, stage.line)

    def abort(self) -> None:
        """Close all sockets and begin nothing more; what has finished still comes."""
        for line in self._lines:
            line.clear()
        self._stages = {n: stage for n, stage in self._stages.items() if stage.open_keys}
        for key in self.open_keys:
            self._engine.abort(key)

    def _begin_next(self, line: int) -> None:
        if self._lines[line]:
            self._begin(self._lines[line].popleft(), line)

    def _begin(self, row: PlanRow, line: int) -> None:
        assert row.shape is not None
        self._tries[row.row] += 1
        parts = parts_of(row.shape, self._engine.workers_wanted)
        keys = [self._new_key() for _ in range(parts)]
        attempt = self._tries[row.row]
        self._stages[row.row] = RunningStage(row, line, attempt, set(keys))
        for part, key in enumerate(keys):
            self._rows[key] = row.row
            self._engine.run(self._shard(key, row, attempt, part, parts), self._sink)

    def _new_key(self) -> ShardKey:
        self._shards += 1
        return ShardKey(
            job_id=self._job_id, attempt=self._attempt, shard=self._shards, shard_attempt=1
        )

    def _shard(
        self, key: ShardKey, row: PlanRow, attempt: int, part: int, parts: int
    ) -> Shard:
        assert row.shape is not None
        return Shard(
            key=key,
            endpoints=self._endpoints,
            workload=self._plan.workload,
            items=[],
            stage=StagePart(
                row=row.row,
                endpoint=row.target,
                filler_tokens=row.tier,
                shape=row.shape,
                warmup=row.warmup,
                attempt=attempt,
                part=part,
                parts=parts,
            ),
        )

    def _close(self, key: ShardKey) -> RunningStage | None:
        stage = self._stages[self._rows.pop(key)]
        stage.open_keys.discard(key)
        stage.ready_keys.discard(key)
        return stage if stage.has_ended else None


def _duration_s(row: PlanRow) -> float | None:
    return None if row.shape is None else row.shape.duration_s
