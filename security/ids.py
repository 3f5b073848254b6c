"""Ids that sort by creation time, and random tokens of which only a hash is kept."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
import uuid

_COUNTER_BITS = 42
_TAIL_BITS = 32


class UuidV7Source:
    """Makes UUIDv7 strings (RFC 9562, 5.7) that strictly grow, whatever the clock does.

    Layout, as in CPython 3.14: 48 bits of Unix milliseconds, a 42-bit counter, 32 random
    bits (RFC 9562, 6.2, method 1). Each new millisecond seeds the counter at random with
    its top bit clear, which leaves room for 2**41 ids. Inside one millisecond, or after
    the clock was set back, the counter goes up by one; should it overflow, the
    millisecond is borrowed from the future. A lock makes that order hold over threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unix_ms = 0
        self._counter = 0

    def new(self, now_ms: int) -> str:
        """Return the next id at `now_ms` (Unix milliseconds)."""
        with self._lock:
            self._advance(now_ms)
            unix_ms, counter = self._unix_ms, self._counter
        return _format(unix_ms, counter, secrets.randbits(_TAIL_BITS))

    def _advance(self, now_ms: int) -> None:
        if now_ms <= self._unix_ms:
            self._counter += 1
            if self._counter >> _COUNTER_BITS == 0:
                return
            now_ms = self._unix_ms + 1
        self._unix_ms = now_ms
        self._counter = secrets.randbits(_COUNTER_BITS - 1)


def _format(unix_ms: int, counter: int, tail: int) -> str:
    high, low = counter >> 30, counter & 0x3FFF_FFFF
    version, variant = 0x7, 0b10
    value = unix_ms << 80 | version << 76 | high << 64 | variant << 62 | low << 32 | tail
    return str(uuid.UUID(int=value))


_source = UuidV7Source()


def new_id() -> str:
    """Return a UUIDv7 string greater than every one this process returned before."""
    return _source.new(time.time_ns() // 1_000_000)


def new_token(prefix: str = "") -> str:
    """Return `prefix` and 256 random bits as 43 URL-safe characters."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the SHA-256 of `token` in hex.

    A plain hash is enough for 256 random bits; it would not be for a password.
    """
    return hashlib.sha256(token.encode()).hexdigest()
