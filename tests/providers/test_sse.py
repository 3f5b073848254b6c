from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base import StampedBytes
from providers.sse import split_events

STREAM = (
    b"\xef\xbb\xbf: hello\n\n"
    b'data: {"a": 1}\n\n'
    b"data:no space\r\n\r\n"
    b"event: error\rdata: one\rdata: two\r\r"
    b"id: 7\nretry: 3\n\n"
    b": PROCESSING\n\n"
    b"data\n\n"
    b"data:  two spaces\r\n\n"
    b"\n\ndata: \xe2\x82\xac\n\n\n"
    b"data: unfinished"
)
EVENTS = [
    ("", b'{"a": 1}', True),
    ("", b"no space", True),
    ("error", b"one\ntwo", True),
    ("", b"", True),
    ("", b" two spaces", True),
    ("", b"\xe2\x82\xac", True),
    ("", b"unfinished", False),
]


def reads(*parts):
    return [
        StampedBytes(arrival_ns=1000 * number, data=part)
        for number, part in enumerate(parts)
    ]


def plain(events):
    return [(event.name, event.data, event.terminated) for event in events]


def test_the_grammar_of_event_streams():
    assert plain(split_events(reads(STREAM))) == EVENTS


@pytest.mark.parametrize("position", range(len(STREAM) + 1))
def test_a_split_at_any_byte_changes_no_event(position):
    parts = STREAM[:position], STREAM[position:]
    assert plain(split_events(reads(*parts))) == EVENTS


def test_one_byte_a_read_changes_no_event():
    parts = (STREAM[i : i + 1] for i in range(len(STREAM)))
    assert plain(split_events(reads(*parts))) == EVENTS


@given(st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=12))
def test_no_way_to_split_changes_an_event(cuts):
    edges = [0, *sorted(cuts), len(STREAM)]
    parts = [STREAM[a:b] for a, b in pairwise(edges)]
    assert plain(split_events(reads(*parts))) == EVENTS


def stamps(*parts):
    return [
        (event.data, event.arrival_ns, event.coalesced, event.bound_ns)
        for event in split_events(reads(*parts))
    ]


def test_an_event_arrives_with_the_read_that_completes_it():
    assert stamps(b"data: a", b"\n", b"\n", b"data: b\n\n") == [
        (b"a", 2000, False, 0),
        (b"b", 3000, False, 0),
    ]


def test_all_but_the_last_event_of_a_read_are_coalesced_and_bounded_by_the_read_before():
    found = stamps(b"", b"data: a\n\n", b"data: b\n\ndata: c\n\ndata: d\n\n")
    assert found == [
        (b"a", 1000, False, 0),
        (b"b", 2000, True, 1000),
        (b"c", 2000, True, 1000),
        (b"d", 2000, False, 0),
    ]


def test_the_first_read_is_bounded_by_an_empty_one_before_it():
    assert stamps(b"", b"data: a\n\ndata: b\n\n")[0] == (b"a", 1000, True, 1000)


def test_the_beginning_of_a_next_event_in_the_read_makes_a_stamp_inexact_too():
    found = stamps(b"data: a\n\n", b"data: b\n\ndat", b"a: c\n\n")
    assert found[1:] == [(b"b", 1000, True, 1000), (b"c", 2000, False, 0)]


def test_a_line_feed_that_comes_late_does_not_make_its_event_late():
    found = stamps(b"data: a\r\n\r", b"\n", b"data: b\r\n\r\n")
    assert found == [(b"a", 0, False, 0), (b"b", 2000, False, 0)]


def test_superfluous_blank_lines_belong_to_the_event_before_them():
    assert stamps(b"", b"data: a\n\n\n\n", b"data: b\n\n")[0] == (b"a", 1000, False, 0)


def test_no_bytes_are_no_events():
    assert stamps() == []
    assert stamps(b"") == []
