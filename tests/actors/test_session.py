"""A user's feed: registered before the snapshot is read, no hole, no duplicate."""

import asyncio
import dataclasses
import json
import random

import pytest

from actors.connection import CloseCode, Received
from actors.messages import EventsCommitted, JobProgressed
from actors.runtime import ask, stop_actor, tell_if_alive
from actors.session import Attach, EndSource, SessionContext
from actors.sessions import GetPresence, Sessions
from domain.errors import NotFoundError, UnauthenticatedError
from domain.wire.jobs import Progress
from domain.wire.live import JobProgress
from storage.changes import StoredEvent
from storage.events import FeedState
from tests.actors.fakes import FakeSocket, Listener


class Log:
    """A stored event log; `gate` holds every reader of it back while it is clear."""

    def __init__(self):
        self.events = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.cancelled = []

    def commit(self, user_id="ada"):
        seq = len(self.events) + 1
        body = json.dumps({"type": "job_created", "seq": seq})
        self.events.append(StoredEvent(user_id, seq, "job", "job_created", body, 0))
        return self.events[-1]

    async def read_feed(self, attach):
        await self.gate.wait()
        epoch, since, head = attach.epoch, attach.since, len(self.events)
        if since is not None and epoch == "e" and since <= head:
            return FeedState("e", since, resumed=True, events=tuple(self.events[since:]))
        return FeedState("e", head, resumed=False)

    async def cancel_job(self, user_id, job_id):
        if job_id == "missing":
            raise NotFoundError("There is no such job.")
        self.cancelled.append((user_id, job_id))
        return "running"


class Bench:
    def __init__(self):
        self.log = Log()
        self.root = Listener.start()
        context = SessionContext(
            read_feed=self.log.read_feed,
            cancel_job=self.log.cancel_job,
            now_rfc3339=lambda: "2026-11-23T00:00:00.000Z",
            version="1",
            idle_s=60,
        )
        self.sessions = Sessions.start(context, parent=self.root)

    async def attach(self, user_id="ada", source_id="family", **position):
        socket = FakeSocket()
        message = Attach(user_id, source_id, socket, **position)
        return socket, await ask(self.sessions, message)

    def publish(self, *events):
        self.sessions.tell(EventsCommitted(events))

    async def stop(self):
        await stop_actor(self.sessions)
        await stop_actor(self.root)


async def frame(socket):
    async with asyncio.timeout(10):
        return json.loads(await socket.frames.get())


@pytest.mark.gen_test(timeout=20)
async def test_the_first_frame_is_always_sync():
    bench = Bench()
    bench.log.commit()
    socket, _ = await bench.attach()
    sync = await frame(socket)
    assert (sync["type"], sync["epoch"], sync["seq"], sync["resumed"]) == (
        "sync",
        "e",
        1,
        False,
    )
    assert sync["connection"]["open"] == 1
    assert sync["connection"]["limit"] == 5
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_what_is_committed_while_the_snapshot_is_read_comes_after_it_once():
    bench = Bench()
    bench.log.gate.clear()
    socket, _ = await bench.attach()
    bench.publish(bench.log.commit())  # the snapshot will hold this one
    bench.log.gate.set()
    assert (await frame(socket))["seq"] == 1
    bench.publish(bench.log.commit())
    assert (await frame(socket))["seq"] == 2
    await bench.stop()


@pytest.mark.gen_test(timeout=60)
async def test_any_interleaving_of_commit_register_and_snapshot_shows_each_event_once():
    for seed in range(200):
        chance = random.Random(seed)
        bench = Bench()
        bench.log.gate.clear()
        socket, unpublished, total = None, [], 8
        while len(bench.log.events) < total or unpublished or socket is None:
            step = chance.choice(["commit", "publish", "attach", "open"])
            if step == "commit" and len(bench.log.events) < total:
                unpublished.append(bench.log.commit())
            elif step == "publish" and unpublished:
                bench.publish(unpublished.pop(0))
            elif step == "attach" and socket is None:
                socket, _ = await bench.attach()
            elif step == "open":
                bench.log.gate.set()
            await asyncio.sleep(0)
        bench.log.gate.set()
        seqs = [(await frame(socket))["seq"]]
        while seqs[-1] < total:
            seqs.append((await frame(socket))["seq"])
        assert seqs == list(range(seqs[0], total + 1)), f"seed {seed}"
        await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_reconnect_with_its_position_gets_exactly_what_it_missed():
    bench = Bench()
    for _ in range(5):
        bench.log.commit()
    socket, _ = await bench.attach(epoch="e", since=2)
    sync = await frame(socket)
    assert (sync["resumed"], sync["seq"], sync["active_jobs"]) == (True, 2, [])
    assert [(await frame(socket))["seq"] for _ in range(3)] == [3, 4, 5]
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_sixth_connection_is_refused_with_4008_and_the_five_live_on():
    bench = Bench()
    five = [await bench.attach() for _ in range(5)]
    sixth, ref = await bench.attach()
    assert ref is None
    assert await sixth.closed == CloseCode.TOO_MANY
    bench.publish(bench.log.commit())
    for socket, _ in five:
        await frame(socket)
        assert (await frame(socket))["seq"] == 1
    other, _ = await bench.attach(user_id="bob")
    assert (await frame(other))["type"] == "sync"
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_events_go_to_their_owner_only():
    bench = Bench()
    ada, _ = await bench.attach("ada")
    bob, _ = await bench.attach("bob")
    await frame(ada)
    await frame(bob)
    bench.publish(bench.log.commit("ada"))
    assert (await frame(ada))["seq"] == 1
    await ask(bench.sessions, GetPresence())
    assert bob.frames.empty()
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_signing_out_closes_the_sockets_of_that_sign_in_with_4001_and_no_others():
    bench = Bench()
    gone, _ = await bench.attach(source_id="laptop")
    stays, _ = await bench.attach(source_id="phone")
    bench.sessions.tell(EndSource("ada", "laptop"))
    assert await gone.closed == CloseCode.UNAUTHENTICATED
    assert not stays.closed.done()
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_cancel_is_acknowledged_on_the_connection_that_asked():
    bench = Bench()
    socket, ref = await bench.attach()
    await frame(socket)
    tell_if_alive(ref, Received('{"type":"cancel","job_id":"j1","req_id":"r"}'))
    ack = await frame(socket)
    assert ack == {"type": "ack", "req_id": "r", "job_id": "j1", "status": "running"}
    assert bench.log.cancelled == [("ada", "j1")]
    tell_if_alive(ref, Received('{"type":"cancel","job_id":"missing","req_id":"r2"}'))
    error = await frame(socket)
    assert (error["type"], error["code"], error["req_id"]) == ("error", "not_found", "r2")
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_progress_that_comes_before_the_snapshot_waits_for_it():
    bench = Bench()
    bench.log.gate.clear()
    socket, _ = await bench.attach()
    progress = Progress(done=1, total=2, pct=50, eta_s=None, detail=None)
    told = JobProgress(job_id="j", progress=progress, queue_position=None, live=None)
    bench.sessions.tell(JobProgressed("ada", (told,)))
    await ask(bench.sessions, GetPresence())
    bench.log.gate.set()
    assert [(await frame(socket))["type"] for _ in range(2)] == ["sync", "job_progress"]
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_session_ends_with_its_last_socket_and_begins_anew_with_the_next():
    bench = Bench()
    socket, ref = await bench.attach()
    await frame(socket)
    session = bench.sessions._actor_weakref()._sessions["ada"].ref
    ended = session._actor_weakref().actor_stopped
    await stop_actor(ref)
    assert await asyncio.to_thread(ended.wait, 5)
    assert (await ask(bench.sessions, GetPresence())).users == 0
    again, _ = await bench.attach()
    assert (await frame(again))["type"] == "sync"
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_restart_closes_every_socket_with_1012():
    bench = Bench()
    socket, _ = await bench.attach()
    await frame(socket)
    await bench.stop()
    assert await socket.closed == CloseCode.RESTART


@pytest.mark.gen_test(timeout=20)
async def test_a_connection_that_would_miss_an_event_is_sent_back_to_resume():
    bench = Bench()
    socket, _ = await bench.attach()
    await frame(socket)
    bench.log.commit()  # stored, and by some mishap never told
    bench.publish(bench.log.commit())
    assert await socket.closed == CloseCode.RESTART
    again, _ = await bench.attach(epoch="e", since=0)
    assert [(await frame(again))["seq"] for _ in range(3)] == [0, 1, 2]
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_socket_whose_sign_in_ended_while_it_came_in_is_closed_with_4001():
    bench = Bench()

    async def signed_out(attach):
        raise UnauthenticatedError("signed out")

    context = dataclasses.replace(
        bench.sessions._actor_weakref()._context, read_feed=signed_out
    )
    bench.sessions._actor_weakref()._context = context
    socket, _ = await bench.attach()
    assert await socket.closed == CloseCode.UNAUTHENTICATED
    await bench.stop()
