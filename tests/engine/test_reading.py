import asyncio

import pytest

from engine.reading import Reads, TooLargeError

pytestmark = pytest.mark.gen_test(timeout=10)


def ignore(_arrival_ns, _data):
    pass


async def pieces(*reads):
    """Yield the pieces of each read at once, and let the loop turn between reads."""
    for number, read in enumerate(reads):
        if number:
            await asyncio.sleep(0)
        for piece in read:
            yield piece


async def test_pieces_that_came_without_a_turn_of_the_loop_are_one_read():
    reads = Reads(empty_at_ns=10, first_at_ns=20)
    await reads.take_all(pieces([b"a", b"b"], [b"c"], [b"d", b"e"]), ignore)
    reads.close()
    assert [chunk.data for chunk in reads.chunks] == [b"", b"ab", b"c", b"de"]
    stamps = [chunk.arrival_ns for chunk in reads.chunks]
    assert stamps[:2] == [10, 20]
    assert stamps == sorted(set(stamps))


async def test_a_reply_whose_body_came_after_its_headers_has_no_read_of_nothing():
    reads = Reads(empty_at_ns=10, first_at_ns=20)
    await reads.take_all(pieces([], [b"a"]), ignore)
    reads.close()
    assert [chunk.data for chunk in reads.chunks] == [b"", b"a"]


async def test_what_came_before_a_break_is_kept():
    async def broken():
        yield b"a"
        raise ConnectionError

    reads = Reads(empty_at_ns=10, first_at_ns=20)
    with pytest.raises(ConnectionError):
        await reads.take_all(broken(), ignore)
    reads.close()
    assert reads.chunks[-1].data == b"a"


async def test_a_reply_is_bounded_in_bytes():
    reads = Reads(0, 0, max_bytes=10)
    with pytest.raises(TooLargeError):
        await reads.take_all(pieces(*([b"12345678"] for _ in range(3))), ignore)


async def test_a_reply_is_bounded_in_reads():
    reads = Reads(0, 0, max_reads=5)
    with pytest.raises(TooLargeError):
        await reads.take_all(pieces(*([b"1"] for _ in range(20))), ignore)


async def test_listeners_hear_each_piece_with_the_stamp_of_its_read():
    heard = []
    reads = Reads(empty_at_ns=10, first_at_ns=20)
    await reads.take_all(pieces([b"a", b"b"], [b"c"]), lambda *told: heard.append(told))
    reads.close()
    assert heard[:2] == [(20, b"a"), (20, b"b")]
    assert heard[2] == (reads.chunks[2].arrival_ns, b"c")
