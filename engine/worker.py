"""The load worker, `python -m engine.worker`: orders on stdin, reports on stdout.

A process of its own, so that no web request, query or page ever delays the stopwatch.
It lives exactly as long as its parent holds the other end of its standard input.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import signal
import sys
import time
import traceback
from collections.abc import Callable

import msgspec

from domain.load import Shard, ShardKey
from domain.samples import Sample
from engine.clocks import clock_id, on_perf_counter_ns
from engine.descriptors import raise_descriptor_limit
from engine.frames import (
    Abort,
    Counters,
    Ended,
    Go,
    Heartbeat,
    Hello,
    Live,
    Order,
    Ready,
    Run,
)
from engine.heartbeat import Pulse
from engine.live import LiveMeter
from engine.outbox import Outbox
from engine.redaction import Redactor
from engine.sequence import run_sequence
from engine.stages import run_stage
from engine.transport.stamps import shared_clock
from engine.worker_pipes import ReportPipe, follow_orders, take_stdio
from providers.error_text import one_line

COUNTERS_EVERY_S = 0.1
GATHER_S = 0.05


class Worker:
    """Runs any number of shards side by side, in sequence or as part of a stage."""

    def __init__(self, pipe: ReportPipe) -> None:
        # A pid alone may come again, and with it samples of two clocks under one name.
        self._id = f"{os.getpid()}-{secrets.token_hex(3)}"
        self._clock_id = clock_id(self._id)
        self._pipe = pipe
        self._shards: dict[ShardKey, asyncio.Task[None]] = {}
        self._meters: dict[ShardKey, LiveMeter] = {}
        self._outboxes: dict[ShardKey, Outbox] = {}
        self._gates: dict[ShardKey, asyncio.Future[int]] = {}

    def take(self, order: Order) -> None:
        """Carry an order out; an abort of what is not here is none."""
        match order:
            case Abort():
                task = self._shards.get(order.key)
                if task is not None:
                    task.cancel()
            case Go():
                gate = self._gates.pop(order.key, None)
                if gate is not None and not gate.done():
                    gate.set_result(on_perf_counter_ns(order.at_wall_ns))
            case Run():
                if order.shard.key not in self._shards:
                    self._begin(order.shard)

    async def serve(self) -> None:
        """Say hello, then report signs of life and counters for ever."""
        self._pipe.send(Hello(worker=self._id))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_heartbeats())
            group.create_task(self._send_counters())

    def _begin(self, shard: Shard) -> None:
        if not self._shards:
            # No stream is open now; during the load the collector skips what is here.
            gc.collect()
            gc.freeze()
        key = shard.key
        meter = self._meters[key] = LiveMeter()
        # a stage has many streams: what finishes at about the same time goes in one frame
        delay_s = 0.0 if shard.stage is None else GATHER_S
        outbox = self._outboxes[key] = Outbox(key, self._pipe, delay_s)
        task = self._shards[key] = asyncio.create_task(self._run(shard, meter, outbox))
        # not at the end of the coroutine: one aborted before its first step never runs
        task.add_done_callback(lambda ended: self._end(shard, ended))

    async def _run(self, shard: Shard, meter: LiveMeter, outbox: Outbox) -> None:
        async def report(sample: Sample) -> None:
            outbox.put(msgspec.structs.replace(sample, clock_id=self._clock_id))
            await self._pipe.room()

        async def gate() -> int:
            opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            self._gates[shard.key] = opened
            outbox.flush()
            self._pipe.send(Ready(key=shard.key))
            return await opened

        if shard.stage is None:
            await run_sequence(shard, self._id, meter, report)
        else:
            await run_stage(shard, self._id, meter, report, gate)

    def _end(self, shard: Shard, task: asyncio.Task[None]) -> None:
        self._outboxes.pop(shard.key).flush()
        self._gates.pop(shard.key, None)
        del self._shards[shard.key], self._meters[shard.key]
        if not self._shards:
            gc.unfreeze()
        trouble = None if task.cancelled() else task.exception()
        error = None if trouble is None else _explain(trouble, shard)
        self._pipe.send(Ended(key=shard.key, error=error))

    async def _send_heartbeats(self) -> None:
        pulse = Pulse()
        while True:
            beat = await pulse.next_beat()
            streams = sum(meter.active_streams for meter in self._meters.values())
            self._pipe.offer(
                Heartbeat(
                    cpu_pct=beat.cpu_pct, streams=streams, loop_lag_ms=beat.loop_lag_ms
                )
            )

    async def _send_counters(self) -> None:
        told: dict[ShardKey, Live] = {}
        while True:
            await asyncio.sleep(COUNTERS_EVERY_S)
            now_ns = time.perf_counter_ns()
            now = {key: meter.read(now_ns) for key, meter in self._meters.items()}
            for key, live in now.items():
                if told.get(key) != live:
                    self._pipe.offer(Counters(key=key, live=live))
            told = now


def _explain(trouble: BaseException, shard: Shard) -> str:
    """Return one line for the job; the whole story goes to standard error."""
    redact = Redactor.of(*shard.endpoints)
    sys.stderr.write(redact("".join(traceback.format_exception(trouble))))
    return one_line(redact(f"{type(trouble).__name__}: {trouble}"))


async def serve() -> None:
    """Run a worker on this process's standard input and output."""
    orders, reports = take_stdio()
    shared_clock()  # has the kernel stamp, before there is anything to be late for
    worker = Worker(await ReportPipe.open(reports))
    follow_orders(orders, worker.take)
    await worker.serve()


def main() -> None:
    """Run until the parent is gone; Ctrl-C in its terminal is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise_descriptor_limit()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
