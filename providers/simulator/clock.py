"""When bytes arrived, by the kernel's own stamp, on the monotonic clock.

`SO_TIMESTAMPNS` makes Linux hand out, with each read, the wall-clock instant at which
the newest segment in it came in. The lag of the reader behind that instant is the same
on every clock, so it moves the stamp onto the monotonic one.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import time
from typing import Final, Literal, NamedTuple

CONTROL_BYTES: Final = 64
_SO_TIMESTAMPNS: Final = 35  # of Linux; the socket module has no name for it
_TIMESPEC: Final = struct.Struct("@qq")
_MAX_LAG_NS: Final = 60_000_000_000


class Arrival(NamedTuple):
    """When a read's newest bytes arrived; `clock` says whose stamp that is."""

    monotonic_ns: int
    wall_ns: int  # Unix time
    clock: Literal["kernel", "user"]


def ask_for_stamps(sock: socket.socket) -> None:
    """Have the kernel stamp what arrives, where it can."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def arrival_of(control: list[tuple[int, int, bytes]]) -> Arrival:
    """Return the stamp in a read's control messages; call it right after the read.

    A missing stamp, or a lag that is negative or over 60 s (the wall clock was set),
    falls back to this very moment.
    """
    monotonic_ns, wall_ns = time.monotonic_ns(), time.time_ns()
    stamp_ns = _stamp_ns(control)
    if stamp_ns is None or not 0 <= wall_ns - stamp_ns <= _MAX_LAG_NS:
        return Arrival(monotonic_ns, wall_ns, "user")
    return Arrival(monotonic_ns - (wall_ns - stamp_ns), stamp_ns, "kernel")


def _stamp_ns(control: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in control:
        is_stamp = level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS
        if is_stamp and len(data) >= _TIMESPEC.size:
            seconds, ns = _TIMESPEC.unpack_from(data)
            return int(seconds) * 1_000_000_000 + int(ns)
    return None
