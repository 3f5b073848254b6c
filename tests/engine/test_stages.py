"""Stages on real workers: the load that was asked for is the load that is there."""

import asyncio
import contextlib
import time
from itertools import pairwise

import msgspec
import pytest

from domain.rows.windows import peak_in_flight
from domain.stages import Closed, Open, StagePart
from engine.protocol import LiveReported, ShardEnded, ShardReady
from engine.stage_book import StageBook
from providers.simulator.process import SimulatorProcess
from tests.domain.made_samples import NS_PER_S
from tests.domain.test_levels import a_plan
from tests.engine.inbox import Inbox, engine
from tests.engine.made import endpoint, key
from tests.engine.made import shard as sequential
from tests.engine.scripted import one_token, scripted

pytestmark = pytest.mark.gen_test(timeout=60)


def shard(target, shape, *, warmup=0, number=0, part=0, parts=1):
    stage = StagePart(
        row=0,
        endpoint=0,
        filler_tokens=0,
        shape=shape,
        warmup=warmup,
        attempt=3,
        part=part,
        parts=parts,
    )
    given = sequential(target, count=0, number=number)
    return msgspec.structs.replace(given, stage=stage)


def closed(streams, requests=None, duration_s=None):
    return Closed(streams=streams, requests=requests, duration_s=duration_s)


def opened(rate, duration_s, arrival="constant"):
    return Open(rate=rate, arrival=arrival, burstiness=1, duration_s=duration_s, seed=5)


@contextlib.asynccontextmanager
async def simulator(model):
    """Give an endpoint of a running simulator."""
    process = SimulatorProcess()
    await process.start()
    try:
        yield endpoint(process.base_url, model)
    finally:
        await process.stop()


async def ended(running, *inboxes):
    """Begin every shard that gets ready, all together; wait for their ends."""
    for inbox in inboxes:
        await inbox.until(lambda box=inbox: ready(box) or box.end)
    at_ns = time.time_ns() + 20_000_000
    for inbox in inboxes:
        running.begin(ready(inbox)[0].key, at_ns)
    for inbox in inboxes:
        assert (await inbox.ended()).error is None


def ready(inbox):
    return [e for e in inbox.events if isinstance(e, ShardReady)]


def measured(*inboxes):
    return [s for inbox in inboxes for s in inbox.samples if not s.warmup]


class Crowd:
    """A server that counts how many requests it has at once, and answers together."""

    def __init__(self, wanted):
        self.now = self.most = 0
        self._wanted = wanted
        self._full = asyncio.Event()

    async def __call__(self, exchange):
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now >= self._wanted:
            self._full.set()
        await self._full.wait()
        await one_token(exchange)
        self.now -= 1


async def test_as_many_requests_are_in_flight_as_were_asked_for_and_never_more():
    crowd, inboxes = Crowd(12), [Inbox(), Inbox()]
    async with scripted(crowd) as server, engine(workers=2) as running:
        for part, inbox in enumerate(inboxes):
            given = shard(
                endpoint(server.url), closed(12, 60), number=part, part=part, parts=2
            )
            running.run(given, inbox)
        await ended(running, *inboxes)
    assert crowd.most == 12
    samples = measured(*inboxes)
    assert sorted(s.index for s in samples) == list(range(60))
    assert len({s.worker for s in samples}) == 2
    assert len({s.clock_id for s in samples}) == 1
    assert {s.attempt for s in samples} == {3}


async def test_streams_of_the_simulator_reach_the_level():
    inbox = Inbox()
    async with simulator("sim-ttft100-itl5-n20") as target, engine() as running:
        running.run(shard(target, closed(10, 40), warmup=2), inbox)
        await ended(running, inbox)
    assert peak_in_flight(measured(inbox)) == 10
    assert len(inbox.samples) == 42
    assert {s.status for s in inbox.samples} == {"ok"}


async def test_the_warm_up_is_over_before_the_measured_part_begins():
    inbox = Inbox()
    async with scripted() as server, engine() as running:
        running.run(shard(endpoint(server.url), closed(2, 4), warmup=3), inbox)
        await inbox.until(lambda: ready(inbox))
        assert [s.warmup for s in inbox.samples] == [True] * 3
        assert len(server.exchanges) == 3
        running.begin(key(), 0)  # long past: at once
        await inbox.ended()
    assert len(measured(inbox)) == 4


async def test_an_open_loop_is_not_gated_by_slow_answers():
    crowd, inbox = Crowd(30), Inbox()  # nobody is answered before all have come
    async with scripted(crowd) as server, engine() as running:
        running.run(shard(endpoint(server.url), opened(30, 1)), inbox)
        await ended(running, inbox)
    assert crowd.most == 30
    assert len(measured(inbox)) == 30


async def test_each_request_of_an_open_loop_knows_when_it_was_to_leave():
    inbox = Inbox()
    async with simulator("sim-ttft20-itl5-n4") as target, engine() as running:
        running.run(shard(target, opened(50, 1, "poisson"), warmup=1), inbox)
        await ended(running, inbox)
    samples = sorted(measured(inbox), key=lambda s: s.index)
    intended = [s.intended_at_ns for s in samples]
    assert intended == sorted(intended)
    assert intended[-1] - intended[0] < NS_PER_S
    for sample in samples:
        assert sample.sent_at_ns >= sample.intended_at_ns
        assert 0 <= sample.send_lag_ms <= (sample.sent_at_ns - sample.intended_at_ns) / 1e6
        assert sample.scheduled_ttft_ms >= sample.ttft_ms >= 20
    assert all(s.intended_at_ns is None for s in inbox.samples if s.warmup)


async def test_parts_of_a_stage_start_together():
    inboxes = [Inbox(), Inbox()]
    async with scripted() as server, engine(workers=2) as running:
        for part, inbox in enumerate(inboxes):
            given = shard(
                endpoint(server.url), opened(2, 1), number=part, part=part, parts=2
            )
            running.run(given, inbox)
        await ended(running, *inboxes)
    one, other = (measured(inbox)[0].intended_at_ns for inbox in inboxes)
    assert other - one == pytest.approx(NS_PER_S / 2, abs=2e6)


async def test_time_ends_a_closed_stage_and_what_is_in_flight_is_still_measured():
    inbox = Inbox()
    async with simulator("sim-ttft150-itl5-n4") as target, engine() as running:
        running.run(shard(target, closed(3, duration_s=1)), inbox)
        await ended(running, inbox)
    samples = measured(inbox)
    assert len(samples) >= 6
    begun = min(s.sent_at_ns for s in samples)
    assert all(s.sent_at_ns - begun < 1.2 * NS_PER_S for s in samples)
    assert {s.status for s in samples} == {"ok"}


async def test_an_abort_closes_all_streams_and_tells_what_had_finished():
    async def answer(exchange):
        nonlocal answered
        if answered < 5:
            answered += 1
            await one_token(exchange)
        else:
            await exchange.start()
            reading.release()
            await exchange.closed_by_client()
            closed_now.release()

    answered, inbox = 0, Inbox()
    reading, closed_now = asyncio.Semaphore(0), asyncio.Semaphore(0)
    async with scripted(answer) as server, engine() as running:
        running.run(shard(endpoint(server.url), closed(20, 100)), inbox)
        await inbox.until(lambda: ready(inbox))
        running.begin(key(), 0)
        for _ in range(20):
            await reading.acquire()
        await inbox.until(lambda: any(e.active_streams == 20 for e in inbox.live))
        running.abort(key())
        assert await inbox.ended() == ShardEnded(key(), None)
        for _ in range(20):
            await closed_now.acquire()
    assert len(inbox.samples) == 5


async def test_an_abort_before_the_start_sends_nothing_measured():
    inbox = Inbox()
    async with scripted() as server, engine() as running:
        running.run(shard(endpoint(server.url), closed(2, 9), warmup=1), inbox)
        await inbox.until(lambda: ready(inbox))
        running.abort(key())
        assert await inbox.ended() == ShardEnded(key(), None)
    assert measured(inbox) == []


async def test_the_stages_of_a_provider_run_one_after_another():
    inbox = Inbox()
    plan = a_plan(mode="concurrency", levels=[1, 3], requests_per_level=6)
    async with scripted() as server, engine(workers=2) as running:
        book = StageBook(
            "job-1",
            1,
            plan=plan,
            endpoints=[endpoint(server.url)],
            engine=running,
            sink=inbox,
        )
        book.start()
        heard = 0
        while book.is_sending:
            await inbox.until(lambda seen=heard: len(inbox.events) > seen)
            event, heard = inbox.events[heard], heard + 1
            if isinstance(event, ShardReady):
                book.ready(event.key)
            elif isinstance(event, ShardEnded):
                assert event.error is None
                stage = book.end(event.key)
                if stage is not None:
                    book.go_on(stage)
            elif isinstance(event, LiveReported):
                assert book.is_current(event.key)
    spans = [
        (
            min(s.sent_at_ns for s in inbox.samples if s.row == row),
            max(s.ended_at_ns for s in inbox.samples if s.row == row),
        )
        for row in range(4)
    ]
    assert spans == sorted(spans)
    assert all(after[0] > before[1] for before, after in pairwise(spans))
    assert len(measured(inbox)) == 24
