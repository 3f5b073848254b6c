import re

import pytest

from providers.quirks import QUIRKS, quirks_of
from tests.providers.made import built

HOSTS = {
    "openai": "https://api.openai.com/v1",
    "mistral": "https://api.mistral.ai/v1",
    "deepseek": "https://api.deepseek.com",
    "xai": "https://api.x.ai/v1",
    "cohere": "https://api.cohere.ai/compatibility/v1",
    "groq": "https://api.groq.com/openai/v1",
    "zai": "https://api.z.ai/api/paas/v4",
    "together": "https://api.together.xyz/v1",
}
ALL = {"top_p": 0.9, "top_k": 40, "seed": 3, "stop": "END"}
PENALTIES = {"presence_penalty": 0.1, "frequency_penalty": 0.2}


def at(host, model, **fields):
    return built("openai", model, base_url=HOSTS[host], **fields)


@pytest.mark.parametrize(
    "model", ["o1", "o3-mini", "o4-mini", "gpt-5", "gpt-5.1", "GPT-5-mini", "ft:o4-mini:x"]
)
def test_openais_reasoning_models_get_the_new_limit_and_no_sampling(model):
    call, body = at("openai", model, params={"top_p": 0.9} | PENALTIES)
    assert body["max_completion_tokens"] == 64
    assert not {"max_tokens", "temperature", "top_p", *PENALTIES} & body.keys()
    limit, temperature = call.adjustments[:2]
    assert limit == (
        "max_tokens was sent as max_completion_tokens: OpenAI's o-series and GPT-5 models"
        " know the limit by this name only."
    )
    assert temperature == (
        "temperature was omitted: OpenAI's o-series and GPT-5 models take only the default"
        " while they reason."
    )
    assert len(call.adjustments) == 5


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1-mini", "gpt-5-chat-latest", "omni"])
def test_openais_other_models_get_what_was_asked_for(model):
    call, body = at("openai", model)
    assert (body["max_tokens"], body["temperature"]) == (64, 0.5)
    assert call.adjustments == ()


def test_gpt_5_without_reasoning_takes_a_temperature():
    call, body = at("openai", "gpt-5.2", params={"extra": {"reasoning_effort": "none"}})
    assert body["temperature"] == 0.5
    assert len(call.adjustments) == 1


def test_the_same_name_at_another_host_is_another_model():
    call, body = built("openai", "gpt-5", base_url="http://127.0.0.1:8000/v1")
    assert (body["max_tokens"], body["temperature"]) == (64, 0.5)
    assert call.adjustments == ()


def test_openai_has_no_top_k_and_o3_no_stop():
    call, body = at("openai", "o3", params=ALL)
    assert not {"top_k", "stop"} & body.keys()
    assert body["seed"] == 3
    assert "stop was omitted: OpenAI's o3 and o4-mini take no stop sequences." in (
        call.adjustments
    )


def test_mistral_calls_the_seed_otherwise_and_sends_usage_unasked():
    call, body = at("mistral", "mistral-large-latest", params=ALL)
    assert body["random_seed"] == 3
    assert not {"seed", "top_k", "stream_options"} & body.keys()
    assert call.adjustments == (
        "seed was sent as random_seed: Mistral's API calls it so.",
        "stream_options was omitted: Mistral's API refuses fields it does not know.",
        "top_k was omitted: Mistral's API refuses fields it does not know.",
    )


@pytest.mark.parametrize(
    ("model", "omitted"),
    [
        ("grok-4", True),
        ("grok-4-fast-reasoning", True),
        ("grok-3-mini", True),
        ("grok-4-fast-non-reasoning", False),
        ("grok-3", False),
    ],
)
def test_groks_reasoning_models_take_no_penalties_and_no_stop(model, omitted):
    _, body = at("xai", model, params={"stop": "END"} | PENALTIES)
    assert ({"stop", *PENALTIES} & body.keys() == set()) is omitted


def test_what_has_no_effect_is_not_sent_as_if_it_had():
    call, body = at("deepseek", "deepseek-reasoner")
    assert "temperature" not in body
    assert call.adjustments == (
        "temperature was omitted: sampling parameters have no effect on deepseek-reasoner.",
    )
    assert at("deepseek", "deepseek-chat")[0].adjustments == ()


def test_coheres_compatibility_endpoint_gets_no_stream_options():
    assert "stream_options" not in at("cohere", "command-a-03-2025")[1]


def test_a_provider_without_known_quirks_gets_everything():
    call, body = at("together", "meta-llama/Llama-4", params=ALL | PENALTIES)
    assert ALL.items() | PENALTIES.items() <= body.items()
    assert call.adjustments == ()


def test_groq_gets_no_top_k():
    call, body = at("groq", "llama-3.3-70b-versatile", params=ALL)
    assert "top_k" not in body
    assert call.adjustments == (
        "top_k was omitted: Groq's API refuses parameters it does not know.",
    )


def test_z_ai_gets_no_temperature_above_its_range():
    call, body = at("zai", "glm-4.6", temperature=1.2)
    assert body["temperature"] == 1
    assert call.adjustments == (
        "temperature was lowered from 1.2 to 1: Z.AI's API takes 0 to 1.",
    )
    assert at("zai", "glm-4.6", temperature=1.0)[0].adjustments == ()


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("claude-3-7-sonnet-20250219", {"temperature", "top_p", "top_k"}),
        ("claude-sonnet-4-20250514", {"temperature", "top_p", "top_k"}),
        ("claude-opus-4-20250514", {"temperature", "top_p", "top_k"}),
        ("claude-opus-4-1-20250805", {"temperature", "top_k"}),
        ("claude-sonnet-4-5-20250929", {"temperature", "top_k"}),
        ("claude-haiku-4-5", {"temperature", "top_k"}),
        ("claude-opus-4-6", {"temperature", "top_k"}),
        ("claude-opus-4-7", set()),
        ("claude-opus-4-8", set()),
        ("claude-sonnet-5", set()),
        ("claude-haiku-5-5", set()),
        ("claude-mythos-preview", set()),
    ],
)
def test_each_claude_gets_the_sampling_it_takes(model, sent):
    call, body = built("anthropic", model, params={"top_p": 0.9, "top_k": 40})
    assert {"temperature", "top_p", "top_k"} & body.keys() == sent
    assert len(call.adjustments) == 3 - len(sent)


def test_claude_takes_top_p_alone():
    _, body = built(
        "anthropic", "claude-sonnet-4-5", params={"top_p": 0.9}, temperature=None
    )
    assert body["top_p"] == 0.9


def test_what_the_messages_api_has_no_name_for_is_said():
    call, body = built("anthropic", params={"seed": 3} | PENALTIES)
    assert not {"seed", *PENALTIES} & body.keys()
    assert call.adjustments[0] == (
        "seed was omitted: the Messages API has no such parameter."
    )


def test_an_unknown_parameter_is_not_dropped_silently():
    call, body = built("openai", params={"min_p": 0.1})
    assert "min_p" not in body
    (told,) = call.adjustments
    assert told.startswith("min_p was not sent: ")


def test_an_extra_that_is_no_object_is_not_sent():
    call, _ = built("openai", params={"extra": ["x"]})
    assert call.adjustments == ("params.extra was not sent: it is no JSON object.",)


def test_a_strange_value_is_the_providers_to_refuse():
    thinking = {"thinking": {"type": "enabled"}}
    _, body = built("anthropic", params={"top_p": "high", "extra": thinking})
    assert body["top_p"] == "high"


def test_extra_joins_what_is_an_object_already():
    extra = {"stream_options": {"continuous_usage_stats": True}}
    _, body = built("openai", params={"extra": extra})
    assert body["stream_options"] == {
        "include_usage": True,
        "continuous_usage_stats": True,
    }


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.sentence()[:60])
def test_every_quirk_is_a_sentence_and_its_models_a_pattern(quirk):
    assert re.fullmatch(r"[a-z].*[^.]\.", quirk.sentence())
    re.compile(quirk.models)


def test_quirks_are_found_by_kind_and_host():
    assert not list(quirks_of("openai", "http://localhost:11434/v1"))
    assert not list(quirks_of("gemini", None))
    assert {q.hosts for q in quirks_of("openai", HOSTS["xai"])} == {("api.x.ai",)}
    assert all(q.kind == "anthropic" for q in quirks_of("anthropic", "https://any.test"))
