import asyncio

import httpx
import pytest

from engine.transport.certificates import trusting
from engine.transport.phases import Phases
from engine.transport.proxies import Proxies, Proxy
from tests.engine.transport.authority import Authority
from tests.engine.transport.raw_server import OK, client, raw_server, saying

pytestmark = pytest.mark.gen_test(timeout=20)
PROXY = Proxy("proxy.test", 3128)


async def forward(peer):
    """Be a proxy: connect to where the client wants to go, pass bytes on."""
    head, _ = await peer.request()
    host, port = head.split(b" ")[1].decode().rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    peer.head = head
    await peer.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(peer.reader, writer))
            group.create_task(pump(reader, peer.writer))
    finally:
        writer.close()


async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


async def test_https_goes_through_the_tunnel_and_is_verified(tmp_path):
    authority, heads, phases = Authority(tmp_path), [], Phases()

    async def answer(peer):
        try:
            await forward(peer)
        finally:
            heads.append(peer.head)

    async with (
        raw_server(saying(OK), authority.server_side("127.0.0.1")) as server,
        raw_server(answer) as proxy,
    ):
        via = Proxies(Proxy.of(f"http://user:p%40ss@127.0.0.1:{proxy.port}"))
        async with client(tls=trusting(authority.ca_file), proxies=via) as sender:
            response = await sender.post(server.url, extensions={"phases": phases})
    assert response.content == b"ok"
    assert phases.tls_ms > 0
    assert heads[0].startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n".encode())
    assert b"\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n" in heads[0]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 No\r\n\r\n", b"SSH-2.0\r\n\r\n", b""])
async def test_a_proxy_that_refuses_is_a_connect_error(answer):
    async def refuse(peer):
        await peer.request()
        await peer.say(answer)

    async with raw_server(refuse) as proxy:
        via = Proxies(Proxy("127.0.0.1", proxy.port))
        async with client(tls=trusting(), proxies=via) as sender:
            with pytest.raises(httpx.ConnectError, match="proxy"):
                await sender.post("https://api.test/")


@pytest.mark.parametrize(
    ("without", "url", "expected"),
    [
        ((), "https://api.test/", PROXY),
        ((), "http://api.test/", None),
        (("api.test",), "https://API.test/", None),
        ((".test",), "https://api.test/", None),
        (("test",), "https://api.test/", None),
        (("est", "other.test", ""), "https://api.test/", PROXY),
        (("*",), "https://api.test/", None),
    ],
)
def test_which_addresses_go_straight(without, url, expected):
    assert Proxies(PROXY, without).proxy_of(httpx.URL(url)) == expected


@pytest.mark.parametrize("address", ["proxy:3128", "socks5://proxy", "http://"])
def test_a_proxys_address_must_be_one(address):
    with pytest.raises(ValueError, match="looks like"):
        Proxy.of(address)


def test_a_proxy_does_not_show_its_password():
    assert "dXNlcj" not in repr(Proxy.of("http://user:pass@proxy:3128"))
