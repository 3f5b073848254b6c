"""When bytes arrived, by the kernel's own stamp, on the worker's monotonic clock.

`SO_TIMESTAMPNS` makes Linux hand out, with each read, the wall-clock instant at which the
newest segment in it came in. How far the read lags behind that instant is the same on
every clock, so the lag moves the stamp onto the monotonic one.
"""

from __future__ import annotations

import atexit
import contextlib
import socket
import struct
import sys
import time
from functools import cache

CONTROL_BYTES = 64
MAX_LAG_NS = 60_000_000_000

_SO_TIMESTAMPNS = 35  # of Linux; the socket module has no name for it
_TIMESPEC = struct.Struct("@qq")
_NS_PER_S = 1_000_000_000
_PROBES, _PROBE_S = 50, 0.001
# Two clock reads in a row are 0.1 us apart; over this, something came between them.
_TORN_NS = 20_000
# The wall clock runs at the monotonic clock's pace; over this, somebody has set it.
_SET_NS = 1_000_000

Control = list[tuple[int, int, bytes]]


def ask_for_stamps(sock: socket.socket) -> None:
    """Have the kernel stamp what arrives, where it can."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


@cache
def shared_clock() -> StampClock:
    """Return the clock of this process; the first call takes some milliseconds."""
    clock = StampClock()
    atexit.register(clock.close)
    return clock


class StampClock:
    """Moves the kernel's stamps onto `time.perf_counter_ns`; one for a whole worker.

    Linux begins to stamp a moment after the first socket asks for it. So this asks until
    stamps come, and goes on asking for as long as it lives.
    """

    def __init__(self) -> None:
        self._asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ask_for_stamps(self._asking)
        with contextlib.suppress(OSError):  # no stamps then, and every sample says so
            _wait_for_stamps(self._asking)
        self._offset_ns = _offset_ns()

    def close(self) -> None:
        """Stop asking for stamps."""
        self._asking.close()

    def arrival(self, control: Control) -> tuple[int, int]:
        """Return (arrival, lag) of a read in ns; call it right after the read.

        Without a usable stamp (none, in the future, over 60 s old, or the wall clock was
        just set) the arrival is now, and the lag 0.
        """
        now_ns = time.perf_counter_ns()
        wall_ns = time.time_ns()
        moved_ns = wall_ns - now_ns - self._offset_ns
        if not -_TORN_NS < moved_ns < _TORN_NS and self._was_set():
            return now_ns, 0
        if len(control) != 1 or control[0][1] != _SO_TIMESTAMPNS:
            return now_ns, 0
        seconds, ns = _TIMESPEC.unpack_from(control[0][2])
        lag_ns = now_ns + self._offset_ns - (seconds * _NS_PER_S + ns)
        if not 0 < lag_ns <= MAX_LAG_NS:
            return now_ns, 0
        return now_ns - lag_ns, lag_ns

    def _was_set(self) -> bool:
        """Look again whether the clocks moved apart, or were only read apart."""
        before_ns, self._offset_ns = self._offset_ns, _offset_ns()
        return abs(self._offset_ns - before_ns) > _SET_NS


def _wait_for_stamps(sock: socket.socket) -> None:
    """Send bytes to ourselves until they are stamped, for 50 ms at most."""
    sock.bind(("127.0.0.1", 0))
    sock.connect(sock.getsockname())
    sock.settimeout(_PROBE_S)
    for _ in range(_PROBES):
        sock.send(b"?")
        _, control, _, _ = sock.recvmsg(1, CONTROL_BYTES)
        if control:
            return
        time.sleep(_PROBE_S)


def _offset_ns() -> int:
    """Return wall clock minus monotonic clock; the least torn of three readings."""
    readings = []
    for _ in range(3):
        before_ns = time.perf_counter_ns()
        wall_ns = time.time_ns()
        after_ns = time.perf_counter_ns()
        readings.append((after_ns - before_ns, wall_ns - before_ns))
    return min(readings)[1]
