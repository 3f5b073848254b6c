"""Length-prefixed frames over a pipe: four bytes of length, then that many bytes.

`read_frame` and `write_frame` are for the side with an event loop, `receive_frame` and
`send_frame` for a process that may block. The end of the stream is an `EOFError`.
"""

from __future__ import annotations

import asyncio
import struct
from typing import BinaryIO

MAX_FRAME_BYTES = 256 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class FrameError(Exception):
    """A frame is longer than any that we send: the stream cannot be believed any more."""


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Return the next frame.

    Raises:
        EOFError: the other side has gone, between frames or within one.
        FrameError: the announced length is over `MAX_FRAME_BYTES`.

    """
    return await reader.readexactly(_checked(await reader.readexactly(_LENGTH.size)))


def write_frame(writer: asyncio.StreamWriter, frame: bytes) -> None:
    """Buffer `frame` for sending; await `writer.drain()` for back pressure.

    Never leaves half a frame behind, whenever the calling task is cancelled.

    Raises:
        FrameError: `frame` is longer than `MAX_FRAME_BYTES`; nothing was written.

    """
    writer.write(_header(frame))
    writer.write(frame)


def framed(frame: bytes) -> bytes:
    """Return `frame` as it goes over the pipe; raises as `write_frame` does."""
    return _header(frame) + frame


def receive_frame(stream: BinaryIO) -> bytes:
    """Block until the next frame is there and return it; raises as `read_frame` does."""
    return _exactly(stream, _checked(_exactly(stream, _LENGTH.size)))


def send_frame(stream: BinaryIO, frame: bytes) -> None:
    """Write `frame` and flush; raises `FrameError` as `write_frame` does."""
    stream.write(_header(frame))
    stream.write(frame)
    stream.flush()


def _header(frame: bytes) -> bytes:
    if len(frame) > MAX_FRAME_BYTES:
        raise FrameError(f"a frame of {len(frame)} bytes is too long to send")
    return _LENGTH.pack(len(frame))


def _checked(header: bytes) -> int:
    (length,) = _LENGTH.unpack(header)
    if length > MAX_FRAME_BYTES:
        raise FrameError(f"a frame of {length} bytes was announced")
    return int(length)


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError(f"{count - len(data)} of {count} bytes never came")
    return data
