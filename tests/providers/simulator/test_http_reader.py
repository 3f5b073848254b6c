import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.simulator.failures import ApiError
from providers.simulator.http_reader import MAX_BODY_BYTES, RequestReader

ONE = (
    b"POST /v1/chat/completions?id=a%20b&id=c HTTP/1.1\r\nHost: x\r\nX-Sim-Id: 7\r\n"
    b"Content-Length: 5\r\n\r\nhello"
)
TWO = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@given(st.lists(st.integers(1, 40), min_size=1))
def test_requests_are_the_same_however_their_bytes_are_cut(sizes):
    data, reader, requests = ONE + TWO, RequestReader(), []
    for size in sizes:
        requests += reader.feed(data[:size])
        data = data[size:]
    requests += reader.feed(data)
    one, two = requests
    assert (one.method, one.path, one.body) == ("POST", "/chat/completions", b"hello")
    assert one.headers["x-sim-id"] == "7"
    assert one.parameter("id") == "a b"
    assert one.keep_alive
    assert (two.method, two.path, two.body) == ("GET", "/health", b"")
    assert not two.keep_alive
    assert two.parameter("id") is None


def test_a_chunked_body_is_put_together():
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    (request,) = RequestReader().feed(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert request.body == b"abcde"


def test_a_client_that_waits_to_be_told_to_go_on_is_noticed_once():
    reader = RequestReader()
    head = b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert reader.feed(head) == []
    assert reader.take_expectation()
    assert not reader.take_expectation()
    assert len(reader.feed(b"ab")) == 1


@given(st.lists(st.sampled_from([ONE, TWO, b"\r\n", b"GET //[ HTTP/1.1\r\n\r\n"])))
def test_odd_targets_and_stray_lines_are_no_accident(pieces):
    requests = RequestReader().feed(b"".join(pieces))
    for request in requests:
        assert isinstance(request.path, str)
        assert request.parameter("id") in {"a b", None}
    assert all(request.keep_alive for request in requests[:-1])  # else it was the last


@given(st.binary() | st.binary().map(lambda rest: ONE + rest))
def test_any_bytes_are_read_or_refused(data):
    try:
        requests = RequestReader().feed(data)
    except ApiError as error:
        assert error.status in {400, 431}  # noqa: PT017 - either way is right
    else:
        assert {request.body for request in requests} <= {b"hello", b""}


def refusal_of(data):
    with pytest.raises(ApiError) as refused:
        RequestReader().feed(data)
    return refused.value.status


def test_what_is_not_http_is_refused():
    assert refusal_of(b"\x16\x03\x01\x02\x00\x01\x00\x01") == 400


def test_an_upgrade_is_refused():
    head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert refusal_of(head) == 400


def test_a_head_without_end_is_refused():
    assert refusal_of(b"GET / HTTP/1.1\r\n" + b"X-A: %b\r\n" % (b"a" * 2000) * 50) == 431


def test_a_body_that_is_too_large_is_refused():
    size = MAX_BODY_BYTES + 1
    head = b"POST /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size
    assert refusal_of(head + bytes(size)) == 413


def test_the_largest_body_allowed_is_taken():
    head = b"POST /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % MAX_BODY_BYTES
    (request,) = RequestReader().feed(head + bytes(MAX_BODY_BYTES))
    assert len(request.body) == MAX_BODY_BYTES
