"""A real HTTP server whose answers are written in the test, byte by byte."""

import asyncio
import contextlib
import json
import ssl
from dataclasses import dataclass, field


def event(**delta):
    body = {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    return f"data: {json.dumps(body)}\n\n".encode()


FINISH = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


@dataclass
class Exchange:
    """One request as the server got it, and the means to answer."""

    connection: int
    head: bytes
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def json(self):
        return json.loads(self.body)

    async def raw(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def plain(self, status, body=b"", *headers):
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        await self.raw("\r\n".join(lines).encode() + body)

    async def start(self):
        await self.raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )

    async def chunk(self, data):
        await self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self):
        await self.raw(b"0\r\n\r\n")

    async def reply(self, *events):
        await self.start()
        for data in events:
            await self.chunk(data)
        await self.end()

    async def closed_by_client(self):
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(1024):
                pass

    def drop(self):
        self.writer.transport.abort()


async def one_token(exchange):
    await exchange.reply(event(role="assistant", content=""), event(content="x"), FINISH)


@dataclass
class Scripted:
    """The running server: where it is, and what it was asked."""

    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    connections: int = 0


@contextlib.asynccontextmanager
async def scripted(answer=one_token, tls: ssl.SSLContext | None = None):
    """Serve every request with `answer(exchange)`."""
    state = Scripted()
    serving = set()

    async def serve(reader, writer):
        serving.add(asyncio.current_task())
        state.connections += 1
        connection = state.connections
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split()[0])
                body = await reader.readexactly(length)
                exchange = Exchange(connection, head, body, reader, writer)
                state.exchanges.append(exchange)
                await answer(exchange)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    state.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield state
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await server.wait_closed()
        await handshakes_over()


async def handshakes_over():
    """Let the server notice handshakes that clients broke off."""
    shaking = [task for task in asyncio.all_tasks() if "_accept_connection2" in repr(task)]
    if shaking:
        await asyncio.wait(shaking, timeout=5)


async def unused_url():
    """Return an address at which nobody listens."""
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"http://127.0.0.1:{port}/v1"
