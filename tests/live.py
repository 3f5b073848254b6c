"""A browser tab for tests: a WebSocket of a library that nobody here wrote."""

import asyncio
import contextlib
import json

import websockets

WAIT_S = 30


class Tab:
    """An open `/ws`; keeps every frame it was sent."""

    def __init__(self, socket):
        self._socket = socket
        self.frames = []

    async def next(self):
        """Return the next frame."""
        async with asyncio.timeout(WAIT_S):
            self.frames.append(json.loads(await self._socket.recv()))
        return self.frames[-1]

    async def until(self, *types, where=lambda _: True):
        """Read on to the next frame of one of these types, and return it."""
        while True:
            frame = await self.next()
            if frame["type"] in types and where(frame):
                return frame

    async def send(self, **frame):
        await self._socket.send(json.dumps(frame))

    async def close_code(self):
        """Read on until the server closes; return the code."""
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await self.next()
        return self._socket.close_code

    @property
    def seqs(self):
        """The numbers of the numbered frames, in the order they came."""
        return [f["seq"] for f in self.frames if "seq" in f and f["type"] != "sync"]

    @property
    def types(self):
        """The types of the numbered frames, in the order they came."""
        return [f["type"] for f in self.frames if "seq" in f and f["type"] != "sync"]


@contextlib.asynccontextmanager
async def a_tab(ws_url, headers, **position):
    """Open a tab with an access token, read its `sync`, close it at the end."""
    token = headers["Authorization"].removeprefix("Bearer ")
    query = "".join(f"&{name}={value}" for name, value in position.items())
    async with websockets.connect(f"{ws_url}?token={token}{query}", proxy=None) as socket:
        yield Tab(socket)
