"""The stages of a benchmark job: what follows when one ends, or is cut off.

The part of `BenchmarkJob` that sequential load has no need of.
"""

from __future__ import annotations

import abc
import collections
import functools
from dataclasses import replace

from actors.benchmark_context import BenchmarkContext
from actors.benchmark_messages import Broken, Settled, Superseded
from actors.benchmark_run import BenchmarkRun
from actors.runtime import LoopActor
from domain.jobs import Job, JobInput
from engine.protocol import WorkerLost
from engine.stage_book import RunningStage, StageBook
from storage import samples

# worker deaths in a row without a newly stored request between, or over one stage
DEATHS_LIMIT = 3


class StageKeeper(LoopActor):
    """Stores what a stage measured before its row is made, or before it is repeated."""

    def __init__(self, job: Job, context: BenchmarkContext) -> None:
        super().__init__()
        self._job = job
        self._context = context
        self._run: BenchmarkRun | None = None
        self._ending: JobInput | None = None
        self._unstored = 0  # writes on their way
        self._cuts: collections.Counter[int] = collections.Counter()  # of stages, by row

    @abc.abstractmethod
    def _make_rows(self, run: BenchmarkRun) -> None: ...

    @abc.abstractmethod
    def _fail(self, code: str, text: str) -> None: ...

    @abc.abstractmethod
    def _say_goodbye(self) -> None: ...

    def _cut_stage(self, run: BenchmarkRun, stages: StageBook, event: WorkerLost) -> None:
        """Stop a stage that has lost a worker on all the others, to measure it anew."""
        row = stages.row_of(event.key)
        ended, is_first = stages.lose(event.key)
        run.meter.forget(event.key)
        self._cuts[row] += is_first  # both workers of a stage may die at once
        if self._cuts[row] >= DEATHS_LIMIT:
            self._fail_poisoned(event)
        self._end_stage(run, stages, ended)

    def _end_stage(
        self, run: BenchmarkRun, stages: StageBook, stage: RunningStage | None
    ) -> None:
        """Go on after the last part of a stage, once its requests are stored."""
        if stage is None:
            return
        row = stage.row.row
        if self._ending is not None:
            stages.go_on(stage)  # to nothing: all was aborted
        elif stage.is_cut:
            self._unstored += 1
            run.forget_arrived(row)
            done = self._context.storage.write(samples.supersede, self._job, [row])
            self.pipe(done, functools.partial(Superseded, row), Broken)
        else:
            stages.go_on(stage)
            self._unstored += 1
            total = run.total_with(row)
            settled = self._context.storage.write(samples.settle, self._job, total)
            self.pipe(settled, functools.partial(Settled, row), Broken)

    def _hear_storage(self, message: Settled | Superseded) -> None:
        if isinstance(message, Settled):
            self._settle(message)
        else:
            self._repeat(message)

    def _settle(self, settled: Settled) -> None:
        self._unstored -= 1
        if settled.total is None:
            self._say_goodbye()
            return
        run = self._require_run()
        self._job = replace(self._job, total=settled.total)
        run.rows.end_stage(settled.row)
        if self._ending is None:
            self._make_rows(run)

    def _repeat(self, superseded: Superseded) -> None:
        self._unstored -= 1
        if superseded.done is None:
            self._say_goodbye()
            return
        self._job = replace(self._job, done=superseded.done)
        stages = self._require_run().stages
        if self._ending is None and stages is not None:
            stages.repeat(superseded.row)

    def _fail_poisoned(self, event: WorkerLost) -> None:
        self._fail(
            "poisoned",
            f"{DEATHS_LIMIT} load workers died in a row on this job ({event.detail}).",
        )

    def _require_run(self) -> BenchmarkRun:
        assert self._run is not None, "samples and rows come of a run"
        return self._run
