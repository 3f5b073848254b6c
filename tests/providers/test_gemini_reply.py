import json

import pytest

from domain.failures import ErrorClass
from domain.measures import Usage
from providers.base import ReplyError, StampedBytes
from providers.gemini import GeminiProtocol


def chunk(*parts, finish=None, **usage):
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    made = {"candidates": [candidate]}
    return made | ({"usageMetadata": usage} if usage else {})


def parse(*payloads):
    chunks = [StampedBytes(0, b"")]
    for number, payload in enumerate(payloads, start=1):
        data = f"data: {json.dumps(payload)}\r\n\r\n".encode()
        chunks.append(StampedBytes(number, data))
    return GeminiProtocol().parse(chunks)


def failing(*payloads):
    with pytest.raises(ReplyError) as caught:
        parse(*payloads)
    return caught.value


def tokens(reply):
    return [(e.channel, e.characters, e.running_tokens) for e in reply.events]


@pytest.mark.parametrize(
    "silent",
    [
        {"usageMetadata": {"promptTokenCount": 4}},
        {"candidates": [{"index": 0}]},
        {"candidates": [{"content": {"role": "model"}}]},
        chunk({"text": ""}),
        chunk({"thoughtSignature": "abc"}),
        chunk({"inlineData": {"mimeType": "image/png", "data": "abc"}}),
        chunk({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "4"}}),
    ],
)
def test_what_is_not_the_models_text_is_no_token(silent):
    assert tokens(parse(silent, chunk({"text": "x"}))) == [("content", 1, None)]


def test_thoughts_are_reasoning_and_calls_are_tools():
    reply = parse(
        chunk({"text": "hmm", "thought": True}),
        chunk({"functionCall": {"name": "look", "args": {"a": 1}}}),
        chunk({"functionCall": {"name": "look"}}),
        chunk({"executableCode": {"language": "PYTHON", "code": "1+1"}}),
        chunk({"text": "so"}, finish="STOP"),
    )
    assert tokens(reply) == [
        ("reasoning", 3, None),
        ("tool", 4 + len('{"a":1}'), None),
        ("tool", 4, None),
        ("tool", 3, None),
        ("content", 2, None),
    ]


def test_running_usage_counts_thinking_that_is_not_shown():
    first = chunk(
        {"text": "So"}, promptTokenCount=5, candidatesTokenCount=2, thoughtsTokenCount=90
    )
    last = chunk(
        {"text": " it is."},
        finish="STOP",
        promptTokenCount=5,
        candidatesTokenCount=6,
        thoughtsTokenCount=90,
        cachedContentTokenCount=3,
    )
    reply = parse(first, last)
    assert tokens(reply) == [("content", 2, 92), ("content", 7, 96)]
    assert reply.usage == Usage(5, 96, 90, 3)


def test_the_prompts_of_tools_are_input_too():
    usage = {"promptTokenCount": 5, "toolUsePromptTokenCount": 30}
    assert parse(chunk({"text": "x"}, **usage)).usage == Usage(35, None)


def test_a_finish_reason_completes_a_reply_and_nothing_else_does():
    assert not parse(chunk({"text": "x"})).complete
    reply = parse(chunk({"text": "x"}), chunk(finish="SAFETY"))
    assert (reply.complete, reply.finish_reason) == (True, "SAFETY")


def test_a_blocked_prompt_is_the_providers_error():
    failure = failing({"promptFeedback": {"blockReason": "SAFETY"}})
    assert failure.error_class is ErrorClass.PROVIDER_ERROR
    assert str(failure) == "the prompt was blocked: SAFETY"


def test_feedback_that_blocks_nothing_is_no_error():
    feedback = {"promptFeedback": {"safetyRatings": []}}
    assert parse(feedback | chunk({"text": "x"}, finish="STOP")).complete


def test_an_error_object_keeps_what_came_before_it():
    error = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
    failure = failing(chunk({"text": "x"}), error)
    assert (failure.error_class, str(failure)) == (ErrorClass.PROVIDER_ERROR, "overloaded")
    assert tokens(failure.partial) == [("content", 1, None)]


def test_garbage_is_malformed():
    failure = failing(chunk({"text": "x"}), chunk({"text": 7}))
    assert failure.error_class is ErrorClass.MALFORMED


def test_a_whole_reply_is_one_event():
    body = json.dumps(chunk({"text": "Hello"}, finish="STOP", candidatesTokenCount=2))
    reply = GeminiProtocol().parse([StampedBytes(3, body.encode())])
    assert tokens(reply) == [("content", 5, 2)]
    assert reply.complete


@pytest.mark.parametrize("body", [b"{}", b'[{"candidates": []}]', b"<html>"])
def test_what_is_no_reply_is_malformed(body):
    with pytest.raises(ReplyError) as caught:
        GeminiProtocol().parse([StampedBytes(0, body)])
    assert caught.value.error_class is ErrorClass.MALFORMED
