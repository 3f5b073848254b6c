"""Environment variables turned into typed values; every error says what to do."""

from __future__ import annotations

import ipaddress
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from domain.errors import SettingsError
from security.client_address import Network

T = TypeVar("T")

_BOOLEANS: Final = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Environment:
    """Typed access to variables; an empty one counts as absent, as compose files need."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, name: str) -> str | None:
        """Return the value without surrounding blanks, or None."""
        return self._variables.get(name, "").strip() or None

    def whole(self, name: str, default: int, *, low: int, high: int) -> int:
        """Return a whole number within [low, high]."""
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
            raise SettingsError(
                f"{name}={text!r} is no whole number from {low} to {high};"
                f" correct it, or leave it out for {default}"
            )
        return int(text)

    def boolean(self, name: str, default: bool) -> bool:
        """Return true or false."""
        text = self.text(name)
        if text is None:
            return default
        try:
            return _BOOLEANS[text.lower()]
        except KeyError:
            raise SettingsError(f"{name}={text!r} must be true or false") from None

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """Return one of `allowed`, in whatever case it was written."""
        text = self.text(name)
        if text is None:
            return default
        if text.lower() not in allowed:
            raise SettingsError(f"{name}={text!r} must be one of {', '.join(allowed)}")
        return text.lower()

    def several(self, name: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        """Return the comma-separated values, each parsed; `parse` raises ValueError."""
        items = (item.strip() for item in (self.text(name) or "").split(","))
        return tuple(self._parsed(name, item, parse) for item in items if item)

    def origin(self, name: str) -> str | None:
        """Return the origin of the URL given, or None."""
        text = self.text(name)
        return None if text is None else self._parsed(name, text, parse_origin)

    @staticmethod
    def _parsed(name: str, item: str, parse: Callable[[str], T]) -> T:
        try:
            return parse(item)
        except ValueError as error:
            raise SettingsError(f"{name}: {error}") from None


def parse_origin(url: str) -> str:
    """Return `scheme://host[:port]` as browsers spell it in an Origin header.

    Raises:
        ValueError: no http(s) URL, or one with more than an origin in it.

    """
    parts = urllib.parse.urlsplit(url)
    scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    has_more = "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment
    if scheme not in _DEFAULT_PORTS or not host or has_more or "*" in host:
        raise ValueError(
            "expected an origin such as https://studio.example.org, without path,"
            " user or wildcard"
        )
    shown = f"[{host}]" if ":" in host else host
    is_default = port in {None, _DEFAULT_PORTS[scheme]}
    return f"{scheme}://{shown}" if is_default else f"{scheme}://{shown}:{port}"


def parse_network(text: str) -> Network:
    """Return the address or CIDR block as a network.

    Raises:
        ValueError: neither.

    """
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"{text!r} is no address or CIDR block such as 10.0.0.0/8"
        ) from None
