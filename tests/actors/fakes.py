"""Stand-ins for what surrounds an actor: a far end, a neighbour, a diary."""

import asyncio

from actors.runtime import LoopActor


class FakeSocket:
    """A far end that reads only while it is let."""

    def __init__(self):
        self.reads = asyncio.Event()
        self.reads.set()
        self.frames = asyncio.Queue()
        self.closed = asyncio.get_running_loop().create_future()

    async def write(self, frame):
        await self.reads.wait()
        self.frames.put_nowait(frame.decode())

    def close(self, code, reason):
        if not self.closed.done():
            self.closed.set_result(code)


class Listener(LoopActor):
    """Stands where a parent or a neighbour would; keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.told = asyncio.Queue()

    def on_receive(self, message):
        self.told.put_nowait(message)


class Diary:
    """What happened, in order; can be waited on."""

    def __init__(self):
        self.lines = []
        self._wrote = asyncio.Event()

    def write(self, line):
        self.lines.append(line)
        self._wrote.set()

    async def until(self, condition):
        """Wait, ten seconds at most, until `condition()` holds after some line."""
        async with asyncio.timeout(10):
            while not condition():
                self._wrote.clear()
                await self._wrote.wait()
