import json

import pytest

from domain.failures import ErrorClass
from domain.measures import Usage
from providers.anthropic import AnthropicProtocol
from providers.base import ReplyError, StampedBytes


def stream(*payloads):
    chunks = [StampedBytes(0, b"")]
    for number, payload in enumerate(payloads, start=1):
        name = payload["type"]
        data = f"event: {name}\ndata: {json.dumps(payload)}\n\n".encode()
        chunks.append(StampedBytes(number, data))
    return chunks


def start(**usage):
    return {"type": "message_start", "message": {"id": "m", "usage": usage}}


def delta(**fields):
    return {"type": "content_block_delta", "index": 0, "delta": fields}


def end(reason="end_turn", **usage):
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def parse(*payloads):
    return AnthropicProtocol().parse(stream(*payloads))


def failing(*payloads):
    with pytest.raises(ReplyError) as caught:
        parse(*payloads)
    return caught.value


def tokens(reply):
    return [(event.channel, event.characters) for event in reply.events]


@pytest.mark.parametrize(
    "silent",
    [
        {"type": "ping"},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "content_block": {"type": "text", "text": ""}},
        {
            "type": "content_block_start",
            "content_block": {"type": "redacted_thinking", "data": "abc"},
        },
        {
            "type": "content_block_start",
            "content_block": {"type": "web_search_tool_result", "content": [{"a": 1}]},
        },
        delta(type="signature_delta", signature="abc"),
        delta(type="citations_delta", citation={"cited_text": "abc"}),
        delta(type="input_json_delta", partial_json=""),
        delta(type="invented_delta", news="abc"),
        {"type": "invented_event", "delta": {"text": "abc"}},
    ],
)
def test_what_is_not_the_models_text_is_no_token(silent):
    reply = parse(silent, delta(type="text_delta", text="x"))
    assert tokens(reply) == [("content", 1)]


def test_the_input_is_what_was_read_fresh_and_what_the_cache_held():
    counts = {"cache_read_input_tokens": 100, "cache_creation_input_tokens": 7}
    reply = parse(start(input_tokens=3, output_tokens=1, **counts), end(output_tokens=9))
    assert reply.usage == Usage(110, 9, None, 100)


def test_the_final_usage_replaces_what_it_names():
    first = start(input_tokens=3, cache_read_input_tokens=5)
    reply = parse(first, end(input_tokens=4, output_tokens=9))
    assert reply.usage == Usage(9, 9, None, 5)


def test_a_reply_that_breaks_off_has_no_output_count():
    reply = parse(start(input_tokens=3, output_tokens=1), delta(text="Hello"))
    assert reply.usage == Usage(3, None)
    assert not reply.complete


def test_a_stop_reason_alone_completes_a_reply():
    assert parse(delta(text="x"), end("max_tokens")).finish_reason == "max_tokens"
    assert parse(delta(text="x"), end()).complete
    assert parse(delta(text="x"), {"type": "message_stop"}).complete


def test_an_error_keeps_what_came_before_it():
    error = {"type": "error", "error": {"type": "api_error", "message": "Internal"}}
    failure = failing(start(input_tokens=3), delta(text="x"), error)
    assert (failure.error_class, str(failure)) == (ErrorClass.PROVIDER_ERROR, "Internal")
    assert tokens(failure.partial) == [("content", 1)]


def test_an_error_without_an_event_name_is_an_error_all_the_same():
    body = b'data: {"type": "error", "error": {"message": "no"}}\n\n'
    with pytest.raises(ReplyError, match=r"^no$"):
        AnthropicProtocol().parse([StampedBytes(0, body)])


def test_garbage_is_malformed():
    failure = failing(delta(text="x"), delta(text=7))
    assert failure.error_class is ErrorClass.MALFORMED
    assert tokens(failure.partial) == [("content", 1)]


def test_a_whole_message_is_one_event():
    message = {
        "type": "message",
        "content": [
            {"type": "thinking", "thinking": "hmm", "signature": "s"},
            {"type": "text", "text": "Hello"},
            {"type": "tool_use", "name": "look", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 3, "output_tokens": 20},
    }
    body = json.dumps(message).encode()
    reply = AnthropicProtocol().parse(
        [StampedBytes(0, body[:9]), StampedBytes(4, body[9:])]
    )
    assert tokens(reply) == [("content", 3 + 5 + 4 + len('{"a":1}'))]
    assert reply.events[0].arrival_ns == 4
    assert (reply.usage, reply.finish_reason) == (Usage(3, 20), "tool_use")
    assert reply.complete


@pytest.mark.parametrize("body", [b"{}", b'{"type": "message_start"}', b"{"])
def test_a_json_object_that_is_no_message_is_malformed(body):
    with pytest.raises(ReplyError) as caught:
        AnthropicProtocol().parse([StampedBytes(0, body)])
    assert caught.value.error_class is ErrorClass.MALFORMED


def test_a_json_error_is_the_providers():
    body = b'{"type": "error", "error": {"type": "x", "message": "no credit"}}'
    with pytest.raises(ReplyError, match=r"^no credit$"):
        AnthropicProtocol().parse([StampedBytes(0, body)])
