"""Passwords: argon2id, off the event loop, on two threads and with a bounded queue."""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from domain.errors import UnavailableError

T = TypeVar("T")

# OWASP ASVS 5.0.0, appendix C: the least for argon2id with one pass and one lane.
TIME_COST = 1
MEMORY_KIB = 47_104
PARALLELISM = 1
THREADS = 2
MAX_WAITING = 64

_log = logging.getLogger(__name__)


class PasswordHasher:
    """Hashes and verifies passwords without holding up the event loop.

    At most `THREADS` run at once (46 MiB each) and `MAX_WAITING` wait. The methods belong
    to the event loop; each runs argon2, which releases the GIL, on a thread of its own.
    """

    def __init__(self) -> None:
        self._argon2 = argon2.PasswordHasher(TIME_COST, MEMORY_KIB, PARALLELISM)
        self._dummy_hash = _hash_of_nothing()
        self._threads = ThreadPoolExecutor(THREADS, "password")
        self._pending = 0
        self._closed = False

    async def hash(self, password: str) -> str:
        """Return the PHC string to store for `password`, with a salt of its own.

        Raises:
            UnavailableError: too many wait already, or the hasher is closed.

        """
        return await self._run(lambda: self._argon2.hash(password))

    async def verify(self, password: str, stored_hash: str | None) -> bool:
        """Return whether `password` is the one behind `stored_hash`.

        None, for an address nobody registered, takes as long as a wrong password.

        Raises:
            UnavailableError: too many wait already, or the hasher is closed.

        """
        against = self._dummy_hash if stored_hash is None else stored_hash
        return await self._run(lambda: self._matches(password, against))

    def needs_rehash(self, stored_hash: str) -> bool:
        """Return whether `stored_hash` was made with other costs than today's."""
        return self._argon2.check_needs_rehash(stored_hash)

    def close(self) -> None:
        """Refuse new work and what waits; returns when what runs has ended (~0.1 s)."""
        self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _matches(self, password: str, stored_hash: str) -> bool:
        try:
            return self._argon2.verify(stored_hash, password)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError):
            _log.exception("a stored password hash cannot be read")
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise UnavailableError("The studio is stopping.")
        if self._pending >= THREADS + MAX_WAITING:
            raise UnavailableError("Too many sign-ins at once; try again in a moment.")
        self._pending += 1
        try:
            return await self._result_of(self._threads.submit(work))
        finally:
            self._pending -= 1

    async def _result_of(self, future: Future[T]) -> T:
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():
                raise UnavailableError("The studio is stopping.") from None
            raise


def _hash_of_nothing() -> str:
    """Return a well-formed PHC string of today's costs that no password matches.

    Its digest is random, so finding a match is as hard as inverting argon2.
    """
    salt, digest = (
        base64.b64encode(secrets.token_bytes(n_bytes)).rstrip(b"=").decode()
        for n_bytes in (16, 32)
    )
    costs = f"m={MEMORY_KIB},t={TIME_COST},p={PARALLELISM}"
    return f"$argon2id$v=19${costs}${salt}${digest}"
