"""A worker's ends of the two pipes to its parent.

Orders are read by a thread, so that a worker whose loop hangs still notices that its
parent is gone, and is gone with it.
"""

from __future__ import annotations

import asyncio
import os
import threading
import traceback
from collections.abc import Callable
from typing import BinaryIO, cast

import msgspec

from engine.frames import Order, Report, decode_order, encode
from engine.framing import FrameError, framed, receive_frame


def take_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Return (orders, reports) and keep everybody else away from them.

    From here on, standard input is empty and what is printed goes to standard error: a
    stray `print` in a library must not break the frames.
    """
    orders, reports = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(orders, "rb"), os.fdopen(reports, "wb", buffering=0)


def follow_orders(pipe: BinaryIO, take: Callable[[Order], None]) -> None:
    """Give every order to `take` on the running loop; end the process with the pipe."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        code = 1
        try:
            while True:
                order = decode_order(receive_frame(pipe))
                loop.call_soon_threadsafe(take, order)
        except EOFError:
            code = 0
        except (FrameError, msgspec.DecodeError):
            traceback.print_exc()
        finally:
            # No parent, no worker: whatever the loop is doing is of use to nobody.
            os._exit(code)

    threading.Thread(target=read, name="orders", daemon=True).start()


class ReportPipe(asyncio.BaseProtocol):
    """Sends reports; what was sent is never lost while both processes live.

    A parent that does not read makes `room` wait, so that no new requests begin; what
    may be dropped is not sent meanwhile.
    """

    def __init__(self) -> None:
        self._room = asyncio.Event()
        self._room.set()

    @classmethod
    async def open(cls, pipe: BinaryIO) -> ReportPipe:
        """Return the writing end on the running loop."""
        _, protocol = await asyncio.get_running_loop().connect_write_pipe(cls, pipe)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def send(self, report: Report) -> None:
        """Send what must arrive."""
        self._transport.write(framed(encode(report)))

    def offer(self, report: Report) -> None:
        """Send what the next one of its kind makes superfluous, if there is room."""
        if self._room.is_set():
            self.send(report)

    async def room(self) -> None:
        """Wait until the parent has read most of what was sent."""
        await self._room.wait()

    def pause_writing(self) -> None:
        """Told by the transport: the parent lags."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Told by the transport: the parent caught up."""
        self._room.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Told by the transport: nobody reads any more."""
        os._exit(0)
