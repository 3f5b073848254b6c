import gzip
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.transport.errors import EndedEarlyError
from engine.transport.reply_parser import MAX_HEAD_BYTES, ReplyParser

SSE = b"data: one\n\ndata: two\r\n\r\ndata: \xe2\x82\xac\n\n"
GZIPPED = gzip.compress(SSE)
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
# name: (bytes on the wire, body, may the connection be used again)
REPLIES = {
    "a length": (HEAD + b"Content-Length: %d\r\n\r\n" % len(SSE) + SSE, SSE, True),
    "no bytes": (HEAD + b"Content-Length: 0\r\n\r\n", b"", True),
    "204 without a body": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "one chunk": (CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(SSE), SSE), SSE, True),
    "a chunk boundary in an event": (
        CHUNKED + b"4\r\ndata\r\n5;ext=1\r\n: x\n\n\r\n000\r\n\r\n",
        b"data: x\n\n",
        True,
    ),
    "trailers": (
        CHUNKED + b"3\r\nabc\r\n0\r\nExpires: 0\r\nX: y\r\n\r\n",
        b"abc",
        True,
    ),
    "interim replies first": (
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 9\r\n\r\n"
        + HEAD
        + b"Content-Length: 2\r\n\r\nok",
        b"ok",
        True,
    ),
    "connection: close": (
        HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
        b"ok",
        False,
    ),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok", False),
    "an empty header and no reason": (
        b"HTTP/1.1 200\r\nX-Empty:\r\nContent-Length: 2\r\n\r\nok",
        b"ok",
        True,
    ),
    "compressed": (
        HEAD
        + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(GZIPPED)
        + GZIPPED,
        GZIPPED,
        True,
    ),
}
IN_EVERY_REPLY = pytest.mark.parametrize("name", REPLIES)


def read(*parts, method="POST"):
    parser = ReplyParser(method)
    return parser, b"".join(parser.feed(part) for part in parts)


def read_to_end(wire):
    parser, _ = read(wire)
    parser.feed_end()


def parts_of(wire, cuts):
    return [wire[a:b] for a, b in pairwise([0, *sorted(cuts), len(wire)])]


@IN_EVERY_REPLY
def test_a_split_at_any_byte_changes_nothing(name):
    wire, body, keeps_alive = REPLIES[name]
    for position in range(len(wire) + 1):
        parser, found = read(*parts_of(wire, [position]))
        assert (found, parser.is_complete) == (body, True), position
        assert (parser.keeps_alive, parser.has_surplus) == (keeps_alive, False), position


@IN_EVERY_REPLY
def test_one_byte_a_read_changes_nothing(name):
    wire, body, keeps_alive = REPLIES[name]
    parser, found = read(*(wire[i : i + 1] for i in range(len(wire))))
    assert (found, parser.is_complete, parser.keeps_alive) == (body, True, keeps_alive)


@given(st.sampled_from(sorted(REPLIES)), st.lists(st.integers(0, 400), max_size=9))
def test_no_way_to_split_changes_anything(name, cuts):
    wire, body, _ = REPLIES[name]
    parser, found = read(*parts_of(wire, [min(cut, len(wire)) for cut in cuts]))
    assert (found, parser.is_complete) == (body, True)


@IN_EVERY_REPLY
def test_no_reply_is_complete_before_its_last_byte(name):
    wire, _, _ = REPLIES[name]
    parser, _ = read(wire[:-1])
    assert not parser.is_complete
    with pytest.raises(EndedEarlyError):
        parser.feed_end()


@IN_EVERY_REPLY
@pytest.mark.parametrize("surplus", [b"HTTP/1.1 200 OK\r\n", b"rubbish", b"\x00"])
def test_bytes_after_the_end_are_surplus_and_no_body(name, surplus):
    wire, body, _ = REPLIES[name]
    parser, found = read(wire + surplus)
    assert (found, parser.is_complete) == (body, True)
    assert parser.has_surplus or not parser.keeps_alive


def test_headers_come_as_they_were_sent_without_those_of_interim_replies_and_trailers():
    parser, _ = read(REPLIES["interim replies first"][0])
    assert parser.headers == [(b"Content-Length", b"2")]
    assert (parser.status, parser.reason, parser.http_version) == (200, b"OK", b"HTTP/1.1")
    parser, _ = read(REPLIES["trailers"][0])
    assert parser.headers == [(b"Transfer-Encoding", b"chunked")]


def test_a_body_without_a_length_ends_with_the_connection():
    parser, body = read(HEAD + b"\r\n", SSE)
    assert (body, parser.is_complete) == (SSE, False)
    parser.feed_end()
    assert (parser.is_complete, parser.keeps_alive) == (True, False)


def test_the_reply_to_head_has_no_body_though_it_names_a_length():
    parser, body = read(HEAD + b"Content-Length: 99\r\n\r\n", method="HEAD")
    assert (body, parser.is_complete) == (b"", True)


@pytest.mark.parametrize(
    "wire",
    [
        b"220 mail.test ESMTP\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"3\r\nabcd\r\n",
        CHUNKED + b"ffffffffffffffffff\r\n",
        HEAD + b"Content-Length: x\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
        HEAD + b"bad header\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(wire):
    with pytest.raises(httpx.RemoteProtocolError):
        read_to_end(wire)


@pytest.mark.parametrize("line", [b"X: " + b"y" * 1000 + b"\r\n", b"HTTP/1.1 100 \r\n\r\n"])
def test_a_head_without_an_end_is_refused_in_bounded_memory(line):
    beginning = HEAD if line.startswith(b"X") else b""
    endless = (line for _ in range(MAX_HEAD_BYTES))
    with pytest.raises(httpx.RemoteProtocolError, match="64 KiB"):
        read(beginning, *endless)
