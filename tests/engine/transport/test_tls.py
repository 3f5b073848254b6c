import asyncio
import ssl

import httpx
import pytest

from engine.transport.certificates import trusting
from engine.transport.phases import Phases
from tests.engine.transport.authority import DAY, Authority
from tests.engine.transport.raw_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    chunk,
    client,
    raw_server,
    saying,
)

pytestmark = pytest.mark.gen_test(timeout=20)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def trusting_client(authority):
    return client(tls=trusting(authority.ca_file))


async def test_a_reply_over_tls_keeps_its_stamps(authority):
    heard = asyncio.Semaphore(0)

    async def answer(peer):
        while True:
            await peer.request()
            await peer.say(CHUNKED)
            for number in range(3):
                await peer.say(chunk(b"data: %d\n\n" % number))
                await heard.acquire()
            await peer.say(LAST_CHUNK)

    tls, phases, again = authority.server_side("127.0.0.1"), Phases(), Phases()
    async with raw_server(answer, tls) as server, trusting_client(authority) as sender:
        for each in (phases, again):
            request = sender.build_request(
                "POST",
                server.url,
                content=b"x",
                extensions={"phases": each, "on_read": lambda *_: heard.release()},
            )
            response = await sender.send(request, stream=True)
            reply = response.extensions["reply"]
            await reply.end()
            await response.aclose()
    assert [read.data for read in reply.reads] == [b"data: %d\n\n" % n for n in range(3)]
    stamps = [again.sent_ns, *(read.arrival_ns for read in reply.reads), reply.ended_ns]
    assert stamps == sorted(set(stamps))
    assert phases.connected_ns <= phases.tls_started_ns < phases.tls_done_ns
    assert phases.tls_done_ns <= phases.sent_ns
    assert (server.connections, again.reused, again.tls_ms) == (1, True, None)


async def test_large_bodies_pass_both_ways(authority):
    body = bytes(range(256)) * 8000

    async def answer(peer):
        _, got = await peer.request()
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(got)
        await peer.say(head + got)
        await peer.gone()

    tls = authority.server_side("127.0.0.1")
    async with raw_server(answer, tls) as server, trusting_client(authority) as sender:
        response = await sender.post(server.url, content=body)
    assert response.content == body


async def test_the_server_is_told_the_name_that_is_wanted(authority):
    tls, names = authority.server_side("localhost"), []
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    async with raw_server(saying(OK), tls) as server, trusting_client(authority) as sender:
        await sender.post(f"https://localhost:{server.port}/")
    assert names == ["localhost"]


async def refused(server, sender):
    """Return why the handshake failed; the request must not have been sent."""
    phases = Phases()
    with pytest.raises(httpx.ConnectError) as error:
        await sender.post(server.url, content=b"x", extensions={"phases": phases})
    assert phases.in_tls_handshake
    assert phases.sending_ns is None
    return str(error.value).lower()


async def test_a_certificate_nobody_vouches_for_is_refused(authority):
    tls = authority.server_side("127.0.0.1")
    async with raw_server(saying(OK), tls) as server, client(tls=trusting()) as sender:
        assert "certificate verify failed" in await refused(server, sender)


async def test_a_certificate_of_another_host_is_refused(authority):
    tls = authority.server_side("other.test", "127.0.0.2")
    async with raw_server(saying(OK), tls) as server, trusting_client(authority) as sender:
        assert "mismatch" in await refused(server, sender)


async def test_an_expired_certificate_is_refused(authority):
    tls = authority.server_side("127.0.0.1", until=-DAY)
    async with raw_server(saying(OK), tls) as server, trusting_client(authority) as sender:
        assert "expired" in await refused(server, sender)


async def test_a_server_without_tls_is_refused(authority):
    async def answer(peer):
        await peer.reader.read(10)
        await peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with raw_server(answer) as server, trusting_client(authority) as sender:
        server.url = server.url.replace("http:", "https:")
        await refused(server, sender)


async def test_a_server_that_leaves_in_the_handshake_is_refused(authority):
    async def answer(peer):
        await peer.reader.read(10)
        peer.reset()

    async with raw_server(answer) as server, trusting_client(authority) as sender:
        server.url = server.url.replace("http:", "https:")
        await refused(server, sender)


async def test_without_certificates_to_trust_no_https_is_spoken(authority):
    tls = authority.server_side("127.0.0.1")
    async with raw_server(saying(OK), tls) as server, client() as sender:
        await refused(server, sender)


async def test_a_handshake_that_is_given_up_closes_the_socket(authority):
    shaking, gone = asyncio.Event(), asyncio.Event()

    async def answer(peer):
        await peer.reader.read(10)
        shaking.set()
        await peer.gone()
        gone.set()

    async with raw_server(answer) as server, trusting_client(authority) as sender:
        url = server.url.replace("http:", "https:")
        sending = asyncio.create_task(sender.post(url))
        await shaking.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await gone.wait()


def test_the_public_roots_are_trusted_with_full_verification():
    context = trusting()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) > 50
    assert trusting() is context
