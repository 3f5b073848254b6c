"""Whether the first account may be made without the set-up token.

Only where nobody but the person at this machine can be asking: the server listens on
loopback, nothing suggests a proxy, and both ends of the connection are loopback.
"""

from __future__ import annotations

from tornado.httputil import HTTPServerRequest

from handlers.services import EdgeSettings
from security.client_address import is_loopback

FORWARDING = frozenset(
    {"cf-connecting-ip", "forwarded", "true-client-ip", "via", "x-client-ip", "x-real-ip"}
)


def may_register_first(request: HTTPServerRequest, settings: EdgeSettings) -> bool:
    """Return whether this request can only come from this machine."""
    behind_proxy = bool(settings.trusted_proxies) or settings.app_base_url is not None
    forwarded = any(_is_forwarding(name.lower()) for name in request.headers)
    return (
        is_loopback(settings.host)
        and not behind_proxy
        and not forwarded
        and is_loopback(request.remote_ip or "")
        and is_loopback(request.host)
    )


def _is_forwarding(name: str) -> bool:
    return name in FORWARDING or name.startswith("x-forwarded-")
