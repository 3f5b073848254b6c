import asyncio
import os
import signal
import time

import msgspec
import pytest

from engine.local import LocalEngine
from engine.protocol import ShardEnded, WorkerLost
from tests.engine.inbox import Inbox, engine
from tests.engine.made import WORKLOAD, endpoint, item, key, shard
from tests.engine.scripted import event, one_token, scripted

pytestmark = pytest.mark.gen_test(timeout=40)


class Holding:
    """A server that answers with one token and then keeps the reply open."""

    def __init__(self):
        self.reading = asyncio.Semaphore(0)
        self.closed = asyncio.Semaphore(0)

    async def __call__(self, exchange):
        await exchange.start()
        await exchange.chunk(event(content="x"))
        self.reading.release()
        await exchange.closed_by_client()
        self.closed.release()


async def eventually(condition, within_s=10):
    """Wait for what no event announces."""
    for _ in range(int(within_s / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


async def test_a_shard_is_sent_in_order_one_request_after_the_other():
    open_now, most_open = 0, 0

    async def answer(exchange):
        nonlocal open_now, most_open
        open_now += 1
        most_open = max(most_open, open_now)
        await one_token(exchange)
        open_now -= 1

    inbox = Inbox()
    async with scripted(answer) as server, engine() as running:
        running.run(shard(endpoint(server.url), count=5), inbox)
        assert await inbox.ended() == ShardEnded(key(), None)
    assert [sample.index for sample in inbox.samples] == [0, 1, 2, 3, 4]
    assert {sample.status for sample in inbox.samples} == {"ok"}
    assert most_open == 1
    assert server.connections == 1
    sent = [sample.sent_at_ns for sample in inbox.samples]
    assert sent == sorted(sent)
    prompts = {exchange.json["messages"][0]["content"] for exchange in server.exchanges}
    assert len(prompts) == 5


async def test_a_failed_request_does_not_stop_what_comes_after_it():
    async def answer(exchange):
        if len(server.exchanges) == 2:
            await exchange.plain("500 Oops")
        else:
            await one_token(exchange)

    inbox = Inbox()
    async with scripted(answer) as server, engine() as running:
        running.run(shard(endpoint(server.url), count=3), inbox)
        await inbox.ended()
    assert [sample.status for sample in inbox.samples] == ["ok", "failed", "ok"]


async def test_shards_run_side_by_side_on_one_worker():
    holding = Holding()
    inboxes = [Inbox() for _ in range(3)]
    async with scripted(holding) as server, engine(workers=1) as running:
        for number, inbox in enumerate(inboxes):
            running.run(shard(endpoint(server.url), number=number), inbox)
        for _ in inboxes:
            await holding.reading.acquire()
        assert len(running.workers()) == 1
        for number in range(3):
            running.abort(key(number))
        for inbox in inboxes:
            await inbox.ended()


async def test_shards_are_spread_over_the_workers():
    holding = Holding()
    async with scripted(holding) as server, engine(workers=2) as running:
        for number in range(4):
            running.run(shard(endpoint(server.url), number=number), Inbox())
        for _ in range(4):
            await holding.reading.acquire()
        workers = running.workers()
        assert len({worker.pid for worker in workers}) == 2
        await eventually(lambda: [one.streams for one in running.workers()] == [2, 2])
        assert all(worker.cpu_pct >= 0 for worker in running.workers())


async def test_abort_closes_the_socket_and_tells_what_had_finished():
    holding = Holding()

    async def answer(exchange):
        await (one_token if len(server.exchanges) == 1 else holding)(exchange)

    inbox = Inbox()
    async with scripted(answer) as server, engine() as running:
        running.run(shard(endpoint(server.url), count=9), inbox)
        await holding.reading.acquire()
        running.abort(key())
        await holding.closed.acquire()
        assert await inbox.ended() == ShardEnded(key(), None)
        assert len(server.exchanges) == 2
    assert [sample.index for sample in inbox.samples] == [0]


async def test_abort_of_a_shard_that_waits_for_its_worker_ends_it_unsent():
    inbox = Inbox()
    async with scripted() as server, engine() as running:
        running.run(shard(endpoint(server.url)), inbox)
        running.abort(key())
        assert await inbox.ended() == ShardEnded(key(), None)
        # the worker that was starting serves the next shard
        following = Inbox()
        running.run(shard(endpoint(server.url), number=1), following)
        assert await following.ended() == ShardEnded(key(1), None)
    assert inbox.samples == []
    assert len(server.exchanges) == 1


async def test_abort_right_after_run_on_a_running_worker_ends_the_shard_too():
    async with scripted() as server, engine() as running:
        first = Inbox()
        running.run(shard(endpoint(server.url)), first)
        await first.ended()
        inbox = Inbox()
        running.run(shard(endpoint(server.url), number=1), inbox)
        running.abort(key(1))
        assert await inbox.ended() == ShardEnded(key(1), None)


async def test_abort_of_what_is_not_there_is_harmless():
    inbox = Inbox()
    async with scripted() as server, engine() as running:
        running.abort(key(7))
        running.run(shard(endpoint(server.url)), inbox)
        await inbox.ended()
        running.abort(key())
        running.abort(key())
    assert len(inbox.samples) == 1


async def test_a_key_that_is_running_cannot_be_run_again():
    holding = Holding()
    async with scripted(holding) as server, engine(workers=2) as running:
        running.run(shard(endpoint(server.url)), Inbox())
        with pytest.raises(ValueError, match="running"):
            running.run(shard(endpoint(server.url)), Inbox())


async def test_a_killed_worker_is_lost_to_its_shards_and_replaced_with_the_next():
    holding = Holding()
    inbox, following = Inbox(), Inbox()
    async with scripted(holding) as server, engine() as running:
        running.run(shard(endpoint(server.url)), inbox)
        await holding.reading.acquire()
        dead = running.workers()[0].pid
        os.kill(dead, signal.SIGKILL)
        end = await inbox.ended()
        assert isinstance(end, WorkerLost)
        assert str(-signal.SIGKILL) in end.detail
        await holding.closed.acquire()
        assert running.workers() == []
        running.run(shard(endpoint(server.url), number=1), following)
        await holding.reading.acquire()
        assert running.workers()[0].pid != dead


async def test_samples_told_before_the_worker_died_stay():
    holding = Holding()

    async def answer(exchange):
        await (one_token if len(server.exchanges) < 3 else holding)(exchange)

    inbox = Inbox()
    async with scripted(answer) as server, engine() as running:
        running.run(shard(endpoint(server.url), count=5), inbox)
        await holding.reading.acquire()
        os.kill(running.workers()[0].pid, signal.SIGKILL)
        assert isinstance(await inbox.ended(), WorkerLost)
    assert [sample.index for sample in inbox.samples] == [0, 1]


async def test_workers_that_die_again_and_again_come_back_ever_later_but_come():
    holding = Holding()
    async with scripted(holding) as server, engine() as running:
        for number in range(3):
            inbox = Inbox()
            running.run(shard(endpoint(server.url), number=number), inbox)
            await holding.reading.acquire()
            os.kill(running.workers()[0].pid, signal.SIGKILL)
            assert isinstance(await inbox.ended(), WorkerLost)
        assert running.is_ready


async def test_a_worker_that_hangs_is_killed_and_lost():
    holding = Holding()
    inbox = Inbox()
    async with scripted(holding) as server, engine() as running:
        running.run(shard(endpoint(server.url)), inbox)
        await holding.reading.acquire()
        os.kill(running.workers()[0].pid, signal.SIGSTOP)
        end = await inbox.ended()
    assert isinstance(end, WorkerLost)
    assert "sign of life" in end.detail


async def test_a_loop_of_our_own_that_stands_still_is_no_silence_of_the_worker():
    holding = Holding()
    inbox = Inbox()
    async with scripted(holding) as server, engine() as running:
        running.run(shard(endpoint(server.url)), inbox)
        await holding.reading.acquire()
        pid = running.workers()[0].pid
        time.sleep(3)  # noqa: ASYNC251 - blocking the loop is the point
        for _ in range(3):
            await asyncio.sleep(0.3)
        assert inbox.end is None
        assert running.workers()[0].pid == pid


async def test_live_figures_come_while_something_changes():
    async def answer(exchange):
        await exchange.start()
        for _ in range(30):
            await exchange.chunk(event(content="x"))
            await asyncio.sleep(0.02)
        await exchange.closed_by_client()

    inbox = Inbox()
    async with scripted(answer) as server, engine() as running:
        running.run(shard(endpoint(server.url)), inbox)
        await inbox.until(lambda: any(x.output_tokens_per_s > 5 for x in inbox.live))
        assert inbox.live[-1].active_streams == 1
        # a silence changes nothing any more once the last second holds no event
        await inbox.until(lambda: inbox.live[-1].output_tokens_per_s == 0)
        told = len(inbox.live)
        await asyncio.sleep(0.5)
        assert len(inbox.live) == told


async def test_stop_ends_every_shard_and_every_process():
    holding = Holding()
    inboxes = [Inbox() for _ in range(3)]
    async with scripted(holding) as server, engine(workers=2) as running:
        for number, inbox in enumerate(inboxes):
            running.run(shard(endpoint(server.url), number=number), inbox)
        for _ in inboxes:
            await holding.reading.acquire()
        pids = [worker.pid for worker in running.workers()]
        await running.stop()
        assert [type(inbox.end) for inbox in inboxes] == [ShardEnded] * 3
        assert not running.is_ready
        assert running.workers() == []
        late = Inbox()
        running.run(shard(endpoint(server.url), number=9), late)
        assert isinstance(await late.ended(), WorkerLost)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize("wait_s", [None, 0, 0.01, 0.1])
async def test_stop_while_a_worker_starts_leaves_no_process(wait_s):
    inbox = Inbox()
    async with scripted() as server, engine() as running:
        running.run(shard(endpoint(server.url)), inbox)
        if wait_s is not None:
            await asyncio.sleep(wait_s)
        await running.stop()
        assert await inbox.ended() == ShardEnded(key(), None)
    assert server.exchanges == []


async def test_stop_of_a_hung_worker_is_bounded():
    holding = Holding()
    inbox = Inbox()
    async with scripted(holding) as server, engine() as running:
        running.run(shard(endpoint(server.url)), inbox)
        await holding.reading.acquire()
        os.kill(running.workers()[0].pid, signal.SIGSTOP)
        await running.stop()
        assert isinstance(inbox.end, WorkerLost)


async def test_a_sink_that_fails_harms_no_other_shard(caplog):
    def failing(_event):
        raise RuntimeError("listener's own trouble")

    inbox = Inbox()
    async with scripted() as server, engine() as running:
        running.run(shard(endpoint(server.url)), failing)
        running.run(shard(endpoint(server.url), number=1), inbox)
        assert await inbox.ended() == ShardEnded(key(1), None)
    assert "a sink failed" in caplog.text


async def test_a_shard_that_cannot_be_carried_out_says_why():
    inbox = Inbox()
    async with scripted() as server, engine() as running:
        asked = shard(endpoint(server.url))
        nowhere = msgspec.structs.replace(asked, items=[item(endpoint=7)])
        running.run(nowhere, inbox)
        end = await inbox.ended()
    assert isinstance(end, ShardEnded)
    assert end.error.startswith("IndexError")


async def test_a_large_prompt_and_a_large_sample_pass_the_pipes():
    tokens = 3000

    async def answer(exchange):
        await exchange.start()
        await exchange.raw(b"".join(_chunk(event(content="x")) for _ in range(tokens)))
        await exchange.chunk(b"data: [DONE]\n\n")
        await exchange.end()

    workload = msgspec.structs.replace(WORKLOAD, prompt="long " * 200_000)
    inbox = Inbox()
    async with scripted(answer) as server, engine() as running:
        running.run(shard(endpoint(server.url), count=20, workload=workload), inbox)
        assert (await inbox.ended()).error is None
    assert [sample.token_events for sample in inbox.samples] == [tokens] * 20


def _chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_an_engine_needs_a_worker():
    with pytest.raises(ValueError, match="at least one"):
        LocalEngine(0)
