"""Ids and random tokens."""

import hashlib
import threading
import time
import uuid

from security.ids import UuidV7Source, new_id, new_token, token_hash


def test_an_id_is_a_uuid_of_version_7_that_tells_the_time():
    before_ms = time.time_ns() // 1_000_000
    parsed = uuid.UUID(new_id())
    after_ms = time.time_ns() // 1_000_000

    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    # earlier tests of this process may have borrowed a millisecond or two
    assert before_ms <= parsed.int >> 80 <= after_ms + 10


def test_ids_of_one_millisecond_grow_in_the_order_they_were_made():
    source = UuidV7Source()
    ids = [source.new(1_000) for _ in range(20_000)]

    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {uuid.UUID(one).int >> 80 for one in ids} == {1_000}


def test_ids_grow_although_the_clock_is_set_back():
    source = UuidV7Source()
    ids = [source.new(now_ms) for now_ms in (5_000, 4_000, 5_000, 1, 5_001, 6_000)]

    assert ids == sorted(ids)


def test_a_full_counter_borrows_the_next_millisecond():
    source = UuidV7Source()
    first = source.new(7)
    source._counter = 2**42 - 1
    second = source.new(7)

    assert second > first
    assert uuid.UUID(second).int >> 80 == 8


def test_threads_never_get_the_same_id_and_each_sees_its_own_grow():
    made: list[list[str]] = [[] for _ in range(8)]
    start = threading.Barrier(len(made))

    def work(mine: list[str]) -> None:
        start.wait(timeout=20)
        mine.extend(new_id() for _ in range(3_000))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert all(mine == sorted(mine) for mine in made)
    assert len({one for mine in made for one in mine}) == 8 * 3_000


def test_a_token_has_its_prefix_and_256_bits_that_fit_into_a_url():
    tokens = {new_token("bst_") for _ in range(100)}

    assert len(tokens) == 100
    for token in tokens:
        assert token.startswith("bst_")
        assert len(token) == 4 + 43
        assert token.replace("-", "").replace("_", "").isalnum()


def test_what_is_stored_of_a_token_is_its_sha_256():
    assert token_hash("abc") == hashlib.sha256(b"abc").hexdigest()
