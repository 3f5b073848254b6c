"""Takes secrets out of whatever is about to be logged or shown."""

from __future__ import annotations

import json
import re
import threading
import urllib.parse
from collections import OrderedDict
from collections.abc import Mapping, MutableMapping
from typing import Any

MASK = "***"
MAX_SECRETS = 1_000
MIN_SECRET_CHARS = 8  # masking shorter ones would eat ordinary words
_MAX_DEPTH = 8

_NAME = r"(?:token|api[_-]?key|password|passwd|otp|secret|authorization|cookie)"
_PARAMETER = r"(?:token|key|code|password|passwd|otp|secret)"
_HEADER = r"(?:authorization|api-key|cookie)"

# Each keeps its first group, which names what was there, and masks the rest. Repeats are
# bounded or cannot overlap, for what a provider answers is logged too: a text made to
# backtrack must not stop the studio.
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # a query parameter, also of a query string on its own
        rf"(?i)((?:^|[?&;])[\w.%-]{{0,40}}{_PARAMETER}=)[^&#\s\"'<>]+",
        # a header, as text or as the repr of a dict or of a list of pairs
        rf"(?i)((?<!\w){_HEADER}(?:[\"'] ?,|[\"']? ?[:=])[ \t]?(?:b?[\"'])?)[^\"'\r\n]+",
        # a member of a JSON object or of the repr of a dict
        rf"(?i)([\"'][\w-]{{0,40}}{_NAME}[\"']\s?[:,]\s?b?[\"'])(?:[^\"'\\]|\\.)+",
        r"(?i)(\bbearer[ \t])[\w.~+/=*-]+",
        # the password in a URL
        r"(://[^\s/@:]{0,200}:)[^\s/@]{1,200}(?=@)",
        # keys and tokens of known shape
        r"((?<!\w)(?:sk|pk|rk|xai)-)[\w*-]{8,}",
        r"((?<!\w)(?:bst|gsk|hf)_)[\w-]{8,}",
        r"((?<!\w)AIza)[\w-]{8,}",
        r"((?<![\w-])eyJ)[\w-]{5,}\.[\w-]+\.[\w-]*",
    )
)
# Most log values hold none of these, and looking is ten times cheaper than matching.
_HINTS = (
    *("token", "key", "code", "passw", "otp", "secret", "auth", "cookie", "bearer"),
    *("://", "sk-", "pk-", "rk-", "xai-", "bst_", "gsk_", "hf_", "aiza", "eyj"),
)
_SECRET_MEMBER = re.compile(rf"(?i)(?:[\w-]{{0,40}}[_-])?{_NAME}\Z")


class _ExactSecrets:
    """Values in use by this process; beyond the bound, the least recently registered go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spellings: OrderedDict[str, frozenset[str]] = OrderedDict()
        self.longest_first: tuple[str, ...] = ()

    def add(self, value: str) -> None:
        with self._lock:
            if value in self._spellings:
                self._spellings.move_to_end(value)
                return
            self._spellings[value] = _spellings(value)
            if len(self._spellings) > MAX_SECRETS:
                self._spellings.popitem(last=False)
            every = frozenset[str]().union(*self._spellings.values())
            # A secret may hold another: the shorter first would leave the longer's rest.
            self.longest_first = tuple(sorted(every, key=len, reverse=True))


def _spellings(value: str) -> frozenset[str]:
    """Return `value` as it stands in text, in a URL and in JSON."""
    in_url = urllib.parse.quote(value, safe="")
    return frozenset({value, in_url, json.dumps(value)[1:-1]})


_exact = _ExactSecrets()


def register_secret(value: str) -> None:
    """Have `value` masked wherever it turns up from now on; any thread may call this.

    The latest 1,000 values are known; those under 8 characters are not registered.
    """
    if len(value) >= MIN_SECRET_CHARS:
        _exact.add(value)


def redact(text: str) -> str:
    """Return `text` with registered secrets and everything shaped like one masked."""
    for secret in _exact.longest_first:
        if secret in text:
            text = text.replace(secret, MASK)
    lowered = text.lower()
    if any(hint in lowered for hint in _HINTS):
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\g<1>{MASK}", text)
    return text


def redact_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Return the log event with every value redacted: a structlog processor."""
    return {name: _redact_member(name, value, 0) for name, value in event.items()}


def _redact_member(name: str, value: object, depth: int) -> object:
    if value is not None and _SECRET_MEMBER.match(name):
        return MASK
    return _redact_value(value, depth)


def _redact_value(value: object, depth: int) -> object:
    """Redact text at any depth; what is no plain data becomes its redacted repr."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redact(value)
        case bytes():
            return redact(value.decode("utf-8", "replace"))
        case Mapping() if depth < _MAX_DEPTH:
            return {
                redact(str(name)): _redact_member(str(name), member, depth + 1)
                for name, member in value.items()
            }
        case list() | tuple() | set() | frozenset() if depth < _MAX_DEPTH:
            return [_redact_value(member, depth + 1) for member in value]
        case _:
            return redact(repr(value))
