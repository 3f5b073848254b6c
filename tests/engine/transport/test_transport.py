import asyncio
import socket

import httpx
import pytest

from engine.transport.errors import (
    EndedEarlyError,
    ReplyTooLargeError,
    StaleConnectionError,
)
from engine.transport.phases import Phases
from engine.transport.reply import Limits
from tests.engine.transport.raw_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    chunk,
    client,
    once,
    raw_server,
    saying,
)

pytestmark = pytest.mark.gen_test(timeout=20)


async def post(sender, url, **extensions):
    return await sender.post(url, content=b"{}", extensions=extensions)


async def test_httpx_gets_status_headers_and_body():
    async with raw_server(saying(OK)) as server, client() as sender:
        response = await post(sender, server.url)
    assert (response.status_code, response.content) == (200, b"ok")
    assert response.headers["content-length"] == "2"
    assert (response.http_version, response.reason_phrase) == ("HTTP/1.1", "OK")


async def test_every_read_keeps_its_bytes_and_its_stamp():
    seen = asyncio.Semaphore(0)

    async def answer(peer):
        await peer.request()
        await peer.say(CHUNKED)
        for number in range(3):
            await peer.say(chunk(b"data: %d\n\n" % number))
            await seen.acquire()
        await peer.say(LAST_CHUNK)
        await peer.gone()

    phases, heard = Phases(), []

    def on_read(*read):
        heard.append(read)
        seen.release()

    async with raw_server(answer) as server, client() as sender:
        request = sender.build_request(
            "POST",
            server.url,
            content=b"",
            extensions={"phases": phases, "on_read": on_read},
        )
        response = await sender.send(request, stream=True)
        reply = response.extensions["reply"]
        await reply.end()
        await response.aclose()
    assert [read.data for read in reply.reads] == [b"data: %d\n\n" % n for n in range(3)]
    stamps = [read.arrival_ns for read in reply.reads]
    assert heard == [(read.arrival_ns, read.data) for read in reply.reads]
    assert [phases.sent_ns, *stamps, reply.ended_ns] == sorted(
        {phases.sent_ns, *stamps, reply.ended_ns}
    )
    assert all(
        phases.sent_ns <= read.earliest_ns <= read.arrival_ns for read in reply.reads
    )


async def test_the_body_can_be_read_piece_by_piece_while_it_comes():
    more = asyncio.Event()

    async def answer(peer):
        await peer.request()
        await peer.say(CHUNKED + chunk(b"one"))
        await more.wait()
        await peer.say(chunk(b"two") + LAST_CHUNK)
        await peer.gone()

    async with (
        raw_server(answer) as server,
        client() as sender,
        sender.stream("POST", server.url) as response,
    ):
        pieces = response.aiter_raw()
        assert await anext(pieces) == b"one"
        more.set()
        assert [piece async for piece in pieces] == [b"two"]


async def test_a_kept_connection_is_used_again_and_has_no_connect_times():
    first, second = Phases(), Phases()
    async with raw_server(saying(OK)) as server, client() as sender:
        await post(sender, server.url, phases=first)
        await post(sender, server.url, phases=second)
    assert server.connections == 1
    assert (first.reused, second.reused) == (False, True)
    assert first.connect_ms > 0
    assert (first.dns_ms, first.tls_ms) == (None, None)  # an address, and no TLS
    assert (second.connect_ms, second.connected) == (None, True)


async def test_name_resolution_is_timed_apart():
    phases = Phases()
    async with raw_server(saying(OK)) as server, client() as sender:
        await post(sender, f"http://localhost:{server.port}/", phases=phases)
    assert phases.dns_ms > 0
    assert phases.dns_done_ns <= phases.connect_started_ns < phases.connected_ns


async def test_fresh_connections_are_new_for_every_request():
    async with raw_server(saying(OK)) as server, client(fresh_connections=True) as sender:
        for _ in range(3):
            await post(sender, server.url)
    assert server.connections == 3


async def test_there_are_as_many_connections_as_requests_at_a_time():
    everyone = asyncio.Barrier(150)

    async def answer(peer):
        await peer.request()
        await everyone.wait()
        await peer.say(OK)
        await peer.gone()

    async with raw_server(answer) as server, client() as sender:
        await asyncio.gather(*(post(sender, server.url) for _ in range(150)))
    assert server.connections == 150


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        OK + b"rubbish",
    ],
)
async def test_a_connection_is_not_used_again_after_such_a_reply(reply):
    async with raw_server(saying(reply)) as server, client() as sender:
        for _ in range(2):
            assert (await post(sender, server.url)).content == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize("farewell", [b"", b"HTTP/1.1 408 Timeout\r\n\r\n"])
async def test_a_connection_that_the_server_has_left_is_not_used_again(farewell):
    left = asyncio.Event()

    async def answer(peer):
        await peer.request()
        await peer.say(OK)
        await asyncio.sleep(0)
        await peer.say(farewell)
        peer.writer.close()
        await peer.writer.wait_closed()
        left.set()

    async with raw_server(answer) as server, client() as sender:
        for _ in range(2):
            left.clear()
            assert (await post(sender, server.url)).content == b"ok"
            await left.wait()
    assert server.connections == 2


async def test_a_kept_connection_that_dies_unanswered_says_so():
    async def answer(peer):
        await peer.request()
        await peer.say(OK)
        await peer.request()
        peer.reset()

    async with raw_server(answer) as server, client() as sender:
        await post(sender, server.url)
        with pytest.raises(StaleConnectionError):
            await post(sender, server.url)
        assert (await post(sender, server.url)).content == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize("said", [b"H", CHUNKED, CHUNKED + chunk(b"data")])
async def test_one_that_dies_in_its_answer_is_no_stale_one(said):
    async def answer(peer):
        await peer.request()
        await peer.say(OK)
        await peer.request()
        await peer.say(said)

    async with raw_server(answer) as server, client() as sender:
        await post(sender, server.url)
        with pytest.raises(EndedEarlyError):
            await post(sender, server.url)


async def test_no_answer_on_a_new_connection_ended_early():
    async with raw_server(once()) as server, client() as sender:
        with pytest.raises(EndedEarlyError):
            await post(sender, server.url)


async def test_a_reset_in_the_reply_is_a_read_error_and_keeps_what_came():
    heard = asyncio.Event()

    async def answer(peer):
        await peer.request()
        await peer.say(CHUNKED + chunk(b"data: x\n\n"))
        await heard.wait()
        peer.reset()

    async with (
        raw_server(answer) as server,
        client() as sender,
        sender.stream("POST", server.url, content=b"x") as response,
    ):
        reply = response.extensions["reply"]
        heard.set()
        with pytest.raises(httpx.ReadError):
            await reply.end()
    assert [read.data for read in reply.reads] == [b"data: x\n\n"]
    assert reply.ended_ns >= reply.reads[0].arrival_ns


async def test_nobody_listening_is_a_connect_error():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with client() as sender:
        with pytest.raises(httpx.ConnectError, match=r"refused|failed"):
            await post(sender, f"http://127.0.0.1:{port}/")


async def test_a_name_that_does_not_resolve_is_a_connect_error():
    phases = Phases()
    async with client() as sender:
        with pytest.raises(httpx.ConnectError):
            await post(sender, f"http://{'x' * 64}.invalid/", phases=phases)
    assert phases.dns_started_ns
    assert phases.connect_started_ns is None


async def test_cancellation_before_the_answer_closes_the_socket_at_once():
    asked, gone = asyncio.Event(), asyncio.Event()

    async def answer(peer):
        await peer.request()
        asked.set()
        await peer.gone()
        gone.set()

    async with raw_server(answer) as server, client() as sender:
        sending = asyncio.create_task(post(sender, server.url))
        await asked.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await gone.wait()


async def test_letting_go_of_a_reply_that_goes_on_closes_the_socket_at_once():
    gone = asyncio.Event()

    async def answer(peer):
        await peer.request()
        await peer.say(CHUNKED + chunk(b"data"))
        await peer.gone()
        gone.set()

    async with raw_server(answer) as server, client() as sender:
        async with sender.stream("POST", server.url):
            pass
        await gone.wait()


async def test_closing_the_client_closes_kept_connections():
    gone = asyncio.Event()

    async def answer(peer):
        await peer.request()
        await peer.say(OK)
        await peer.gone()
        gone.set()

    async with raw_server(answer) as server:
        async with client() as sender:
            await post(sender, server.url)
        await gone.wait()


@pytest.mark.parametrize("limits", [Limits(max_bytes=100_000), Limits(max_reads=3)])
async def test_an_endless_reply_is_broken_off(limits):
    async def answer(peer):
        await peer.request()
        await peer.say(CHUNKED)
        while True:
            await peer.say(chunk(b"x" * 10_000))
            await asyncio.sleep(0)

    async with raw_server(answer) as server, client(limits=limits) as sender:
        async with sender.stream("POST", server.url) as response:
            reply = response.extensions["reply"]
            with pytest.raises(ReplyTooLargeError):
                await reply.end()
        assert sum(len(read.data) for read in reply.reads) < 200_000


async def test_a_head_that_comes_byte_by_byte_is_read():
    async def answer(peer):
        await peer.request()
        for number in range(len(OK)):
            await peer.say(OK[number : number + 1])
            await asyncio.sleep(0)
        await peer.gone()

    async with raw_server(answer) as server, client() as sender:
        assert (await post(sender, server.url)).content == b"ok"


async def sending_began(phases):
    while phases.sent_ns is None:  # noqa: ASYNC110 - nothing tells of this but the clock
        await asyncio.sleep(0)


async def test_t0_is_before_the_last_piece_of_a_request_that_the_network_takes_slowly():
    body, reading = b"x" * 30_000_000, asyncio.Event()

    async def answer(peer):
        await reading.wait()
        _, got = await peer.request()
        assert got == body
        await peer.say(OK)
        await peer.gone()

    phases = Phases()
    async with raw_server(answer) as server, client() as sender:
        sending = asyncio.create_task(
            sender.post(server.url, content=body, extensions={"phases": phases})
        )
        await sending_began(phases)
        first_ns = phases.sending_ns
        reading.set()
        assert (await sending).content == b"ok"
    assert first_ns < phases.sent_ns < phases.headers_ns


async def test_an_answer_that_comes_before_the_request_is_sent_whole_is_heard():
    async def answer(peer):
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await peer.gone()

    async with raw_server(answer) as server, client() as sender:
        response = await sender.post(server.url, content=b"x" * 10_000_000)
    assert (response.status_code, response.content) == (413, b"no")


async def test_a_request_is_one_head_and_one_body_with_its_length():
    heads = []

    async def answer(peer):
        heads.append(await peer.request())
        await peer.say(OK)

    async def pieces():
        yield b"one"
        yield b"two"

    async with raw_server(answer) as server, client() as sender:
        await sender.post(f"{server.url}a/b?c=%20d", content=pieces(), headers={"X-Y": "z"})
    head, body = heads[0]
    assert head.startswith(b"POST /a/b?c=%20d HTTP/1.1\r\n")
    assert b"\r\nX-Y: z\r\n" in head
    assert b"content-length: 6\r\n" in head.lower()
    assert b"transfer-encoding" not in head.lower()
    assert body == b"onetwo"


@pytest.mark.parametrize(
    "header",
    [("X", "secret\nY: z"), ("X", "secret\x00"), ("a secret", "z"), ("", "secret")],
)
async def test_a_header_that_cannot_be_sent_is_refused_without_being_quoted(header):
    async with client() as sender:
        with pytest.raises(httpx.LocalProtocolError) as refused:
            await sender.post("http://127.0.0.1:9/", headers=[header])
    assert "secret" not in str(refused.value)


async def test_only_http_and_https_are_spoken():
    async with client() as sender:
        with pytest.raises(httpx.UnsupportedProtocol):
            await sender.get("ftp://127.0.0.1/")
