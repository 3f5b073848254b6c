import asyncio
import socket

from providers.simulator.outbox import FULL_BYTES, Outbox


def test_what_the_kernel_does_not_take_waits_and_goes_in_order():
    async def main():
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        with ours, theirs:
            outbox, empty = Outbox(ours, lambda: None), asyncio.Event()
            pieces = [bytes([n]) * 65536 for n in range(32)]
            taken = [outbox.send(piece) for piece in pieces]
            assert taken[0]
            assert not taken[-1]
            assert outbox.is_full
            outbox.when_empty(empty.set)
            assert not empty.is_set()
            received = b""
            async with asyncio.timeout(20):
                while len(received) < 32 * 65536:
                    loop = asyncio.get_running_loop()
                    received += await loop.sock_recv(theirs, 65536)
                await empty.wait()
            assert received == b"".join(pieces)
            assert not outbox.is_full

    asyncio.run(main())
    assert FULL_BYTES < 32 * 65536


def test_a_broken_connection_is_told_once_the_caller_is_done():
    async def main():
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours:
            theirs.close()
            broken = asyncio.Event()
            outbox = Outbox(ours, broken.set)
            outbox.send(b"x")
            assert not broken.is_set()
            async with asyncio.timeout(20):
                await broken.wait()

    asyncio.run(main())


def test_nothing_waiting_is_empty_at_once():
    async def main():
        ours, theirs = socket.socketpair()
        with ours, theirs:
            called = []
            Outbox(ours, lambda: None).when_empty(lambda: called.append(1))
            assert called == [1]

    asyncio.run(main())
