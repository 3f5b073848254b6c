"""Storage as actors: group commit, savepoints, events after the commit, no lost write."""

import asyncio
import contextlib
import functools
import sqlite3
import threading

import pytest

from actors.runtime import LoopActor, stop_actor
from actors.storage import Storage, StorageActor
from domain.errors import ConflictError, UnavailableError
from storage import accounts
from storage.changes import Change, StoredEvent
from storage.database import Store


class Root(LoopActor):
    """Stands where the system would; remembers what it is told."""

    def __init__(self):
        super().__init__()
        self.told = []

    def on_receive(self, message):
        self.told.append(message)


class Bench:
    """A writer and a reader over a real database."""

    def __init__(self, tmp_path):
        self.store = Store(tmp_path / "studio.db")
        self.store.migrate()
        self.published = []
        self.root = Root.start()
        self.storage = Storage()
        start = functools.partial(
            StorageActor.start, self.store, self.published.extend, parent=self.root
        )
        self.storage.writer = start(name="writer")
        self.storage.readers["reader"] = start(name="reader")

    async def stop(self):
        for ref in (self.storage.writer, self.storage.readers["reader"], self.root):
            await stop_actor(ref)


def create(email):
    return accounts.create(email, "hash", 1, first_only=False)


def told(change, seq):
    event = StoredEvent(change.value.id, seq, "job", "job_created", "{}", 1)
    return Change(change.value, (event,))


@pytest.mark.gen_test(timeout=20)
async def test_what_was_written_is_there_for_the_next_read(tmp_path):
    bench = Bench(tmp_path)
    account = await bench.storage.write(create, "ada@example.org")
    assert await bench.storage.read(accounts.find, account.id) == account
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_writes_that_wait_together_share_a_commit_and_one_failure_spares_the_rest(
    tmp_path,
):
    bench = Bench(tmp_path)
    gate, transactions = threading.Event(), []
    begin = bench.store.transaction

    def counted():
        transactions.append(1)
        return begin()

    bench.store.transaction = counted

    def held():
        gate.wait(10)
        return create("first@example.org")

    writes = [asyncio.ensure_future(bench.storage.write(held))]
    await asyncio.sleep(0.05)
    for number in range(50):
        email = "same@example.org" if number % 10 == 0 else f"u{number}@example.org"
        writes.append(asyncio.ensure_future(bench.storage.write(create, email)))
    await asyncio.sleep(0)
    gate.set()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    failed = [o for o in outcomes if isinstance(o, Exception)]
    assert len(failed) == 4
    assert all(isinstance(error, ConflictError) for error in failed)
    assert await bench.storage.read(accounts.count) == 47
    assert len(transactions) == 2
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_events_are_told_in_commit_order_and_only_after_the_commit(tmp_path):
    bench = Bench(tmp_path)
    seen = []

    def publish(events):
        with contextlib.closing(sqlite3.connect(tmp_path / "studio.db")) as other:
            count = other.execute("SELECT count(*) FROM account").fetchone()[0]
        seen.extend((event.seq, count) for event in events)

    bench.storage.writer._actor_weakref()._publish = publish
    for number in range(3):
        await bench.storage.write(lambda n=number: told(create(f"u{n}@example.org"), n + 1))
    assert seen == [(1, 1), (2, 2), (3, 3)]
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_failed_commit_fails_every_write_of_its_group_and_tells_nothing(tmp_path):
    bench = Bench(tmp_path)

    def full():
        raise OSError("No space left on device")

    bench.store.transaction = full
    with pytest.raises(OSError, match="No space"):
        await bench.storage.write(create, "ada@example.org")
    assert bench.published == []
    assert bench.storage.writer.is_alive()
    await bench.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_write_that_waits_when_storage_stops_is_refused_not_forgotten(tmp_path):
    bench = Bench(tmp_path)
    gate = threading.Event()
    held = asyncio.ensure_future(
        bench.storage.write(lambda: (gate.wait(10), create("a@example.org"))[1])
    )
    await asyncio.sleep(0.05)
    stopping = asyncio.ensure_future(stop_actor(bench.storage.writer))
    await asyncio.sleep(0.05)
    late = asyncio.ensure_future(bench.storage.write(create, "late@example.org"))
    await asyncio.sleep(0)
    gate.set()
    assert (await held).email == "a@example.org"
    with pytest.raises(UnavailableError):
        await late
    await stopping
    await bench.stop()
