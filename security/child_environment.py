"""The environment of our own child processes: what they need, none of our secrets."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_NAMES = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
_PREFIXES = ("LC_", "PYTHON", "SSL_CERT_")


def child_environment() -> dict[str, str]:
    """Return the part of our environment that a child may see; our modules are found."""
    passed_on = {
        name: value
        for name, value in os.environ.items()
        if name in _NAMES or name.startswith(_PREFIXES)
    }
    return passed_on | {"PYTHONPATH": str(_ROOT)}
