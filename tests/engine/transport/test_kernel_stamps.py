"""The stopwatch stays right when its reader is late, and says how late it was."""

import asyncio
import socket
import sys
import threading
import time

import pytest

from engine.transport.reply import Limits, StampedReply
from engine.transport.stamps import MAX_LAG_NS, StampClock
from providers.sse import split_events
from tests.engine.transport.raw_server import CHUNKED, LAST_CHUNK, chunk, client

pytestmark = pytest.mark.gen_test(timeout=20)
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux stamps what arrives")
NS_PER_MS = 1_000_000


class ThreadServer:
    """Serves one request from a thread: it goes on while the loop is blocked."""

    def __init__(self, answer):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._answer = answer
        self._thread = threading.Thread(target=self._serve)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self.sent_ns = []
        self._heard = threading.Semaphore(0)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(10)
        self._listening.close()

    def send(self, data):
        self.sent_ns.append(time.perf_counter_ns())
        self._sock.sendall(data)

    def on_read(self, *_):
        # once the loop turns: not before the transport has done with the read
        asyncio.get_running_loop().call_soon(self._heard.release)

    def wait_until_heard(self):
        assert self._heard.acquire(timeout=5)

    def _serve(self):
        self._sock, _ = self._listening.accept()
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock.settimeout(10)
        with self._sock:
            self._sock.recv(65536)
            self.send(CHUNKED)
            self._answer(self)
            self.wait_until_heard()
            self.send(LAST_CHUNK)
            self._sock.recv(1)


async def reply_of(server, while_streaming):
    """Return the reply; `while_streaming` runs on the loop once the head is there."""
    async with client() as sender:
        extensions = {"on_read": server.on_read}
        async with sender.stream("POST", server.url, extensions=extensions) as response:
            while_streaming()
            reply = response.extensions["reply"]
            await reply.end()
    return reply


@on_linux
@pytest.mark.parametrize("attempt", range(3))
async def test_a_blocked_loop_does_not_make_a_token_late(attempt):
    blocked, sent = threading.Event(), threading.Event()

    def answer(server):
        blocked.wait(5)
        server.send(chunk(b"data: x\n\n"))
        sent.set()

    def block():
        blocked.set()
        sent.wait(5)
        time.sleep(0.05)

    with ThreadServer(answer) as server:
        reply = await reply_of(server, block)
    (read,) = reply.reads
    error_ns = read.arrival_ns - server.sent_ns[1]
    assert reply.is_kernel_stamped
    assert read.lag_ns >= 50 * NS_PER_MS
    assert reply.longest_lag_ns >= read.lag_ns
    # the lag is in no stamp: the sender itself may be held up between its clock and its
    # send, but hardly for as long as we were blocked
    assert 0 <= error_ns < 40 * NS_PER_MS


@on_linux
async def test_tokens_that_piled_up_are_bounded_by_the_last_look_at_an_empty_socket():
    blocked, sent = threading.Event(), threading.Event()

    def answer(server):
        blocked.wait(5)
        for number in range(3):
            server.send(chunk(b"data: %d\n\n" % number))
            time.sleep(0.01)
        sent.set()

    def block():
        blocked.set()
        sent.wait(5)

    with ThreadServer(answer) as server:
        reply = await reply_of(server, block)
    (read,) = reply.reads
    first, second, last = split_events(reply.reads)
    true_ns = server.sent_ns[1:4]
    assert read.earliest_ns <= true_ns[0]
    for event, sent_ns in zip((first, second), true_ns, strict=False):
        assert event.coalesced
        assert event.arrival_ns - event.bound_ns <= sent_ns <= event.arrival_ns
    assert (last.coalesced, last.bound_ns) == (False, 0)


@on_linux
async def test_events_in_one_segment_arrived_at_once_and_are_exact():
    head_seen = threading.Event()

    def answer(server):
        head_seen.wait(5)
        server.send(chunk(b"data: 1\n\n" + b"data: 2\n\n") + chunk(b"data: 3\n\n"))

    with ThreadServer(answer) as server:
        reply = await reply_of(server, head_seen.set)
    events = list(split_events(reply.reads))
    assert [event.data for event in events] == [b"1", b"2", b"3"]
    assert {event.arrival_ns for event in events} == {events[0].arrival_ns}
    assert not any(event.coalesced for event in events)


@on_linux
async def test_after_a_pile_up_single_segments_are_told_again():
    blocked, sent = threading.Event(), threading.Event()
    pair = chunk(b"data: 1\n\n") + chunk(b"data: 2\n\n")

    def answer(server):
        blocked.wait(5)
        server.send(pair)
        server.send(pair)
        sent.set()
        server.wait_until_heard()
        server.send(pair)

    def block():
        blocked.set()
        sent.wait(5)

    with ThreadServer(answer) as server:
        reply = await reply_of(server, block)
    coalesced = [event.coalesced for event in split_events(reply.reads)]
    assert coalesced == [True, True, True, False, False, False]


def control(stamp_ns):
    seconds, ns = divmod(stamp_ns, 10**9)
    data = seconds.to_bytes(8, sys.byteorder) + ns.to_bytes(8, sys.byteorder)
    return [(socket.SOL_SOCKET, 35, data)]


@pytest.fixture
def clock():
    clock = StampClock()
    yield clock
    clock.close()


def test_a_stamp_moves_onto_the_monotonic_clock_by_its_lag(clock):
    before_ns = time.perf_counter_ns()
    arrival_ns, lag_ns = clock.arrival(control(time.time_ns() - 5 * NS_PER_MS))
    after_ns = time.perf_counter_ns()
    assert before_ns <= arrival_ns + lag_ns <= after_ns
    assert lag_ns >= 5 * NS_PER_MS - 20_000
    assert arrival_ns <= after_ns - 5 * NS_PER_MS + 20_000


@pytest.mark.parametrize("age_ns", [None, -10 * NS_PER_MS, MAX_LAG_NS + 10**9])
def test_without_a_usable_stamp_the_arrival_is_now_and_the_lag_unknown(clock, age_ns):
    stamps = [] if age_ns is None else control(time.time_ns() - age_ns)
    before_ns = time.perf_counter_ns()
    arrival_ns, lag_ns = clock.arrival(stamps)
    assert before_ns <= arrival_ns <= time.perf_counter_ns()
    assert lag_ns == 0


def test_after_the_wall_clock_was_set_one_read_is_the_users_and_the_next_exact(
    clock, monkeypatch
):
    really_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: really_ns() + 30 * 10**9)
    assert clock.arrival(control(really_ns()))[1] == 0
    assert 0 < clock.arrival(control(time.time_ns() - NS_PER_MS))[1] < 10**9


def test_one_read_without_a_stamp_makes_the_whole_reply_user_clocked():
    reply = StampedReply("POST", Limits(), None)
    reply.take(CHUNKED, 10, 5, 0)
    assert reply.is_kernel_stamped
    reply.take(chunk(b"data"), 20, 0, 10)
    assert not reply.is_kernel_stamped
