"""Refresh tokens: opaque, rotated at each use, judged by what is stored of their family.

A family is one sign-in. Its tokens form a chain: each is the HMAC of the one before, so
that two tabs which present the same token at once get the same successor, although only
hashes are stored.
"""

from __future__ import annotations

import base64
import enum
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from security.ids import new_token, token_hash

DAY_MS = 24 * 60 * 60 * 1000
IDLE_LIFETIME_MS = 30 * DAY_MS
ABSOLUTE_LIFETIME_MS = 90 * DAY_MS
GRACE_MS = 10_000
_LABEL = b"llm-benchmark-studio refresh successor\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshFamily:
    """What is stored of a sign-in, as far as judging one presented token needs it.

    `older` maps the hashes of tokens before `previous_hash` to when each was replaced. It
    may hold just the presented one. Without it a stolen token that has been replaced twice
    would be merely unknown, and the thief's branch of the family would live on.
    """

    current_hash: str
    previous_hash: str | None
    rotated_at_ms: int  # when `previous_hash` was replaced; at sign-in: the sign-in
    expires_at_ms: int
    revoked: bool = False
    older: Mapping[str, int] = field(default_factory=dict)


class Verdict(enum.Enum):
    """What a presented refresh token earns."""

    ROTATE = "rotate"  # store the successor as current, answer it and an access token
    SAME_SUCCESSOR = "same successor"  # answer both again, store nothing
    ACCESS_ONLY = "access only"  # answer an access token, set no cookie
    REVOKE_FAMILY = "revoke family"  # a replaced token came back: theft; 401
    UNKNOWN = "unknown"  # 401, nothing to store


def new_refresh() -> str:
    """Return the first token of a family: 256 random bits, URL-safe."""
    return new_token()


def refresh_hash(token: str) -> str:
    """Return what is stored of `token`."""
    return token_hash(token)


def successor(old_token: str, server_key: bytes) -> str:
    """Return the token after `old_token`: its HMAC-SHA256 under `server_key`, URL-safe.

    Raises:
        ValueError: the key is shorter than the 32 bytes of the hash (RFC 2104, 3).

    """
    if len(server_key) < sha256().digest_size:
        raise ValueError("the server key must hold at least 32 bytes")
    digest = hmac.digest(server_key, _LABEL + old_token.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def expiry_ms(*, created_at_ms: int, rotated_at_ms: int) -> int:
    """Return when a family ends: 30 days unused, at most 90 days old (Unix ms)."""
    return min(rotated_at_ms + IDLE_LIFETIME_MS, created_at_ms + ABSOLUTE_LIFETIME_MS)


def judge(family: RefreshFamily | None, presented_hash: str, now_ms: int) -> Verdict:
    """Return what the token with `presented_hash` earns at `now_ms`.

    `ROTATE` holds only for whoever then replaces `current_hash` in one conditional
    update; the loser of that race reads the family anew and is judged again.
    """
    if family is None or family.revoked or now_ms >= family.expires_at_ms:
        return Verdict.UNKNOWN
    if presented_hash == family.current_hash:
        return Verdict.ROTATE
    if presented_hash == family.previous_hash:
        return _replaced(family.rotated_at_ms, now_ms, Verdict.SAME_SUCCESSOR)
    replaced_at_ms = family.older.get(presented_hash)
    if replaced_at_ms is None:
        return Verdict.UNKNOWN
    return _replaced(replaced_at_ms, now_ms, Verdict.ACCESS_ONLY)


def _replaced(replaced_at_ms: int, now_ms: int, in_grace: Verdict) -> Verdict:
    recent = now_ms - replaced_at_ms <= GRACE_MS
    return in_grace if recent else Verdict.REVOKE_FAMILY
