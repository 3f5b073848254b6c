import pytest

from tests.providers.made import built


def test_a_plain_call_streams_events():
    call, body = built("gemini", "gemini-2.5-flash")
    assert call.url == (
        "https://api.test/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    )
    assert body == {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": {"maxOutputTokens": 64, "temperature": 0.5},
    }
    assert call.adjustments == ()


def test_the_key_goes_into_its_header_and_never_into_the_address():
    call, _ = built("gemini", api_key="AIza-secret")
    assert call.headers["x-goog-api-key"] == "AIza-secret"
    assert "secret" not in repr(call) + call.url


@pytest.mark.parametrize(
    ("base_url", "model", "path"),
    [
        ("https://api.test/", "g", "/v1beta/models/g"),
        ("https://api.test/v1beta", "g", "/v1beta/models/g"),
        ("https://api.test/v1", "g", "/v1/models/g"),
        ("https://api.test", "models/g", "/v1beta/models/g"),
        ("https://api.test", "tunedModels/g", "/v1beta/tunedModels/g"),
        ("https://api.test", "a b?c", "/v1beta/models/a%20b%3Fc"),
    ],
)
def test_version_and_model_make_the_address(base_url, model, path):
    call, _ = built("gemini", model, base_url=base_url)
    assert call.url == f"https://api.test{path}:streamGenerateContent?alt=sse"


def test_the_system_prompt_is_an_instruction():
    _, body = built("gemini", system_prompt="Be brief.")
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}]}


def test_every_parameter_has_its_own_name():
    params = {
        "top_p": 0.9,
        "top_k": 40,
        "seed": 3,
        "stop": "END",
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
    }
    _, body = built("gemini", params=params)
    assert body["generationConfig"] == {
        "maxOutputTokens": 64,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "seed": 3,
        "stopSequences": ["END"],
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
    }


def test_extra_joins_the_configuration():
    thinking = {"thinkingConfig": {"includeThoughts": True}}
    safety = [{"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "OFF"}]
    extra = {"generationConfig": thinking, "safetySettings": safety}
    _, body = built("gemini", params={"extra": extra})
    assert body["generationConfig"] == thinking | {
        "maxOutputTokens": 64,
        "temperature": 0.5,
    }
    assert body["safetySettings"] == safety


def test_what_the_model_does_not_take_is_left_out_and_said_so():
    unsupported = ["max_tokens", "temperature", "top_k"]
    call, body = built("gemini", params={"top_k": 3}, unsupported_params=unsupported)
    assert "generationConfig" not in body
    assert call.adjustments == tuple(
        f"{name} was omitted: the model is registered as not taking it."
        for name in unsupported
    )
