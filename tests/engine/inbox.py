"""Collects what an engine tells its sink, and waits for more."""

import asyncio
import contextlib

from engine.local import LocalEngine
from engine.protocol import LiveReported, SamplesArrived, ShardEnded, WorkerLost


class Inbox:
    """A sink whose events can be waited for."""

    def __init__(self):
        self.events = []
        self._more = asyncio.Event()

    def __call__(self, event):
        self.events.append(event)
        self._more.set()

    @property
    def samples(self):
        batches = [e.samples for e in self.events if isinstance(e, SamplesArrived)]
        return [sample for batch in batches for sample in batch]

    @property
    def live(self):
        return [e for e in self.events if isinstance(e, LiveReported)]

    @property
    def end(self):
        """The event that ended the shard, None before; there is never a second one."""
        ends = [e for e in self.events if isinstance(e, (ShardEnded, WorkerLost))]
        assert len(ends) <= 1
        return ends[0] if ends else None

    async def until(self, condition, within_s=15):
        async with asyncio.timeout(within_s):
            while not condition():
                self._more.clear()
                await self._more.wait()

    async def ended(self):
        await self.until(lambda: self.end is not None)
        assert self.events[-1] is self.end
        return self.end


@contextlib.asynccontextmanager
async def engine(workers=1):
    """Give a started engine."""
    running = LocalEngine(workers)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
