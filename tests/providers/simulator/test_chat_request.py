import json

import pytest

from providers.simulator.chat_request import decode
from providers.simulator.failures import ApiError


def request(**fields):
    messages = [{"role": "user", "content": "hello"}]
    return decode(json.dumps({"model": "sim-n1", "messages": messages, **fields}).encode())


def test_a_prompt_token_is_four_characters_of_any_message_rounded_up():
    parts = [{"type": "text", "text": "12345"}, {"type": "image_url", "image_url": {}}]
    messages = [
        {"role": "system", "content": "1234"},
        {"role": "user", "content": parts},
        {"role": "assistant", "content": None},
    ]
    assert request(messages=messages).prompt_tokens == 3
    assert request(messages=[{"role": "user", "content": ""}]).prompt_tokens == 0


def test_characters_are_counted_and_not_bytes():
    assert request(messages=[{"role": "user", "content": "ééééé"}]).prompt_tokens == 2


def test_the_newer_name_of_the_token_limit_wins():
    assert request(max_tokens=5, max_completion_tokens=7).token_limit == 7
    assert request(max_tokens=5).token_limit == 5
    assert request().token_limit is None


def test_the_first_tool_offered_is_called():
    tools = [{"type": "function", "function": {"name": "look_up"}}]
    assert request(tools=tools).tool_name == "look_up"
    assert request(tools=[{"type": "custom"}]).tool_name == "answer"


def test_what_the_simulator_does_not_know_is_ignored():
    assert request(ignore_eos=True, temperature=0.5, seed=1, n=1).model == "sim-n1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"model": "m", "x": ' + b"[" * 100_000,
        b'{"model": "m\xff", "messages": [{"role": "user"}]}',
        b'{"messages": [{"role": "user", "content": "x"}]}',
        b'{"model": "m"}',
        b'{"model": "m", "messages": []}',
        b'{"model": 5, "messages": [{"role": "user"}]}',
        b'{"model": "m", "messages": [{"role": "user"}], "max_tokens": 0}',
        b'{"model": "m", "messages": [{"role": "user"}], "stream": "yes"}',
    ],
)
def test_a_body_that_is_no_request_is_refused_with_400(body):
    with pytest.raises(ApiError) as refused:
        decode(body)
    assert refused.value.status == 400
