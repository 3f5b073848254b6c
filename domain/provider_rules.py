"""What a provider's address, headers and key may be, wherever they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from domain.errors import InvalidRequestError

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HOST_AND_PORT = re.compile(r"(?:[\w.-]{1,253}|\[[\da-fA-F:.]+\])(?::\d+)?", re.ASCII)
_URL = re.compile(r"[\w\-.~:/?#\[\]@!$&'()*+,;=%]+", re.ASCII)  # RFC 3986, appendix A
# ours to set, or about the hop and not the request (RFC 9110, 7.6.1)
_REFUSED = frozenset(
    {
        "accept-encoding",  # a compressed reply would arrive in the compressor's lumps
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
MAX_HEADERS = 32
MAX_VALUE_CHARACTERS = 8_000


def checked_base_url(url: str) -> str:
    """Return `url` without a trailing slash; raises `InvalidRequestError`."""
    if not _URL.fullmatch(url):
        raise InvalidRequestError.at("$.base_url", "holds characters a URL may not hold")
    try:
        parts = urlsplit(url)
        port = parts.port  # raises for what is no port
    except ValueError:
        raise InvalidRequestError.at("$.base_url", "is not a URL") from None
    if parts.scheme not in {"http", "https"}:
        raise InvalidRequestError.at("$.base_url", "must begin with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise InvalidRequestError.at(
            "$.base_url", "must not hold a user or password; store the key instead"
        )
    if not _HOST_AND_PORT.fullmatch(parts.netloc) or port == 0:
        raise InvalidRequestError.at("$.base_url", "names no host that can be called")
    if "?" in url or "#" in url:
        raise InvalidRequestError.at("$.base_url", "must not hold a query or a fragment")
    return url.rstrip("/")


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return `headers` as they may be sent; raises `InvalidRequestError`."""
    if len(headers) > MAX_HEADERS:
        raise InvalidRequestError.at("$.headers", f"at most {MAX_HEADERS} headers")
    for name, value in headers.items():
        where = f"$.headers[{name[:100]!r}]"
        folded = name.lower()
        if not _NAME.fullmatch(name):
            raise InvalidRequestError.at(where, "is no header name")
        if folded in _REFUSED or folded.startswith("x-forwarded-"):
            raise InvalidRequestError.at(where, "is not yours to set")
        can_be_sent = value.isascii() and value.isprintable()
        if len(value) > MAX_VALUE_CHARACTERS or not can_be_sent:
            raise InvalidRequestError.at(where, "holds a value that cannot be sent")
    return dict(headers)


def checked_key(value: str) -> str:
    """Return a key without pasted blanks around it; raises `InvalidRequestError`."""
    key = value.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise InvalidRequestError.at("$.value", "is no key: it cannot be sent in a header")
    return key


def origin(url: str | None) -> tuple[str, str | None, int | None]:
    """Return (scheme, host, port) of a URL: what a key is bound to."""
    parts = urlsplit(url or "")
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or default
