import asyncio
import io
import os

import pytest

from engine import framing
from engine.framing import (
    FrameError,
    read_frame,
    receive_frame,
    send_frame,
    write_frame,
)


async def a_reader(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


def test_what_was_sent_is_received_frame_by_frame() -> None:
    pipe = io.BytesIO()
    for frame in (b"", b"one", b"x" * 100_000):
        send_frame(pipe, frame)
    pipe.seek(0)
    assert [receive_frame(pipe) for _ in range(3)] == [b"", b"one", b"x" * 100_000]
    with pytest.raises(EOFError):
        receive_frame(pipe)


def test_a_frame_cut_off_in_the_middle_is_an_end_of_file() -> None:
    with pytest.raises(EOFError, match="2 of 5 bytes"):
        receive_frame(io.BytesIO(b"\x00\x00\x00\x05abc"))


def test_the_event_loops_side_reads_what_the_blocking_side_sends() -> None:
    async def exchange() -> tuple[bytes, bytes]:
        pipe = io.BytesIO()
        send_frame(pipe, b"one")
        send_frame(pipe, b"two")
        reader = await a_reader(pipe.getvalue())
        frames = await read_frame(reader), await read_frame(reader)
        with pytest.raises(EOFError):
            await read_frame(reader)
        return frames

    assert asyncio.run(exchange()) == (b"one", b"two")


def test_the_blocking_side_receives_what_the_event_loops_side_writes() -> None:
    async def write(fd: int) -> None:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(fd, "wb")
        )
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
        write_frame(writer, b"hello")
        await writer.drain()
        transport.close()

    outgoing, incoming = os.pipe()
    asyncio.run(asyncio.wait_for(write(incoming), 10))
    with os.fdopen(outgoing, "rb") as pipe:
        assert receive_frame(pipe) == b"hello"


def test_a_length_beyond_the_limit_is_refused_on_either_side() -> None:
    announced = (framing.MAX_FRAME_BYTES + 1).to_bytes(4, "big")
    with pytest.raises(FrameError, match="announced"):
        receive_frame(io.BytesIO(announced))

    async def read() -> None:
        await read_frame(await a_reader(announced))

    with pytest.raises(FrameError, match="announced"):
        asyncio.run(read())


def test_a_frame_that_is_too_long_is_not_sent_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(framing, "MAX_FRAME_BYTES", 3)
    pipe = io.BytesIO()
    with pytest.raises(FrameError, match="too long"):
        send_frame(pipe, b"four")
    assert pipe.getvalue() == b""
