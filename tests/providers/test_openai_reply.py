import json

import pytest

from domain.failures import ErrorClass
from domain.measures import TokenEvent, Usage
from providers.base import ReplyError, StampedBytes
from providers.openai import OpenAiProtocol


def delta(finish=None, **fields):
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def text(payload):
    return payload if isinstance(payload, str) else json.dumps(payload)


def stream(*payloads):
    """Return a body with one event a read, the first at 1 ms, one each millisecond."""
    chunks = [StampedBytes(0, b"")]
    for number, payload in enumerate(payloads, start=1):
        data = f"data: {text(payload)}\n\n".encode()
        chunks.append(StampedBytes(number * 1_000_000, data))
    return chunks


def parse(chunks):
    return OpenAiProtocol().parse(chunks)


def failing(chunks):
    with pytest.raises(ReplyError) as caught:
        parse(chunks)
    return caught.value


def at(milliseconds, channel, characters, running=None):
    return TokenEvent(milliseconds * 1_000_000, channel, characters, running_tokens=running)


def test_a_stream_with_role_content_finish_usage_and_end_mark():
    reply = parse(
        stream(
            delta(role="assistant", content=""),
            delta(content="Hel"),
            delta(content="lo"),
            delta(finish="stop"),
            {
                "choices": [],
                "usage": {
                    "prompt_tokens": 11,
                    "completion_tokens": 2,
                    "completion_tokens_details": {"reasoning_tokens": 1},
                    "prompt_tokens_details": {"cached_tokens": 8},
                },
            },
            "[DONE]",
        )
    )
    assert reply.events == (at(2, "content", 3), at(3, "content", 2))
    assert reply.usage == Usage(11, 2, 1, 8)
    assert reply.finish_reason == "stop"
    assert reply.complete


@pytest.mark.parametrize(
    "empty",
    [
        {"role": "assistant"},
        {"role": "assistant", "content": ""},
        {"role": "assistant", "content": None},
        {"reasoning_content": ""},
        {"tool_calls": [{"index": 0, "id": "call_1", "type": "function"}]},
        {"tool_calls": [{"index": 0, "function": {"name": "", "arguments": ""}}]},
    ],
)
def test_an_event_without_text_is_not_a_token(empty):
    assert parse(stream(delta(**empty), delta(content="x"))).events == (
        at(2, "content", 1),
    )


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_has_two_names(name):
    reply = parse(stream(delta(**{name: "hmm"}), delta(content="so")))
    assert reply.events == (at(1, "reasoning", 3), at(2, "content", 2))


def test_reasoning_under_both_names_counts_once():
    reply = parse(stream(delta(reasoning="hmm", reasoning_content="hmm")))
    assert reply.events == (at(1, "reasoning", 3),)


def test_tool_calls_are_tokens_by_name_and_by_arguments():
    call = {"index": 0, "id": "c", "function": {"name": "look_up", "arguments": ""}}
    more = {"index": 0, "function": {"arguments": '{"a"'}}
    reply = parse(stream(delta(tool_calls=[call]), delta(tool_calls=[more])))
    assert reply.events == (at(1, "tool", 7), at(2, "tool", 4))


def test_an_event_with_reasoning_and_answer_is_an_answer():
    reply = parse(stream(delta(content="so", reasoning="hmm")))
    assert reply.events == (at(1, "content", 5),)


def test_running_usage_is_kept_with_its_event():
    first = delta(content="ab") | {"usage": {"prompt_tokens": 5, "completion_tokens": 2}}
    second = delta(content="c") | {"usage": {"prompt_tokens": 5, "completion_tokens": 3}}
    reply = parse(stream(first, second, "[DONE]"))
    assert reply.events == (at(1, "content", 2, running=2), at(2, "content", 1, running=3))
    assert reply.usage == Usage(5, 3)


def test_an_end_mark_alone_and_a_finish_reason_alone_both_complete_a_reply():
    assert parse(stream(delta(content="x"), "[DONE]")).complete
    assert parse(stream(delta(content="x"), delta(finish="length"))).complete


def test_a_stream_that_just_stops_is_not_complete():
    assert not parse(stream(delta(content="x"), delta(content="y"))).complete
    assert not parse([]).complete


def test_what_follows_the_end_mark_is_nobodys():
    assert parse(stream(delta(content="x"), "[DONE]", "not json")).complete


def test_a_comment_is_not_an_event():
    chunks = stream(delta(content="x"), "[DONE]")
    chunks.insert(1, StampedBytes(500_000, b": PROCESSING\n\n"))
    assert parse(chunks).events == (at(1, "content", 1),)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"message": "overloaded", "code": 529}, "overloaded"),
        ("overloaded", "overloaded"),
        ({"error": {"message": "deep"}}, "deep"),
        ({"code": 7}, '{"code":7}'),
        ({"message": "m" * 900}, "m" * 500),
    ],
)
def test_an_error_in_the_stream_is_the_providers(error, message):
    failure = failing(stream(delta(content="x"), {"error": error}, "[DONE]"))
    assert failure.error_class is ErrorClass.PROVIDER_ERROR
    assert str(failure) == message
    assert failure.partial.events == (at(1, "content", 1),)


def test_an_event_named_error_is_the_providers_whatever_it_holds():
    chunks = [StampedBytes(0, b"event: error\ndata: out of memory\n\n")]
    failure = failing(chunks)
    assert (failure.error_class, str(failure)) == (
        ErrorClass.PROVIDER_ERROR,
        "out of memory",
    )


@pytest.mark.parametrize(
    "garbage",
    [
        "{not json",
        "7",
        '{"choices": 7}',
        '{"choices": [{"delta": {"content": 7}}]}',
        "[" * 200_000,
    ],
)
def test_garbage_is_malformed_and_keeps_what_came_before(garbage):
    failure = failing(stream(delta(content="x"), garbage, "[DONE]"))
    assert failure.error_class is ErrorClass.MALFORMED
    assert failure.partial.events == (at(1, "content", 1),)


def test_bytes_that_are_not_utf8_are_malformed():
    bad = b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n'
    failure = failing([StampedBytes(0, bad)])
    assert failure.error_class is ErrorClass.MALFORMED


def test_an_event_cut_in_the_middle_is_not_malformed():
    chunks = [*stream(delta(content="x")), StampedBytes(9, b'data: {"choi')]
    reply = parse(chunks)
    assert not reply.complete
    assert reply.events == (at(1, "content", 1),)


@pytest.mark.parametrize("page", [b"<!doctype html>", b"\xef\xbb\xbf<html>", b"ok"])
def test_what_is_no_stream_at_all_is_malformed(page):
    assert failing([StampedBytes(0, page)]).error_class is ErrorClass.MALFORMED


def whole(**message):
    return {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_a_plain_json_reply_is_one_event_that_came_with_its_last_read(cut):
    body = b"\r\n  \xef\xbb\xbf"[:0] + json.dumps(whole(content="Hello")).encode()
    chunks = [StampedBytes(1_000_000, body[:cut]), StampedBytes(4_000_000, body[cut:])]
    reply = parse(chunks)
    assert reply.events == (at(4, "content", 5, running=2),)
    assert reply.usage == Usage(3, 2)
    assert reply.complete


def test_blank_lines_before_a_plain_json_reply_are_kept_alive_not_malformed():
    body = json.dumps(whole(content="Hi")).encode()
    assert parse([StampedBytes(0, b"\n" * 40), StampedBytes(1, body)]).complete


def test_a_plain_json_error_is_the_providers():
    failure = failing([StampedBytes(0, b'{"error": {"message": "no credit"}}')])
    assert (failure.error_class, str(failure)) == (ErrorClass.PROVIDER_ERROR, "no credit")


@pytest.mark.parametrize("body", [b"{}", b'{"choices": []}', b'{"choices": [', b"{"])
def test_a_plain_json_object_that_is_no_reply_is_malformed(body):
    assert failing([StampedBytes(0, body)]).error_class is ErrorClass.MALFORMED
