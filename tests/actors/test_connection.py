"""One socket's outbox: order, merging, bounds, silence."""

import asyncio

import msgspec
import pytest

from actors import connection
from actors.connection import (
    CancelAsked,
    CloseCode,
    CloseWith,
    Connection,
    ConnectionEnded,
    Received,
    Send,
    SendLatest,
    SocketClosed,
)
from actors.runtime import stop_actor
from tests.actors.fakes import FakeSocket, Listener


class Bench:
    def __init__(self, idle_s=60.0):
        self.socket = FakeSocket()
        self.session = Listener.start()
        self.told = self.session._actor_weakref().told
        self.ref = Connection.start("c1", self.socket, self.session, idle_s)

    async def stop(self):
        await stop_actor(self.ref)
        await stop_actor(self.session)


@pytest.mark.gen_test(timeout=20)
async def test_frames_go_out_in_the_order_they_were_sent():
    bench = Bench()
    for number in range(100):
        bench.ref.tell(Send((str(number),)))
    assert [await bench.socket.frames.get() for _ in range(100)] == [*map(str, range(100))]
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_while_a_client_is_slow_progress_is_merged_and_numbered_frames_all_come():
    bench = Bench()
    bench.socket.reads.clear()
    for number in range(50):
        bench.ref.tell(Send((f"event {number}",)))
        bench.ref.tell(SendLatest("job", f"progress {number}"))
    await asyncio.sleep(0)
    bench.socket.reads.set()
    frames = [await bench.socket.frames.get() for _ in range(51)]
    assert [f for f in frames if f.startswith("event")] == [f"event {n}" for n in range(50)]
    assert [f for f in frames if f.startswith("progress")] == ["progress 49"]
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_backlog_over_one_mebibyte_closes_with_4013():
    bench = Bench()
    bench.socket.reads.clear()
    for _ in range(20):
        bench.ref.tell(Send(("x" * 64 * 1024,)))
    assert await bench.socket.closed == CloseCode.SLOW
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_client_that_takes_nothing_for_too_long_is_closed_with_4013(monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE_S", 0.05)
    bench = Bench()
    bench.socket.reads.clear()
    bench.ref.tell(Send(("one small frame",)))
    assert await bench.socket.closed == CloseCode.SLOW
    bench.socket.reads.set()
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_client_that_says_nothing_is_closed_with_4002():
    bench = Bench(idle_s=0.1)
    assert await bench.socket.closed == CloseCode.IDLE
    assert await bench.told.get() == ConnectionEnded("c1")
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_client_that_speaks_is_not_idle():
    bench = Bench(idle_s=0.3)
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    for _ in range(6):
        await asyncio.sleep(0.1)
        bench.ref.tell(Received('{"type":"ping"}'))
    await bench.socket.closed
    assert loop.time() - started_s >= 0.6 + 0.3 - 0.01
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_ping_is_answered_with_its_own_time():
    bench = Bench()
    bench.ref.tell(Received('{"type":"ping","t":12.5}'))
    assert msgspec.json.decode(await bench.socket.frames.get()) == {
        "type": "pong",
        "t": 12.5,
    }
    await bench.stop()


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", '{"type":"fly"}', '{"type":"cancel"}', '{"type":"ping","x":1}'],
)
@pytest.mark.gen_test(timeout=20)
async def test_what_is_no_message_is_answered_and_the_connection_stays(text):
    bench = Bench()
    bench.ref.tell(Received(text))
    answer = msgspec.json.decode(await bench.socket.frames.get())
    assert (answer["type"], answer["code"]) == ("error", "invalid_message")
    bench.ref.tell(Received('{"type":"ping"}'))
    assert msgspec.json.decode(await bench.socket.frames.get())["type"] == "pong"
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_cancel_is_handed_to_the_session():
    bench = Bench()
    bench.ref.tell(Received('{"type":"cancel","job_id":"j1","req_id":"r1"}'))
    asked = await bench.told.get()
    assert isinstance(asked, CancelAsked)
    assert (asked.request.job_id, asked.request.req_id) == ("j1", "r1")
    await bench.stop()


@pytest.mark.parametrize("message", [SocketClosed(), CloseWith(4001, "signed out")])
@pytest.mark.gen_test(timeout=20)
async def test_however_a_connection_ends_the_session_hears_of_it_once(message):
    bench = Bench()
    bench.ref.tell(message)
    assert await bench.told.get() == ConnectionEnded("c1")
    assert bench.told.empty()
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_one_batch_over_one_mebibyte_reaches_a_client_that_reads():
    bench = Bench()
    frames = tuple(str(number) * 8 * 1024 for number in range(300))
    bench.ref.tell(Send(frames))
    came = [await bench.socket.frames.get() for _ in frames]
    assert [hash(frame) for frame in came] == [hash(frame) for frame in frames]
    bench.ref.tell(Send(("more",)))
    assert await bench.socket.frames.get() == "more"
    await bench.stop()
