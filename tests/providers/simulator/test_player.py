import asyncio
import json
import socket

from providers.simulator.answers import Answers
from providers.simulator.server import Acceptor
from providers.simulator.truth_log import TruthLog

TOKENS = 60_000  # over ten megabytes: more than socket buffers hold


async def wait_until_full(outbox):
    for _ in range(3000):
        if outbox.is_full:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the kernel takes all of it")


async def read_to_end(sock):
    loop, parts = asyncio.get_running_loop(), []
    while part := await loop.sock_recv(sock, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def test_a_client_that_does_not_read_is_waited_for(tools, tmp_path):
    async def main():
        log = TruthLog(tmp_path / "log.jsonl")
        answers = Answers(log)
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
            acceptor = Acceptor(listener, answers)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(60):
                await loop.sock_connect(client, listener.getsockname())
                head = "X-Sim-Id: slow\r\nConnection: close\r\n"
                request = tools.raw_request(f"sim-n{TOKENS}", head=head, stream=True)
                await loop.sock_sendall(client, request)
                await loop.sock_recv(client, 1)
                (connection,) = acceptor._connections
                await wait_until_full(connection.outbox)
                waiting_bytes = len(connection.outbox._waiting)
                reply = await read_to_end(client)
            acceptor.close()
        answers.close()
        record = json.loads(log.recent("slow"))
        log.close()
        return waiting_bytes, reply, record

    waiting_bytes, reply, record = asyncio.run(main())
    assert waiting_bytes < 1_000_000
    assert reply.count(b'"content":"') == TOKENS
    assert reply.endswith(b"0\r\n\r\n")
    assert record["ended"] == "complete"
    assert record["held_sends"] > 0
    assert sum(record["tokens"]) == TOKENS
