"""The limit of open files: each stream is a socket, and 1,024 is a common limit."""

from __future__ import annotations

import contextlib
import sys


def raise_descriptor_limit() -> None:
    """Raise the soft limit of this process to the hard one, where there are limits."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on every platform

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # some systems name a hard limit that they then refuse: the soft one stays
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
