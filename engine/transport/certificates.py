"""Whom TLS connections trust."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path

import httpx


@cache
def trusting(extra_ca_file: Path | None = None) -> ssl.SSLContext:
    """Return a context that verifies chain and host name against the public roots.

    `extra_ca_file` (PEM) adds the authorities of a house that signs its own. Loading takes
    some 20 ms, so the contexts are kept. Raises `OSError` if a file cannot be read.
    """
    context = httpx.create_ssl_context(trust_env=False)
    if extra_ca_file is not None:
        context.load_verify_locations(cafile=extra_ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context
