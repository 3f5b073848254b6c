"""Linux's `timerfd`: a timer with nanoseconds that an event loop can watch.

Called by `ctypes`, for `os.timerfd_create` is new in Python 3.13.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import sys
from collections.abc import Callable
from typing import Final

IS_AVAILABLE: Final = sys.platform == "linux"
_CLOCK_MONOTONIC: Final = 1
_ABSOLUTE: Final = 1  # TFD_TIMER_ABSTIME


class _Spec(ctypes.Structure):
    """`struct itimerspec` with its two `timespec`s written out."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class TimerFdBell:
    """Calls `ring` on the event loop at one set time on `time.monotonic_ns`."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._ring = ring
        self._spec = _Spec()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._on_expired)

    def set(self, due_ns: int) -> None:
        """Ring at `due_ns` and at no other time; at once if that is past."""
        # All zeros would mean "never".
        self._spec.value_s, self._spec.value_ns = divmod(max(due_ns, 1), 1_000_000_000)
        self._libc.timerfd_settime(self._fd, _ABSOLUTE, ctypes.byref(self._spec), None)

    def close(self) -> None:
        """Ring no more."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def _on_expired(self) -> None:
        # Another callback of the same turn may just have set it anew: nothing to read.
        with contextlib.suppress(BlockingIOError):
            os.read(self._fd, 8)
        self._ring()
