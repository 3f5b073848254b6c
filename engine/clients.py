"""The HTTP client of a shard: bare, so that nothing stands between us and the endpoint."""

from __future__ import annotations

import ssl
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

USER_AGENT = "llm-benchmark-studio"


def make_client(*, fresh_connections: bool, tls: bool) -> httpx.AsyncClient:
    """Return a client with HTTP/1.1 only, no pool cap, no redirects, no cookies.

    Neither proxies nor credentials are taken from the environment. Time limits are the
    caller's. With `fresh_connections` no connection is kept after its reply. `tls` says
    whether an https address will be asked for: the certificates take a while to load.
    """
    return httpx.AsyncClient(
        verify=_trusting_public_roots() if tls else _trusting_nobody(),
        http1=True,
        http2=False,
        trust_env=False,
        follow_redirects=False,
        timeout=None,  # noqa: S113 - a limit per request, set by who sends it
        limits=httpx.Limits(
            max_connections=None,
            max_keepalive_connections=0 if fresh_connections else None,
            keepalive_expiry=None,
        ),
        headers={"User-Agent": USER_AGENT},
        # a cookie would tie a request to the one before it
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )


@cache
def _trusting_public_roots() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


@cache
def _trusting_nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
