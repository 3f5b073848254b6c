"""A server that says exactly the bytes a test gives it, and hears those that come."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field

import httpx

from engine.transport.transport import StampedTransport
from tests.engine.scripted import handshakes_over


@dataclass
class Peer:
    """One connection as the server sees it."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self):
        """Return head and body of the next request."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return head, await self.reader.readexactly(length)

    async def say(self, *pieces):
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def gone(self):
        """Wait until the client has closed, whichever way."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def reset(self):
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class RawServer:
    url: str = ""
    port: int = 0
    connections: int = 0
    heads: list = field(default_factory=list)


@contextlib.asynccontextmanager
async def raw_server(answer, tls=None):
    """Serve every connection with `answer(peer)`."""
    state, serving = RawServer(), set()

    async def serve(reader, writer):
        serving.add(asyncio.current_task())
        state.connections += 1
        try:
            await answer(Peer(state.connections, reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            # close, not abort: what has been said must arrive
            writer.close()
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    state.url = f"{'https' if tls else 'http'}://127.0.0.1:{state.port}/"
    try:
        yield state
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await handshakes_over()


def saying(*pieces):
    """Return an answer: every request gets these pieces, then the next is awaited."""

    async def answer(peer):
        while True:
            await peer.request()
            await peer.say(*pieces)

    return answer


def once(*pieces):
    """Return an answer: one request gets these pieces, then the connection ends."""

    async def answer(peer):
        await peer.request()
        await peer.say(*pieces)

    return answer


@contextlib.asynccontextmanager
async def client(**options):
    """Give an httpx client over the transport under test."""
    transport = StampedTransport(**options)
    async with httpx.AsyncClient(transport=transport, trust_env=False) as one:
        yield one


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
