"""What known providers do not take as asked; each with the source that says so.

Only what a provider documents or answers with an error stands here. What is missing can
be told of a single model with its `unsupported_params`.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from providers.quirk_rules import (
    Asked,
    Lower,
    Omit,
    Quirk,
    Rename,
    above,
    beside,
    is_number,
)

OPENAI = ("api.openai.com",)
MISTRAL = ("api.mistral.ai",)
DEEPSEEK = ("api.deepseek.com",)
XAI = ("api.x.ai",)
GROQ = ("api.groq.com",)
ZAI = ("api.z.ai",)
COHERE = ("api.cohere.ai", "api.cohere.com")

# fine-tuned models carry the name of their base behind "ft:"
OPENAI_REASONING = r"^(ft:)?(o\d|gpt-5(?!-chat))"
GROK_REASONING = r"^grok-(3-mini|4|code)(?!.*non-reasoning)"
# no sampling parameters: Opus from 4.7 on, everything from 5 on, Mythos
CLAUDE_WITHOUT_SAMPLING = r"^claude-(mythos|[a-z]+-(4-[789]|[5-9])(?!\d))"
# one of temperature and top_p: Opus 4.1, then all of 4.5 and 4.6
CLAUDE_ONE_SAMPLER = r"^claude-(opus-4-1|[a-z]+-4-[56])(?!\d)"


def _reasons(_name: str, asked: Asked) -> bool:
    """Hold unless reasoning was switched off, where GPT-5.1 and later allow it."""
    return asked.extra.get("reasoning_effort") != "none"


def _thinks(_name: str, asked: Asked) -> bool:
    thinking = asked.extra.get("thinking")
    return isinstance(thinking, dict) and thinking.get("type") in {"enabled", "adaptive"}


def _thinks_and_is_not_one(name: str, asked: Asked) -> bool:
    return _thinks(name, asked) and asked.values[name] != 1


def _thinks_and_is_narrow(name: str, asked: Asked) -> bool:
    value = asked.values[name]
    return _thinks(name, asked) and is_number(value) and not 0.95 <= value <= 1


QUIRKS = (
    # platform.openai.com/docs/api-reference/chat/create, `max_tokens`: "not compatible
    # with o-series models"; GPT-5 answers 400 unsupported_parameter
    Quirk(
        kind="openai",
        hosts=OPENAI,
        models=OPENAI_REASONING,
        params=("max_tokens",),
        change=Rename("max_completion_tokens"),
        why="OpenAI's o-series and GPT-5 models know the limit by this name only",
    ),
    # platform.openai.com/docs/guides/latest-model, "parameter compatibility"; earlier
    # models: platform.openai.com/docs/guides/reasoning, "limitations"
    Quirk(
        kind="openai",
        hosts=OPENAI,
        models=OPENAI_REASONING,
        params=("temperature", "top_p", "presence_penalty", "frequency_penalty"),
        change=Omit(),
        when=_reasons,
        why="OpenAI's o-series and GPT-5 models take only the default while they reason",
    ),
    # platform.openai.com/docs/api-reference/chat/create, `stop`
    Quirk(
        kind="openai",
        hosts=OPENAI,
        models=r"^(ft:)?(o3|o4-mini)",
        params=("stop",),
        change=Omit(),
        why="OpenAI's o3 and o4-mini take no stop sequences",
    ),
    # no field of platform.openai.com/docs/api-reference/chat/create: 400, "unrecognized
    # request argument"
    Quirk(
        kind="openai",
        hosts=OPENAI,
        params=("top_k",),
        change=Omit(),
        why="OpenAI's API has no such parameter",
    ),
    # docs.mistral.ai/api, chat completion
    Quirk(
        kind="openai",
        hosts=MISTRAL,
        params=("seed",),
        change=Rename("random_seed"),
        why="Mistral's API calls it so",
    ),
    # 422 extra_forbidden: github.com/dnakov/anon-kode/issues/53; usage comes without it
    Quirk(
        kind="openai",
        hosts=MISTRAL,
        params=("stream_options", "top_k"),
        change=Omit(),
        why="Mistral's API refuses fields it does not know",
    ),
    # api-docs.deepseek.com/guides/reasoning_model: "will not trigger an error but will
    # also have no effect"
    Quirk(
        kind="openai",
        hosts=DEEPSEEK,
        models=r"^deepseek-reasoner",
        params=("temperature", "top_p", "presence_penalty", "frequency_penalty"),
        change=Omit(),
        why="sampling parameters have no effect on deepseek-reasoner",
    ),
    # docs.x.ai/docs/guides/reasoning: "adding them in the request would result in an error"
    Quirk(
        kind="openai",
        hosts=XAI,
        models=GROK_REASONING,
        params=("presence_penalty", "frequency_penalty", "stop"),
        change=Omit(),
        why="xAI's reasoning models refuse it",
    ),
    # console.groq.com/docs/api-reference has none, and "property … is unsupported" is the
    # 400 for what it does not list: github.com/fanenr/chatbot/issues/21
    Quirk(
        kind="openai",
        hosts=GROQ,
        params=("top_k",),
        change=Omit(),
        why="Groq's API refuses parameters it does not know",
    ),
    # docs.z.ai/guides/develop/openai/python, the table of parameters
    Quirk(
        kind="openai",
        hosts=ZAI,
        params=("temperature",),
        change=Lower(1),
        when=above(1),
        why="Z.AI's API takes 0 to 1",
    ),
    # strandsagents.com, "model providers: Cohere": the endpoint rejects stream_options
    Quirk(
        kind="openai",
        hosts=COHERE,
        params=("stream_options",),
        change=Omit(),
        why="Cohere's compatibility endpoint refuses it",
    ),
    # platform.claude.com/docs/en/api/messages: no such fields
    Quirk(
        kind="anthropic",
        params=("seed", "presence_penalty", "frequency_penalty"),
        change=Omit(),
        why="the Messages API has no such parameter",
    ),
    # platform.claude.com/docs/en/about-claude/models/migration-guide, "sampling parameters"
    Quirk(
        kind="anthropic",
        models=CLAUDE_WITHOUT_SAMPLING,
        params=("temperature", "top_p", "top_k"),
        change=Omit(),
        why="Claude models from Opus 4.7 on take only the default",
    ),
    # platform.claude.com/docs/en/build-with-claude/extended-thinking, "feature
    # compatibility"
    Quirk(
        kind="anthropic",
        params=("temperature",),
        change=Omit(),
        when=_thinks_and_is_not_one,
        why="a Claude model that thinks takes only the default",
    ),
    Quirk(
        kind="anthropic",
        params=("top_k",),
        change=Omit(),
        when=_thinks,
        why="a Claude model that thinks does not take it",
    ),
    Quirk(
        kind="anthropic",
        params=("top_p",),
        change=Omit(),
        when=_thinks_and_is_narrow,
        why="a Claude model that thinks takes 0.95 to 1 only",
    ),
    # platform.claude.com/docs/en/api/messages, `temperature`: "ranges from 0.0 to 1.0"
    Quirk(
        kind="anthropic",
        params=("temperature",),
        change=Lower(1),
        when=above(1),
        why="the Messages API takes 0 to 1",
    ),
    # 400 "`temperature` and `top_p` cannot both be specified for this model":
    # github.com/BerriAI/litellm/issues/15097
    Quirk(
        kind="anthropic",
        models=CLAUDE_ONE_SAMPLER,
        params=("top_p",),
        change=Omit(),
        when=beside("temperature"),
        why="Claude Opus 4.1 and the 4.5 and 4.6 models refuse it beside temperature",
    ),
)


def quirks_of(kind: str, base_url: str | None) -> Iterator[Quirk]:
    """Yield what is known of endpoints of that kind at that address."""
    host = urlsplit(base_url or "").hostname
    return (quirk for quirk in QUIRKS if quirk.concerns(kind, host))
