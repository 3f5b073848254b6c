"""What the calls of all protocols share: headers, versioned addresses, extra fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_VERSION = re.compile(r"/v\d+(?:(?:alpha|beta)\d*)?$")


def stream_headers(
    credentials: Mapping[str, str], own: Mapping[str, str]
) -> dict[str, str]:
    """Return the headers of a streaming call; the provider's `own` win, whatever case."""
    headers = {
        "Content-Type": "application/json",
        "Accept": "text/event-stream",
        # a compressed reply would arrive in lumps of the compressor's making
        "Accept-Encoding": "identity",
        **credentials,
    }
    given = {name.lower() for name in own}
    kept = {name: value for name, value in headers.items() if name.lower() not in given}
    return kept | dict(own)


def versioned(base_url: str, version: str) -> str:
    """Return `base_url` with an API version behind it, unless it names one already."""
    base = base_url.rstrip("/")
    return base if _VERSION.search(base) else f"{base}/{version}"


def with_extra(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return `body` with the fields of `extra`; objects in both are joined."""
    joined = dict(body)
    for name, value in extra.items():
        before = joined.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            joined[name] = with_extra(before, value)
        else:
            joined[name] = value
    return joined
