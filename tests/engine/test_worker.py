import asyncio
import contextlib
import os
import select
import signal
import sys
from pathlib import Path

import msgspec
import pytest

from engine.frames import (
    Abort,
    Ended,
    Finished,
    Heartbeat,
    Hello,
    Run,
    decode_report,
    encode,
)
from engine.framing import framed, read_frame
from tests.engine.inbox import Inbox, engine
from tests.engine.made import WORKLOAD, endpoint, key, shard
from tests.engine.scripted import event, one_token, scripted

pytestmark = pytest.mark.gen_test(timeout=40)
KEY = "k-5Up3rS3cret-0123456789"
PIPE = asyncio.subprocess.PIPE


async def python(*arguments, **pipes):
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, **pipes)


@contextlib.asynccontextmanager
async def worker():
    """Give a bare worker process, to be spoken to in frames."""
    process = await python("-m", "engine.worker", stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        process.stdin.close()
        async with asyncio.timeout(10):
            await process.wait()
        assert await process.stderr.read() == b""


async def next_of(process, kind):
    """Return the next report of this kind; others may come before it."""
    async with asyncio.timeout(15):
        while True:
            report = decode_report(await read_frame(process.stdout))
            if isinstance(report, kind):
                return report


def order(process, frame):
    process.stdin.write(framed(encode(frame)))


async def gone(pid):
    """Wait until a process that is not our child has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        assert await asyncio.to_thread(poll.poll, 15_000), "the process lives on"
    finally:
        os.close(descriptor)


async def test_a_worker_says_hello_first_and_then_beats():
    async with worker() as process:
        hello = decode_report(await read_frame(process.stdout))
        assert isinstance(hello, Hello)
        assert hello.worker.startswith(f"{process.pid}-")
        beat = await next_of(process, Heartbeat)
        assert beat.streams == 0
        assert beat.cpu_pct >= 0
        assert beat.loop_lag_ms >= 0


async def test_a_worker_ends_with_its_orders():
    async with worker() as process:
        await next_of(process, Hello)
        process.stdin.close()
        assert await process.wait() == 0


async def test_samples_carry_the_workers_clock_and_come_before_the_end():
    async with scripted() as server, worker() as process:
        hello = await next_of(process, Hello)
        order(process, Run(shard=shard(endpoint(server.url), count=2)))
        samples = [(await next_of(process, Finished)).samples[0] for _ in range(2)]
        assert await next_of(process, Ended) == Ended(key=key(), error=None)
    assert {sample.worker for sample in samples} == {hello.worker}


async def test_two_orders_in_one_write_are_two_orders():
    async with scripted() as server, worker() as process:
        await next_of(process, Hello)
        run, abort = Run(shard=shard(endpoint(server.url))), Abort(key=key())
        process.stdin.write(framed(encode(run)) + framed(encode(abort)))
        assert await next_of(process, Ended) == Ended(key=key(), error=None)


async def test_a_parent_that_does_not_read_stops_the_requests_and_loses_no_sample():
    count = 1500  # with messages of 500 characters far more than the pipe takes

    async def answer(exchange):
        await exchange.plain("500 Oops", b"x" * 500)

    async with scripted(answer) as server, worker() as process:
        order(process, Run(shard=shard(endpoint(server.url), count=count)))
        answered = -1
        while answered < len(server.exchanges) or not answered:
            answered = len(server.exchanges)
            await asyncio.sleep(1)
        assert answered < count
        samples = [(await next_of(process, Finished)).samples[0] for _ in range(count)]
    assert [sample.index for sample in samples] == list(range(count))


async def test_ctrl_c_is_the_parents_business():
    async with scripted() as server, worker() as process:
        await next_of(process, Hello)
        process.send_signal(signal.SIGINT)
        order(process, Run(shard=shard(endpoint(server.url))))
        assert (await next_of(process, Finished)).samples[0].status == "ok"


async def test_bytes_that_are_no_order_end_the_worker():
    process = await python("-m", "engine.worker", stdin=PIPE, stdout=PIPE, stderr=PIPE)
    process.stdin.write(framed(b"\xc1 nonsense"))
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"DecodeError" in errors


async def test_a_parent_that_dies_amid_an_order_ends_the_worker_quietly():
    async with worker() as process:
        await next_of(process, Hello)
        process.stdin.write(b"\x00\x00\x01\x00half")


async def test_what_is_printed_goes_to_standard_error():
    script = (
        "from engine.worker_pipes import take_stdio\n"
        "import os, subprocess, sys\n"
        "orders, reports = take_stdio()\n"
        "print('stray', flush=True)\n"
        "subprocess.run(['echo', 'child'])\n"
        "assert sys.stdin.read() == ''\n"
        "reports.write(orders.read())\n"
    )
    process = await python("-c", script, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    reports, errors = await process.communicate(b"frames")
    assert (reports, errors) == (b"frames", b"stray\nchild\n")


async def test_a_worker_whose_loop_hangs_still_ends_with_its_parent():
    script = (
        "from engine.worker_pipes import follow_orders, take_stdio\n"
        "import asyncio, time\n"
        "async def hang():\n"
        "    orders, reports = take_stdio()\n"
        "    follow_orders(orders, print)\n"
        "    reports.write(b'hanging')\n"
        "    time.sleep(600)\n"
        "asyncio.run(hang())\n"
    )
    process = await python("-c", script, stdin=PIPE, stdout=PIPE)
    assert await process.stdout.readexactly(7) == b"hanging"
    process.stdin.close()
    async with asyncio.timeout(10):
        assert await process.wait() == 0


async def test_no_worker_outlives_a_parent_that_was_killed():
    reading, closed = asyncio.Event(), asyncio.Event()

    async def hold(exchange):
        await exchange.start()
        await exchange.chunk(event(content="x"))
        reading.set()
        await exchange.closed_by_client()
        closed.set()

    script = (
        "import asyncio, sys\n"
        "from engine.local import LocalEngine\n"
        "from tests.engine.made import endpoint, shard\n"
        "async def main():\n"
        "    engine = LocalEngine(1)\n"
        "    await engine.start()\n"
        "    engine.run(shard(endpoint(sys.argv[1])), lambda event: None)\n"
        "    while not engine.workers():\n"
        "        await asyncio.sleep(0.01)\n"
        "    print(engine.workers()[0].pid, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    async with scripted(hold) as server:
        parent = await python("-c", script, server.url, stdout=PIPE)
        pid = int(await parent.stdout.readline())
        async with asyncio.timeout(15):
            await reading.wait()
            parent.kill()
            await parent.wait()
            await closed.wait()
        await gone(pid)


async def test_no_key_is_in_samples_frames_arguments_environment_or_standard_error(
    capfd, monkeypatch
):
    monkeypatch.setenv("JWT_SECRET", "of-the-server-alone")

    async def answer(exchange):
        number = len(server.exchanges)
        if number == 1:
            await exchange.plain("401 No", f"bad key {KEY}".encode())
        elif number == 2:
            error = b'data: {"error": {"message": "%s"}}\n\n' % KEY.encode()
            await exchange.reply(event(content="x"), error)
        else:
            await one_token(exchange)

    inbox, failing = Inbox(), Inbox()
    async with scripted(answer) as server, engine() as running:
        secretive = endpoint(server.url, api_key=KEY, headers={"X-Team": KEY[::-1]})
        given = shard(secretive, count=3)
        running.run(given, inbox)
        await inbox.ended()
        # a shard that fails in our own code is explained on standard error
        broken = msgspec.structs.replace(WORKLOAD, params={"extra": {None: KEY}})
        running.run(shard(secretive, number=1, workload=broken), failing)
        await failing.ended()
        process = Path(f"/proc/{running.workers()[0].pid}")
        shown = (process / "cmdline").read_text() + (process / "environ").read_text()
    assert KEY.encode() in server.exchanges[0].head
    assert len(inbox.samples) == 3
    printed = capfd.readouterr()
    assert "Traceback" in printed.err
    told = repr(inbox.events) + repr(failing.events) + repr(Run(shard=given))
    everything = told + shown + printed.out + printed.err
    for secret in (KEY, KEY[::-1], "of-the-server-alone"):
        assert secret not in everything
