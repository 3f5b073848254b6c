"""The queue come alive: gives slots, starts a job actor each, hears of their ends.

Knows a job's kind only as a name: `factories` maps it to how its actor is started.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

import pykka
import structlog

from actors.benchmark_messages import CancelJob
from actors.dispatcher_messages import (
    Cancel,
    DispatcherMessage,
    GetOverview,
    PositionsDue,
    QueueRead,
    RecoverAll,
    Reread,
    Settle,
    Settled,
    StorageFailed,
    Submit,
)
from actors.messages import JobEnded, JobProgressed, LiveJob, LiveOverview
from actors.runtime import LoopActor, stop_actor, tell_if_alive
from actors.storage import Storage
from actors.supervisor import ChildFailed, report_failure
from domain import jobs as machine
from domain.job_queue import JobQueue, QueuedJob
from domain.jobs import Job, JobFailure, JobState
from domain.views import progress_view
from domain.wire.live import JobProgress
from storage import jobs
from storage.changes import Change

log = structlog.get_logger()

Ref: TypeAlias = pykka.ActorRef[Any]
Factory: TypeAlias = Callable[[Job, Ref], Ref]

POSITIONS_EVERY_S = 1.0
POSITIONS_A_USER = 200  # told a second; the rest by GET
REREAD_S = 30.0
CRASHES_LIMIT = 3
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class DispatcherContext:
    """What the dispatcher needs of the rest."""

    storage: Storage
    factories: Mapping[str, Factory]
    publish: Callable[[JobProgressed], None]
    now_ms: Callable[[], int]
    max_running_jobs: int


class Dispatcher(LoopActor):
    """Supervises the job actors; what a dead server left behind is queued again first."""

    def __init__(self, context: DispatcherContext, *, parent: pykka.ActorRef[Any]) -> None:
        super().__init__()
        self._context = context
        self._parent = parent
        self._queue = JobQueue(max_running=context.max_running_jobs)
        self._jobs: dict[str, tuple[Job, int | None]] = {}
        self._running: dict[str, pykka.ActorRef[Any]] = {}
        self._latest: dict[str, JobProgress] = {}
        self._crashes: dict[str, int] = {}
        self._recovered = False
        self._positions_told: dict[str, int] = {}
        self._positions_timer: asyncio.TimerHandle | None = None

    def on_start(self) -> None:
        self._recover()

    def on_receive(self, message: DispatcherMessage) -> Any:
        match message:
            case Submit():
                self._enqueue(message.job, message.user_limit)
            case Cancel():
                self._cancel(message.job_id)
            case GetOverview():
                return self._overview()
            case JobProgressed():
                self._latest |= {frame.job_id: frame for frame in message.frames}
                self._context.publish(message)
            case JobEnded():
                self._free(message.job_id)
                self._crashes.pop(message.job_id, None)
            case ChildFailed():
                self._return_to_queue(message)
            case Settle():
                self._settle(message)
            case Settled():
                self._take_back(message.job_id, message.job)
            case QueueRead():
                self._fill(message.waiting)
            case StorageFailed():
                log.error("the database did not answer", exc_info=message.error)
                self.tell_later(RETRY_S, message.retry)
            case RecoverAll():
                self._recover()
            case Reread():
                self._reread()
            case PositionsDue():
                self._tell_positions()
            case _:
                assert_never(message)
        self._start_what_fits()
        return None

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:  # noqa: ARG002 - pykka's signature
        report_failure(self._parent, "dispatcher", exception_value)

    async def teardown(self) -> None:
        """Take the children along: their rows are queued again by the next start."""
        if self._positions_timer is not None:
            self._positions_timer.cancel()
        for ref in reversed(list(self._running.values())):
            await stop_actor(ref)

    def _recover(self) -> None:
        self.pipe(
            self._read_queue(), QueueRead, lambda error: StorageFailed(error, RecoverAll())
        )

    async def _read_queue(self) -> Sequence[tuple[Job, int | None]]:
        storage = self._context.storage
        again = await storage.write(jobs.recover_all, self._context.now_ms())
        if again:
            log.info("jobs go on after a restart", jobs=again)
        return await storage.read(jobs.queued)

    def _fill(self, waiting: Sequence[tuple[Job, int | None]]) -> None:
        self._recovered = True
        for job, user_limit in waiting:
            self._enqueue(job, user_limit)
        self.tell_later(REREAD_S, Reread())

    def _reread(self) -> None:
        """Look for jobs that were stored and never told of: nothing accepted is lost."""
        waiting = self._context.storage.read(jobs.queued)
        self.pipe(waiting, QueueRead, lambda error: StorageFailed(error, Reread()))

    def _enqueue(self, job: Job, user_limit: int | None) -> None:
        if job.id in self._queue:
            return
        self._jobs[job.id] = (job, user_limit)
        queued = QueuedJob(
            job_id=job.id,
            owner_id=job.owner_id,
            user_limit=user_limit,
            needs=job.needs,
            caps=job.caps,
        )
        self._queue.add(queued)
        self._schedule_positions()

    def _start_what_fits(self) -> None:
        if not self._recovered:
            return
        while (queued := self._queue.start_next()) is not None:
            job, _ = self._jobs[queued.job_id]
            start = self._context.factories.get(job.kind)
            if start is None:
                self._settle(Settle(job.id, _unknown_kind(job, self._context.now_ms())))
            else:
                self._running[job.id] = start(job, self.actor_ref)
            self._schedule_positions()

    def _free(self, job_id: str) -> None:
        self._queue.free(job_id)
        self._running.pop(job_id, None)
        self._latest.pop(job_id, None)
        self._jobs.pop(job_id, None)

    def _cancel(self, job_id: str) -> None:
        child = self._running.get(job_id)
        if child is not None and child.is_alive():
            tell_if_alive(child, CancelJob())
            return
        self._queue.remove(job_id)
        self._settle(Settle(job_id, machine.Cancel(self._context.now_ms())))

    def _return_to_queue(self, message: ChildFailed) -> None:
        job_id, now_ms = message.name, self._context.now_ms()
        crashes = self._crashes[job_id] = self._crashes.get(job_id, 0) + 1
        log.error("a job actor crashed", job_id=job_id, exc_info=message.error)
        event: machine.JobInput = machine.Recover(now_ms)
        if crashes >= CRASHES_LIMIT:
            text = f"The job crashed {crashes} times; the studio's log says why."
            event = machine.Fail(now_ms, JobFailure("crashed", text))
        self._settle(Settle(job_id, event))

    def _settle(self, order: Settle) -> None:
        settled = self._context.storage.write(
            _apply, order.job_id, order.event, self._context.now_ms()
        )
        self.pipe(
            settled,
            functools.partial(Settled, order.job_id),
            lambda error: StorageFailed(error, order),
        )

    def _take_back(self, job_id: str, job: Job | None) -> None:
        """Free what a job held; queue it again if that is where it is stored."""
        child = self._running.get(job_id)
        if child is not None and child.is_alive():
            return  # it was started meanwhile; its conditional update finds out
        known = self._jobs.get(job_id)
        self._queue.remove(job_id)
        self._free(job_id)
        if job is not None and job.state is JobState.QUEUED:
            self._enqueue(job, known[1] if known else None)
        else:
            self._crashes.pop(job_id, None)
        self._schedule_positions()

    def _overview(self) -> LiveOverview:
        positions = self._queue.positions()
        waiting = {
            job_id: LiveJob(place, None, None) for job_id, place in positions.items()
        }
        running = {
            job_id: LiveJob(None, frame.progress, frame.live)
            for job_id, frame in self._latest.items()
        }
        return LiveOverview(waiting | running, len(positions))

    def _schedule_positions(self) -> None:
        if self._positions_timer is None:
            self._positions_timer = self.tell_later(POSITIONS_EVERY_S, PositionsDue())

    def _tell_positions(self) -> None:
        self._positions_timer = None
        positions = self._queue.positions()
        told: dict[str, list[JobProgress]] = {}
        for job_id, place in positions.items():
            if self._positions_told.get(job_id) != place:
                job, _ = self._jobs[job_id]
                frames = told.setdefault(job.owner_id, [])
                if len(frames) < POSITIONS_A_USER:
                    frames.append(_position_frame(job, place))
        for owner_id, frames in told.items():
            self._context.publish(JobProgressed(owner_id, tuple(frames)))
        self._positions_told = positions


def _unknown_kind(job: Job, at_ms: int) -> machine.Fail:
    text = f"This version of the studio cannot run jobs of kind {job.kind}."
    return machine.Fail(at_ms, JobFailure("unknown_kind", text))


def _position_frame(job: Job, place: int) -> JobProgress:
    return JobProgress(
        job_id=job.id, progress=progress_view(job), queue_position=place, live=None
    )


def _apply(job_id: str, event: machine.JobInput, at_ms: int) -> Change[Job | None]:
    """Step the stored job by `event`, in the transaction that reads it.

    The value is the job as it is stored then, changed or not.
    """
    job = jobs.by_id(job_id)
    if job is None:
        return Change(None)
    after, effects = machine.step(job, event)
    return jobs.change(job, after, at_ms) if effects else Change(job)
