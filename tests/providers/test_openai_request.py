import json

import msgspec
import pytest

from domain.load import Endpoint, Workload
from providers.openai import OpenAiProtocol

ENDPOINT = Endpoint(kind="openai", base_url="https://api.test/v1/", model="m-1")
WORKLOAD = Workload(
    prompt="unused",
    max_tokens=64,
    temperature=0.5,
    params={},
    avoid_cache=False,
    seed=1,
    timeout_s=5,
    fresh_connections=False,
)
replace = msgspec.structs.replace


def build(endpoint=ENDPOINT, workload=WORKLOAD, prompt="Hi"):
    call = OpenAiProtocol().build(endpoint, workload, prompt)
    return call, json.loads(call.body)


def test_a_plain_call_streams_and_asks_for_usage():
    call, body = build()
    assert call.url == "https://api.test/v1/chat/completions"
    assert body == {
        "model": "m-1",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 64,
        "temperature": 0.5,
    }
    assert call.headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in call.headers
    assert call.adjustments == ()


def test_the_key_goes_into_the_authorization_header_and_no_text():
    endpoint = replace(ENDPOINT, api_key="sk-secret", headers={"X-Team": "team-secret"})
    call, _ = build(endpoint)
    assert call.headers["Authorization"] == "Bearer sk-secret"
    assert call.headers["X-Team"] == "team-secret"
    assert "secret" not in repr(call)
    assert "secret" not in repr(endpoint)


def test_the_system_prompt_comes_first():
    _, body = build(replace(ENDPOINT, system_prompt="Be brief."))
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][0]["content"] == "Be brief."


def test_known_params_stand_at_the_top_level_and_extra_is_merged_as_it_is():
    params = {
        "top_p": 0.9,
        "top_k": 40,
        "seed": 3,
        "stop": ["END"],
        "presence_penalty": 0.1,
        "frequency_penalty": 0,
        "extra": {"min_p": 0.05, "temperature": 1.5, "nested": {"a": None}},
    }
    _, body = build(workload=replace(WORKLOAD, params=params))
    assert {name: body[name] for name in params if name != "extra"} == {
        name: value for name, value in params.items() if name != "extra"
    }
    assert (body["min_p"], body["temperature"], body["nested"]) == (0.05, 1.5, {"a": None})
    assert "extra" not in body


def test_no_temperature_is_asked_for_when_there_is_none():
    call, body = build(workload=replace(WORKLOAD, temperature=None))
    assert "temperature" not in body
    assert call.adjustments == ()


@pytest.mark.parametrize("name", ["temperature", "stream_options"])
def test_what_the_model_does_not_take_is_left_out_and_said_so(name):
    call, body = build(replace(ENDPOINT, unsupported_params=[name, "top_p"]))
    assert name not in body
    assert call.adjustments == (
        f"{name} was omitted: the model is registered as not taking it.",
    )


def test_a_model_without_max_tokens_gets_the_limit_by_its_new_name():
    call, body = build(replace(ENDPOINT, unsupported_params=["max_tokens"]))
    assert "max_tokens" not in body
    assert body["max_completion_tokens"] == 64
    assert call.adjustments == (
        (
            "max_tokens was sent as max_completion_tokens:"
            " the model is registered as not taking it."
        ),
    )
