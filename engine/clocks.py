"""Names the clock of a worker's stamps: those of one clock can be placed on one axis.

On Linux `time.perf_counter_ns` reads CLOCK_MONOTONIC, which all processes of one boot and
one time namespace share. Elsewhere every process is taken to have a clock of its own.
"""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIME_NAMESPACE = Path("/proc/self/ns/time")


def clock_id(worker: str) -> str:
    """Return a name that two workers share if, and only if, their clock is one."""
    if sys.platform != "linux" or not BOOT_ID.exists():
        return worker
    namespace = str(TIME_NAMESPACE.readlink()) if TIME_NAMESPACE.is_symlink() else ""
    clock = time.get_clock_info("perf_counter").implementation
    parts = "/".join((BOOT_ID.read_text().strip(), namespace, clock))
    return hashlib.blake2b(parts.encode(), digest_size=6).hexdigest()


def on_perf_counter_ns(at_wall_ns: int) -> int:
    """Return the instant of a Unix time on `time.perf_counter_ns`.

    Read back to back: what the wall clock is set by in between is lost, which matters to
    nothing but the common start of a stage.
    """
    return at_wall_ns - time.time_ns() + time.perf_counter_ns()
