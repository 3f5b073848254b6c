"""Password hashing: real argon2, real threads."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable

import argon2
import pytest

from domain.errors import UnavailableError
from security import passwords
from security.passwords import MAX_WAITING, THREADS, PasswordHasher

PASSWORD = "correct horse battery staple"


def with_hasher(use: Callable[[PasswordHasher], Awaitable[None]]) -> None:
    async def main() -> None:
        hasher = PasswordHasher()
        try:
            async with asyncio.timeout(60):
                await use(hasher)
        finally:
            hasher.close()

    asyncio.run(main())


class Gate:
    """Stands in for argon2 and holds every thread until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.entered = threading.Semaphore(0)
        self.running = 0
        self.most = 0
        self._lock = threading.Lock()

    def hash(self, password: str) -> str:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.entered.release()
        assert self.opened.wait(timeout=30)
        with self._lock:
            self.running -= 1
        return password[::-1]

    async def has_entered(self) -> None:
        assert await asyncio.to_thread(self.entered.acquire, timeout=30)


async def settle() -> None:
    """Let every task that can run take its first step."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_a_password_fits_its_own_hash_and_no_other_password_does():
    async def use(hasher: PasswordHasher) -> None:
        stored = await hasher.hash(PASSWORD)
        assert await hasher.verify(PASSWORD, stored)
        assert not await hasher.verify(PASSWORD + " ", stored)
        assert not await hasher.verify("", stored)

    with_hasher(use)


def test_two_hashes_of_one_password_differ_and_tell_the_costs_of_asvs():
    async def use(hasher: PasswordHasher) -> None:
        one, other = await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)
        assert one != other
        costs = argon2.extract_parameters(one)
        assert costs.type is argon2.Type.ID
        assert costs.memory_cost >= 47_104
        assert (costs.time_cost, costs.parallelism) == (1, 1)
        assert (costs.salt_len, costs.hash_len) == (16, 32)

    with_hasher(use)


def test_a_long_password_counts_to_its_last_character():
    async def use(hasher: PasswordHasher) -> None:
        long = "ä" * 255
        stored = await hasher.hash(long + "x")
        assert await hasher.verify(long + "x", stored)
        assert not await hasher.verify(long + "y", stored)

    with_hasher(use)


def test_an_unknown_address_costs_the_same_work_as_a_known_one():
    async def use(hasher: PasswordHasher) -> None:
        dummy = argon2.extract_parameters(hasher._dummy_hash)
        real = argon2.extract_parameters(await hasher.hash(PASSWORD))
        assert dummy == real
        assert not await hasher.verify(PASSWORD, None)

    with_hasher(use)


def test_the_dummy_hash_is_well_formed_so_that_argon2_really_runs():
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        argon2.PasswordHasher().verify(passwords._hash_of_nothing(), PASSWORD)


def test_an_unreadable_stored_hash_matches_nothing_and_is_logged_without_the_password(
    caplog: pytest.LogCaptureFixture,
):
    async def use(hasher: PasswordHasher) -> None:
        for broken in ("", "plain", "$argon2id$v=19$m=47104,t=1,p=1$AAAA$!"):
            assert not await hasher.verify(PASSWORD, broken)

    with caplog.at_level(logging.ERROR):
        with_hasher(use)

    assert len(caplog.records) == 3
    assert PASSWORD not in caplog.text


def test_a_hash_of_other_costs_needs_a_new_one():
    async def use(hasher: PasswordHasher) -> None:
        cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        assert hasher.needs_rehash(cheap.hash(PASSWORD))
        assert not hasher.needs_rehash(await hasher.hash(PASSWORD))

    with_hasher(use)


def test_two_run_at_once_sixty_four_wait_and_the_next_is_refused():
    async def use(hasher: PasswordHasher) -> None:
        gate = Gate()
        hasher._argon2 = gate
        crowd = [
            asyncio.create_task(hasher.hash(f"pw {n}"))
            for n in range(THREADS + MAX_WAITING)
        ]
        try:
            await settle()
            with pytest.raises(UnavailableError):
                await hasher.hash("one too many")
        finally:
            gate.opened.set()
        assert await asyncio.gather(*crowd) == [
            f"pw {n}"[::-1] for n in range(THREADS + MAX_WAITING)
        ]
        assert gate.most == THREADS
        assert await hasher.hash("abc") == "cba"

    with_hasher(use)


def test_a_caller_who_gives_up_leaves_its_place_to_another():
    async def use(hasher: PasswordHasher) -> None:
        gate = Gate()
        hasher._argon2 = gate
        crowd = [
            asyncio.create_task(hasher.hash("pw")) for _ in range(THREADS + MAX_WAITING)
        ]
        await settle()
        crowd[-1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await crowd[-1]
        late = asyncio.create_task(hasher.hash("late"))
        await settle()
        gate.opened.set()
        assert await late == "etal"
        await asyncio.gather(*crowd[:-1])

    with_hasher(use)


def test_the_loop_goes_on_while_a_password_is_hashed():
    async def use(hasher: PasswordHasher) -> None:
        gate = Gate()
        hasher._argon2 = gate
        task = asyncio.create_task(hasher.hash("pw"))
        await gate.has_entered()
        await settle()
        assert not task.done()
        gate.opened.set()
        assert await task == "wp"

    with_hasher(use)


def test_closing_refuses_what_waits_and_what_comes_and_ends_what_runs():
    async def use(hasher: PasswordHasher) -> None:
        gate = Gate()
        hasher._argon2 = gate
        crowd = [asyncio.create_task(hasher.hash("pw")) for _ in range(THREADS + 3)]
        for _ in range(THREADS):
            await gate.has_entered()
        closing = asyncio.create_task(asyncio.to_thread(hasher.close))
        for waiting in crowd[THREADS:]:
            with pytest.raises(UnavailableError):
                await waiting
        gate.opened.set()
        await closing
        assert await asyncio.gather(*crowd[:THREADS]) == ["wp", "wp"]
        with pytest.raises(UnavailableError):
            await hasher.hash("pw")

    with_hasher(use)


def test_nothing_about_a_password_shows_in_the_repr():
    hasher = PasswordHasher()
    try:
        assert PASSWORD not in repr(hasher)
        assert "argon2id" not in repr(hasher)
    finally:
        hasher.close()
