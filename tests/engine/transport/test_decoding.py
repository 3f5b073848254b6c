import gzip
import zlib

import httpx
import pytest

from engine.transport.decoding import decoded
from engine.transport.errors import ReplyTooLargeError
from providers.base import StampedBytes

TEXT = b"data: one\n\ndata: two\n\n"


def reads(*parts):
    return [StampedBytes(100 * n, part, n, 100 * n - 1) for n, part in enumerate(parts)]


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_without_an_encoding_nothing_changes(encoding):
    assert decoded(reads(TEXT), encoding) == reads(TEXT)


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("Deflate", zlib.compress)]
)
def test_a_compressed_body_is_inflated_wherever_it_was_split(encoding, compress):
    wire = compress(TEXT)
    for position in range(len(wire) + 1):
        found = decoded(reads(wire[:position], wire[position:]), encoding)
        assert b"".join(read.data for read in found) == TEXT


def test_a_byte_arrives_with_the_read_that_lets_it_be_inflated():
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"one") + packer.flush(zlib.Z_SYNC_FLUSH)
    second = packer.compress(b"two") + packer.flush()
    one, two = decoded(reads(first, second), "gzip")
    assert (one.data, one.arrival_ns, one.lag_ns, one.earliest_ns) == (b"one", 0, 0, -1)
    assert (two.data, two.arrival_ns, two.lag_ns, two.earliest_ns) == (b"two", 100, 1, 99)


def test_a_small_reply_that_inflates_to_a_huge_one_is_refused():
    with pytest.raises(ReplyTooLargeError):
        decoded(reads(gzip.compress(bytes(10_000_000))), "gzip", max_bytes=1_000_000)


@pytest.mark.parametrize(("encoding", "data"), [("br", TEXT), ("gzip", TEXT)])
def test_what_cannot_be_inflated_is_an_error(encoding, data):
    with pytest.raises(httpx.DecodingError):
        decoded(reads(data), encoding)
