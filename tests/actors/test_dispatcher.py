"""The queue come alive: slots, ends, crashes, cancels, what a dead server left behind."""

import asyncio
import contextlib
import functools
from dataclasses import replace

import pytest

from actors import dispatcher
from actors.benchmark_messages import CancelJob
from actors.dispatcher import Dispatcher, DispatcherContext
from actors.dispatcher_messages import Cancel, GetOverview, Submit
from actors.messages import JobEnded
from actors.runtime import LoopActor, ask, stop_actor
from actors.storage import Storage, StorageActor
from actors.supervisor import report_failure
from domain.errors import UnavailableError
from domain.jobs import Finish, Job, JobState, Start, step
from domain.wire.accounts import Limits
from security.ids import new_id
from storage import accounts, jobs
from storage.database import Store
from tests.actors.fakes import Diary, Listener


class FakeJob(LoopActor):
    """A job actor that does as it is told; stores its start as a real one does."""

    def __init__(self, job, bench, parent):
        super().__init__()
        self.job, self.bench, self.parent = job, bench, parent
        bench.diary.write(f"start {job.id}")

    def on_receive(self, message):
        match message:
            case "end":
                self.parent.tell(JobEnded(self.job.id))
                self.stop()
            case "crash":
                raise RuntimeError("crash")
            case CancelJob():
                self.bench.diary.write(f"cancel {self.job.id}")

    def on_failure(self, exception_type, exception_value, traceback):
        report_failure(self.parent, self.job.id, exception_value)


class Bench:
    """A dispatcher over a real database, with fake job actors."""

    def __init__(self, tmp_path, max_running=2):
        self.diary, self.live = Diary(), {}
        self.loop = asyncio.get_running_loop()
        self.store = Store(tmp_path / "studio.db")
        self.store.migrate()
        self.root = Listener.start()
        self.storage = Storage()
        start = functools.partial(
            StorageActor.start, self.store, self._publish, parent=self.root
        )
        self.storage.writer = start(name="writer")
        self.storage.readers["reader"] = start(name="reader")
        self.max_running = max_running
        self.dispatcher = None

    def _publish(self, events):
        for event in events:
            line = f"{event.type} {event.job_id}"
            self.loop.call_soon_threadsafe(self.diary.write, line)

    async def happened(self, event_type, job_id):
        await self.diary.until(lambda: f"{event_type} {job_id}" in self.diary.lines)

    async def begin(self):
        self.owner = await self.storage.write(
            accounts.create, "ada@example.org", "hash", 1, first_only=False
        )
        self.start()

    def start(self):
        context = DispatcherContext(
            storage=self.storage,
            factories={"benchmark": self._start_job},
            publish=lambda _: None,
            now_ms=lambda: 5,
            max_running_jobs=self.max_running,
        )
        self.dispatcher = Dispatcher.start(context, parent=self.root)

    def _start_job(self, job, parent):
        self.live[job.id] = FakeJob.start(job, self, parent)
        return self.live[job.id]

    async def stored_job(self):
        """Store a queued job without telling the dispatcher."""
        job = Job(
            id=new_id(),
            owner_id=self.owner.id,
            kind="benchmark",
            state=JobState.QUEUED,
            attempt=1,
            created_at_ms=1,
            total=1,
            result_id=new_id(),
        )
        return await self.storage.write(jobs.insert, job, Limits())

    async def submitted(self, count=1):
        made = [await self.stored_job() for _ in range(count)]
        for job in made:
            self.dispatcher.tell(Submit(job, 4))
        return [job.id for job in made]

    async def mark_running(self, job):
        after, _ = step(job, Start(2))
        return await self.storage.write(jobs.change, job, after, 2)

    async def started(self, job_id):
        await self.diary.until(lambda: f"start {job_id}" in self.diary.lines)

    async def state(self, job_id):
        return (await self.storage.read(jobs.by_id, job_id)).state

    async def stop(self):
        refs = [*self.live.values(), self.dispatcher]
        refs += [self.storage.writer, *self.storage.readers.values(), self.root]
        for ref in refs:
            await stop_actor(ref)


@contextlib.asynccontextmanager
async def a_bench(tmp_path, **given):
    bench = Bench(tmp_path, **given)
    await bench.begin()
    try:
        yield bench
    finally:
        await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_job_starts_when_a_slot_is_free_and_the_next_when_one_ends(tmp_path):
    async with a_bench(tmp_path) as bench:
        one, two, three = await bench.submitted(3)
        await bench.started(one)
        await bench.started(two)
        overview = await ask(bench.dispatcher, GetOverview())
        assert overview.jobs[three].queue_position == 1
        assert len(bench.live) == 2
        bench.live[one].tell("end")
        await bench.started(three)


@pytest.mark.gen_test(timeout=20)
async def test_a_crashed_job_goes_back_into_the_queue_as_its_next_attempt(tmp_path):
    async with a_bench(tmp_path) as bench:
        (job_id,) = await bench.submitted()
        await bench.started(job_id)
        await bench.mark_running(await bench.storage.read(jobs.by_id, job_id))
        bench.live[job_id].tell("crash")
        await bench.diary.until(lambda: bench.diary.lines.count(f"start {job_id}") == 2)
        again = await bench.storage.read(jobs.by_id, job_id)
        assert (again.state, again.attempt) == (JobState.QUEUED, 2)
        await bench.happened("job_queued", job_id)
        told = [line.split()[0] for line in bench.diary.lines if line.startswith("job_")]
        assert told == ["job_created", "job_started", "job_queued"]


@pytest.mark.gen_test(timeout=20)
async def test_a_job_that_crashes_three_times_has_failed_and_frees_its_slot(tmp_path):
    async with a_bench(tmp_path, max_running=1) as bench:
        (job_id,) = await bench.submitted()
        for crash in range(1, 4):
            starts = functools.partial(bench.diary.lines.count, f"start {job_id}")
            await bench.diary.until(lambda n=crash, starts=starts: starts() == n)
            await bench.mark_running(await bench.storage.read(jobs.by_id, job_id))
            bench.live[job_id].tell("crash")
        await bench.happened("job_failed", job_id)
        (other,) = await bench.submitted()
        await bench.started(other)
        failed = await bench.storage.read(jobs.by_id, job_id)
        assert failed.state is JobState.FAILED
        assert failed.failure.code == "crashed"


@pytest.mark.gen_test(timeout=20)
async def test_cancelling_a_running_job_is_told_to_its_actor(tmp_path):
    async with a_bench(tmp_path) as bench:
        (job_id,) = await bench.submitted()
        await bench.started(job_id)
        bench.dispatcher.tell(Cancel(job_id))
        await bench.diary.until(lambda: f"cancel {job_id}" in bench.diary.lines)


@pytest.mark.gen_test(timeout=20)
async def test_a_cancelled_job_that_waits_never_starts(tmp_path):
    async with a_bench(tmp_path, max_running=1) as bench:
        one, two, three = await bench.submitted(3)
        await bench.started(one)
        bench.dispatcher.tell(Cancel(two))
        bench.live[one].tell("end")
        await bench.started(three)
        await bench.happened("job_cancelled", two)
        assert f"start {two}" not in bench.diary.lines


@pytest.mark.gen_test(timeout=20)
async def test_a_cancel_that_overtakes_its_submit_wins(tmp_path):
    async with a_bench(tmp_path) as bench:
        job = await bench.stored_job()
        bench.dispatcher.tell(Cancel(job.id))
        await bench.happened("job_cancelled", job.id)
        bench.dispatcher.tell(Submit(job, 4))  # started or not: it finds the job ended
        await ask(bench.dispatcher, GetOverview())
        assert await bench.state(job.id) is JobState.CANCELLED


@pytest.mark.gen_test(timeout=20)
async def test_what_a_dead_server_left_running_or_queued_goes_on_by_itself(tmp_path):
    bench = Bench(tmp_path)
    bench.owner = await bench.storage.write(
        accounts.create, "ada@example.org", "hash", 1, first_only=False
    )
    queued, orphan = await bench.stored_job(), await bench.stored_job()
    await bench.mark_running(orphan)
    bench.start()
    await bench.started(queued.id)
    await bench.started(orphan.id)
    again = await bench.storage.read(jobs.by_id, orphan.id)
    assert (again.state, again.attempt) == (JobState.QUEUED, 2)
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_stopping_the_dispatcher_takes_its_jobs_along(tmp_path):
    async with a_bench(tmp_path) as bench:
        (job_id,) = await bench.submitted()
        await bench.started(job_id)
        await stop_actor(bench.dispatcher)
        assert not bench.live[job_id].is_alive()


@pytest.mark.gen_test(timeout=20)
async def test_a_job_that_crashes_before_it_was_stored_as_running_keeps_no_slot(tmp_path):
    async with a_bench(tmp_path, max_running=1) as bench:
        (job_id,) = await bench.submitted()
        await bench.started(job_id)
        bench.live[job_id].tell("crash")
        await bench.diary.until(lambda: bench.diary.lines.count(f"start {job_id}") == 2)
        bench.live[job_id].tell("end")
        (other,) = await bench.submitted()
        await bench.started(other)


@pytest.mark.gen_test(timeout=20)
async def test_a_job_that_crashes_after_its_end_was_stored_keeps_no_slot(tmp_path):
    async with a_bench(tmp_path, max_running=1) as bench:
        (job_id,) = await bench.submitted()
        await bench.started(job_id)
        running = await bench.mark_running(await bench.storage.read(jobs.by_id, job_id))
        ended, _ = step(running, Finish(3))
        await bench.storage.write(jobs.change, running, ended, 3)
        bench.live[job_id].tell("crash")
        (other,) = await bench.submitted()
        await bench.started(other)
        assert await bench.state(job_id) is JobState.DONE


@pytest.mark.gen_test(timeout=20)
async def test_a_cancel_that_was_acknowledged_survives_the_crash_of_its_job(tmp_path):
    async with a_bench(tmp_path) as bench:
        (job_id,) = await bench.submitted()
        await bench.started(job_id)
        await bench.mark_running(await bench.storage.read(jobs.by_id, job_id))
        await bench.storage.write(jobs.request_cancel, job_id, owner_id=bench.owner.id)
        bench.live[job_id].tell("crash")
        await bench.happened("job_cancelled", job_id)
        assert bench.diary.lines.count(f"start {job_id}") == 1


@pytest.mark.gen_test(timeout=20)
async def test_a_cancel_that_was_acknowledged_survives_the_death_of_the_server(tmp_path):
    bench = Bench(tmp_path)
    bench.owner = await bench.storage.write(
        accounts.create, "ada@example.org", "hash", 1, first_only=False
    )
    queued, running = await bench.stored_job(), await bench.stored_job()
    await bench.mark_running(running)
    for job in (queued, running):
        await bench.storage.write(jobs.request_cancel, job.id, owner_id=bench.owner.id)
    bench.start()
    for job in (queued, running):
        await bench.happened("job_cancelled", job.id)
    assert bench.live == {}
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_database_that_does_not_answer_is_not_counted_as_crashes(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(dispatcher, "RETRY_S", 0.01)
    async with a_bench(tmp_path) as bench:
        (job_id,) = await bench.submitted()
        await bench.started(job_id)
        await bench.mark_running(await bench.storage.read(jobs.by_id, job_id))
        write, failures = bench.storage.write, []

        async def failing(*args, **kwargs):
            if len(failures) < 4:
                failures.append(1)
                raise UnavailableError("The database does not answer; try again.")
            return await write(*args, **kwargs)

        bench.storage.write = failing
        bench.live[job_id].tell("crash")
        await bench.happened("job_queued", job_id)
        assert len(failures) == 4


@pytest.mark.gen_test(timeout=20)
async def test_a_job_of_a_kind_this_version_does_not_know_fails_and_harms_nobody(tmp_path):
    async with a_bench(tmp_path) as bench:
        job = replace(await bench.stored_job(), kind="judging")
        bench.dispatcher.tell(Submit(job, 4))
        await bench.happened("job_failed", job.id)
        (other,) = await bench.submitted()
        await bench.started(other)


@pytest.mark.gen_test(timeout=20)
async def test_a_stored_job_that_nobody_told_of_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(dispatcher, "REREAD_S", 0.05)
    async with a_bench(tmp_path) as bench:
        job = await bench.stored_job()
        await bench.started(job.id)
