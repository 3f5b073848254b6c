"""Instants on the wire: RFC 3339, UTC, milliseconds. Inside: integer Unix milliseconds."""

from __future__ import annotations

import datetime as dt
from typing import overload


@overload
def rfc3339(unix_ms: int) -> str: ...
@overload
def rfc3339(unix_ms: None) -> None: ...
def rfc3339(unix_ms: int | None) -> str | None:
    """Return `unix_ms` as `2026-11-23T01:02:03.456Z`; None stays None."""
    if unix_ms is None:
        return None
    seconds, ms = divmod(unix_ms, 1000)
    instant = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
