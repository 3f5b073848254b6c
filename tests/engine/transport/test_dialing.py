import asyncio
import socket

import pytest

from engine.transport import dialing
from engine.transport.dialing import Address, connect_first

pytestmark = pytest.mark.gen_test(timeout=20)


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield Address(socket.AF_INET, sock.getsockname())


@pytest.fixture
def refusing():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))  # bound, but not listening
        yield Address(socket.AF_INET, sock.getsockname())


@pytest.fixture
def silent():
    """Give an address that drops connection attempts: its backlog is full."""
    waiting = []
    with socket.create_server(("127.0.0.1", 0), backlog=0) as sock:
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(sock.getsockname())
            waiting.append(one)
        yield Address(socket.AF_INET, sock.getsockname())
        for one in waiting:
            one.close()


async def test_the_next_address_is_tried_at_once_when_one_refuses(
    refusing, listening, monkeypatch
):
    monkeypatch.setattr(dialing, "STAGGER_S", 3600)
    with await connect_first([refusing, listening]) as sock:
        assert sock.getpeername() == listening.sockaddr


async def test_the_next_address_is_tried_beside_one_that_is_silent(silent, listening):
    with await connect_first([silent, listening]) as sock:
        assert sock.getpeername() == listening.sockaddr


async def test_the_first_failure_is_told_when_all_fail(refusing):
    with pytest.raises(ConnectionRefusedError):
        await connect_first([refusing, Address(socket.AF_INET6, ("::1", 1, 0, 0))])


async def test_a_host_without_addresses_is_an_error():
    with pytest.raises(OSError, match="no address"):
        await connect_first([])


async def test_giving_up_leaves_no_attempt_running(silent):
    dial = asyncio.create_task(connect_first([silent, silent]))
    await asyncio.sleep(0)
    dial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dial
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_families_alternate_beginning_with_the_preferred_one(monkeypatch):
    six = [(socket.AF_INET6, 1, 6, "", (f"::{n}", 1, 0, 0)) for n in (1, 2, 3)]
    four = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", 1))]

    async def found(*_args, **_options):
        return six + four

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
    families = [address.family.name for address in await dialing._resolve("x", 1)]
    assert families == ["AF_INET6", "AF_INET", "AF_INET6", "AF_INET6"]
