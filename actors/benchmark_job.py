"""One benchmark being run: gives shards to the engine, stores samples, ends the job.

All waiting happens beside the actor (`pipe`), so a cancel is handled at once. The state
machine decides (`domain.jobs.step`); this actor carries its effects out.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, assert_never

import pykka
import structlog

from actors.benchmark_context import BenchmarkContext, prepare
from actors.benchmark_messages import (
    BenchmarkMessage,
    Broken,
    CancelJob,
    Concluded,
    ConclusionFailed,
    FlushTimedOut,
    Prepared,
    ProgressDue,
    Refused,
    RowsStored,
    Settled,
    Started,
    Stored,
    Superseded,
    Warmed,
)
from actors.benchmark_run import BenchmarkRun
from actors.benchmark_stages import DEATHS_LIMIT, StageKeeper
from actors.messages import JobEnded, JobProgressed
from actors.progress import INTERVAL_S
from actors.runtime import tell_if_alive
from actors.supervisor import report_failure
from domain.jobs import Cancel, Effect, Fail, Finish, Job, JobFailure, JobInput, Start, step
from domain.samples import Sample
from domain.wire.results import ResultRow
from engine.protocol import (
    EngineEvent,
    LiveReported,
    SamplesArrived,
    ShardEnded,
    ShardReady,
    WorkerLost,
)
from storage import benchmarks, jobs, samples

log = structlog.get_logger()

FLUSH_S = 0.15  # how long a cancel waits for the workers' last batch
ROWS_BY_S = 0.18  # a cancel is told within 250 ms: rows not made by then come after it
LEAST_ROWS_S = 0.03


class BenchmarkJob(StageKeeper):
    """Child of the dispatcher; ends itself when its job has ended."""

    def __init__(
        self, job: Job, context: BenchmarkContext, *, parent: pykka.ActorRef[Any]
    ) -> None:
        super().__init__(job, context)
        self._parent = parent
        self._holds_analyst = False
        self._rows_due = False  # whether result rows are being computed
        self._dead_workers: set[str] = set()
        self._ending_since_s = 0.0
        self._flushed = False
        self._concluding = False
        self._last_samples: list[Sample] = []
        self._progress_timer: asyncio.TimerHandle | None = None

    def on_start(self) -> None:
        now_ms = self._context.now_ms()
        after, _ = step(self._job, Start(now_ms))
        stored = self._context.storage.write(jobs.change, self._job, after, now_ms)
        self.pipe(stored, Started, Broken)

    def on_receive(self, message: BenchmarkMessage) -> None:
        match message:
            case CancelJob():
                self._end(Cancel(self._context.now_ms()))
            case Started():
                self._begin(message.job)
            case Prepared():
                self._send(message)
            case Refused():
                self._fail("cannot_start", str(message.error))
            case (
                SamplesArrived()
                | ShardReady()
                | LiveReported()
                | ShardEnded()
                | WorkerLost()
            ):
                self._hear_engine(message)
            case Stored():
                self._count(message)
            case Settled() | Superseded():
                self._hear_storage(message)
            case RowsStored():
                self._told_rows(message.rows)
            case FlushTimedOut():
                self._flushed = True
            case Concluded():
                self._leave(message)
            case ConclusionFailed():
                raise message.error
            case Warmed():
                pass
            case ProgressDue():
                self._tell_progress()
            case Broken():
                self._break(message.error)
            case _:
                assert_never(message)
        self._conclude_if_ready()

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:  # noqa: ARG002 - pykka's signature
        report_failure(self._parent, self._job.id, exception_value)

    async def teardown(self) -> None:
        """Leave no request behind."""
        if self._progress_timer is not None:
            self._progress_timer.cancel()
        if self._run is not None:
            self._run.abort()
        if self._holds_analyst:
            self._context.rows.end()

    def _begin(self, job: Job | None) -> None:
        if job is None:  # cancelled, or taken by another attempt, before it began
            self._say_goodbye()
            return
        self._job = job
        if self._ending is not None:
            early, self._ending = self._ending, None
            self._end(early)
            return
        self.pipe(prepare(self._context, job), _same, Broken)
        self._holds_analyst = True
        self.pipe(self._context.rows.begin(), _warmed, _warmed)

    def _send(self, prepared: Prepared) -> None:
        if self._ending is not None:
            return
        sink = functools.partial(tell_if_alive, self.actor_ref)
        now_s = asyncio.get_running_loop().time()
        self._job = prepared.job
        self._run = BenchmarkRun(prepared, self._context.engine, sink, now_s)
        self._make_rows(self._run)
        self._run.send()
        self._schedule_progress()

    def _hear_engine(self, event: EngineEvent) -> None:
        run = self._run
        if run is None or self._concluding or not run.is_current(event.key):
            return  # late words of an earlier try
        match event:
            case SamplesArrived():
                run.arrive(event.samples)
                self._store(event.samples)
            case ShardReady():
                if run.stages is not None:
                    run.stages.ready(event.key)
            case LiveReported():
                run.report(event)
                self._schedule_progress()
            case ShardEnded():
                if event.error is not None:
                    self._fail("worker_failed", event.error)
                if run.stages is None:
                    run.close(event.key)
                else:
                    run.meter.forget(event.key)
                    self._end_stage(run, run.stages, run.stages.end(event.key))
            case WorkerLost():
                if run.stages is None:
                    self._survive(run, event)
                else:
                    self._cut_stage(run, run.stages, event)
            case _:
                assert_never(event)

    def _store(self, arrived: Sequence[Sample]) -> None:
        if self._ending is not None:
            self._last_samples.extend(arrived)  # go into the transaction that ends the job
            return
        self._unstored += 1
        done = self._context.storage.write(samples.store, self._job, arrived)
        self.pipe(done, functools.partial(Stored, arrived), Broken)

    def _count(self, stored: Stored) -> None:
        self._unstored -= 1
        run = self._require_run()
        if stored.done is None:
            self._say_goodbye()
            return
        self._dead_workers.clear()  # of sequential load: what is stored is not sent again
        self._job = dataclasses.replace(self._job, done=stored.done)
        run.rows.add((s.row, s.warmup, s.index) for s in stored.samples)
        if self._ending is None:
            self._make_rows(run)
        self._schedule_progress()

    def _make_rows(self, run: BenchmarkRun) -> None:
        """Have complete rows made, one call at a time: what comes meanwhile goes next."""
        complete = frozenset() if self._rows_due else run.rows.claim_complete()
        if not complete:
            return
        self._rows_due = True
        made = self._context.rows.complete(
            self._job, run.work, complete, self._context.now_ms()
        )
        self.pipe(made, lambda _: RowsStored(complete), Broken)

    def _told_rows(self, rows: frozenset[int]) -> None:
        run = self._require_run()
        run.rows.tell(rows)
        self._rows_due = False
        if self._ending is None:
            self._make_rows(run)

    def _survive(self, run: BenchmarkRun, event: WorkerLost) -> None:
        self._dead_workers.add(event.worker)
        run.meter.forget(event.key)
        if self._ending is not None:
            run.close(event.key)
        elif len(self._dead_workers) >= DEATHS_LIMIT:
            run.close(event.key)
            self._fail_poisoned(event)
        else:
            run.send_again(event.key)

    def _break(self, error: Exception) -> None:
        if self._concluding:  # what breaks beside the end must not undo it
            log.error("ignored at the end of a job", job_id=self._job.id, exc_info=error)
            return
        raise error  # the dispatcher puts the job back into the queue

    def _fail(self, code: str, text: str) -> None:
        self._end(Fail(self._context.now_ms(), JobFailure(code, text)))

    def _end(self, event: JobInput) -> None:
        if self._ending is not None:
            return
        self._ending = event
        self._ending_since_s = asyncio.get_running_loop().time()
        _, effects = step(self._job, event)
        if self._run is not None and Effect.ABORT_WORK in effects:
            self._run.abort()
            self.tell_later(FLUSH_S, FlushTimedOut())

    def _conclude_if_ready(self) -> None:
        run = self._run
        if self._concluding or self.actor_stopped.is_set():
            return
        if self._ending is None:
            if run is None or run.is_sending or self._unstored or self._rows_due:
                return
            self._ending = Finish(self._context.now_ms())
        if self._unstored or (run is not None and run.is_sending and not self._flushed):
            return
        after, effects = step(self._job, self._ending)
        if Effect.FREE_SLOT not in effects:
            return  # not running yet: `_begin` takes the ending up
        self._concluding = True
        self.pipe(self._conclude(after), _same, ConclusionFailed)

    async def _conclude(self, after: Job) -> Concluded:
        rows: dict[int, ResultRow] = {}
        run = self._run
        if run is not None and run.rows.untold:
            spent_s = asyncio.get_running_loop().time() - self._ending_since_s
            rows = await self._context.rows.at_the_end(
                self._job,
                run.work,
                run.rows,
                self._last_samples,
                within_s=max(LEAST_ROWS_S, ROWS_BY_S - spent_s),
            )
        ended = await self._context.storage.write(
            benchmarks.conclude,
            self._job,
            after,
            after.ended_at_ms or self._context.now_ms(),
            last_samples=tuple(self._last_samples),
            rows=rows,
        )
        return Concluded(ended, rows)

    def _leave(self, concluded: Concluded) -> None:
        run, job = self._run, concluded.job
        if job is None or run is None or run.rows.untold <= set(concluded.rows):
            self._say_goodbye()
            return
        run.rows.tell(frozenset(concluded.rows))
        late = self._context.rows.late(job, run.work, run.rows, self._context.now_ms())
        self.pipe(late, lambda _: Concluded(None, {}), ConclusionFailed)

    def _say_goodbye(self) -> None:
        tell_if_alive(self._parent, JobEnded(self._job.id))
        self.stop()

    def _schedule_progress(self) -> None:
        if self._progress_timer is None:
            self._progress_timer = self.tell_later(INTERVAL_S, ProgressDue())

    def _tell_progress(self) -> None:
        self._progress_timer = None
        if self._run is not None and not self._concluding:
            now_s = asyncio.get_running_loop().time()
            frame = self._run.frame(self._job, now_s)
            self._context.publish(JobProgressed(self._job.owner_id, (frame,)))


def _same(message: BenchmarkMessage) -> BenchmarkMessage:
    return message


def _warmed(_: object) -> Warmed:
    return Warmed()  # an analyst that will not start is met again when rows are due
