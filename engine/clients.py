"""The HTTP client of a shard: bare, so that nothing stands between us and the endpoint."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from engine.transport.certificates import trusting
from engine.transport.transport import StampedTransport

USER_AGENT = "llm-benchmark-studio"


def make_client(*, fresh_connections: bool, tls: bool) -> httpx.AsyncClient:
    """Return a client of the stopwatch: no pool cap, no redirects, no cookies.

    Neither proxies nor credentials are taken from the environment. Time limits are the
    caller's. With `fresh_connections` no connection is kept after its reply. `tls` says
    whether an https address will be asked for: the certificates take a while to load.
    """
    return httpx.AsyncClient(
        transport=StampedTransport(
            tls=trusting() if tls else None, fresh_connections=fresh_connections
        ),
        trust_env=False,
        follow_redirects=False,
        timeout=None,  # noqa: S113 - a limit per request, set by who sends it
        headers={"User-Agent": USER_AGENT},
        # a cookie would tie a request to the one before it
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )
