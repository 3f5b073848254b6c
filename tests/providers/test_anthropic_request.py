import pytest

from tests.providers.made import built


def test_a_plain_call_streams_and_names_the_version():
    call, body = built("anthropic")
    assert call.url == "https://api.test/v1/messages"
    assert body == {
        "model": "m-1",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "max_tokens": 64,
        "temperature": 0.5,
    }
    assert call.headers["anthropic-version"] == "2023-06-01"
    assert call.headers["Accept-Encoding"] == "identity"
    assert "x-api-key" not in call.headers
    assert call.adjustments == ()


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://api.test", "https://api.test/v1/messages"),
        ("https://api.test/", "https://api.test/v1/messages"),
        ("https://api.test/v1", "https://api.test/v1/messages"),
        ("https://api.test/anthropic", "https://api.test/anthropic/v1/messages"),
    ],
)
def test_the_version_is_in_the_address_once(base_url, url):
    assert built("anthropic", base_url=base_url)[0].url == url


def test_the_key_goes_into_its_header_and_no_text():
    call, _ = built("anthropic", api_key="sk-secret")
    assert call.headers["x-api-key"] == "sk-secret"
    assert "Authorization" not in call.headers
    assert "secret" not in repr(call) + call.url


def test_own_headers_win_whatever_their_case():
    own = {"Anthropic-Version": "2030-01-01", "anthropic-beta": "context-1m"}
    call, _ = built("anthropic", headers=own)
    versions = [v for n, v in call.headers.items() if n.lower() == "anthropic-version"]
    assert versions == ["2030-01-01"]
    assert call.headers["anthropic-beta"] == "context-1m"


def test_the_system_prompt_is_a_field_of_its_own():
    _, body = built("anthropic", system_prompt="Be brief.")
    assert body["system"] == "Be brief."
    assert [message["role"] for message in body["messages"]] == ["user"]


@pytest.mark.parametrize(("stop", "sent"), [("END", ["END"]), (["A", "B"], ["A", "B"])])
def test_stop_is_sent_as_a_list_of_sequences(stop, sent):
    _, body = built("anthropic", params={"stop": stop})
    assert body["stop_sequences"] == sent
    assert "stop" not in body


def test_thinking_goes_through_under_extra_and_the_temperature_gives_way():
    thinking = {"type": "enabled", "budget_tokens": 1024}
    params = {"top_k": 5, "top_p": 0.5, "extra": {"thinking": thinking}}
    call, body = built("anthropic", "claude-sonnet-4-0", params=params)
    assert body["thinking"] == thinking
    assert not {"temperature", "top_k", "top_p"} & body.keys()
    assert call.adjustments == (
        "temperature was omitted: a Claude model that thinks takes only the default.",
        "top_k was omitted: a Claude model that thinks does not take it.",
        "top_p was omitted: a Claude model that thinks takes 0.95 to 1 only.",
    )


def test_what_thinking_allows_is_kept():
    params = {"top_p": 0.95, "extra": {"thinking": {"type": "enabled"}}}
    call, body = built("anthropic", "claude-sonnet-4-0", params=params, temperature=1.0)
    assert (body["temperature"], body["top_p"]) == (1.0, 0.95)
    assert call.adjustments == ()


def test_a_temperature_above_the_range_is_lowered_and_said_so():
    call, body = built("anthropic", temperature=1.5)
    assert body["temperature"] == 1
    assert call.adjustments == (
        "temperature was lowered from 1.5 to 1: the Messages API takes 0 to 1.",
    )


def test_a_required_limit_is_sent_even_if_it_is_registered_as_not_taken():
    call, body = built("anthropic", unsupported_params=["max_tokens", "temperature"])
    assert body["max_tokens"] == 64
    assert "temperature" not in body
    assert call.adjustments == (
        "max_tokens was sent all the same: the Messages API requires it.",
        "temperature was omitted: the model is registered as not taking it.",
    )
