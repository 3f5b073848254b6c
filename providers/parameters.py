"""The parameters of a call: what was asked for, less what the endpoint does not take.

Names are OpenAI's; each protocol translates what is left into its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.load import Endpoint, Workload
from providers.quirk_rules import Asked
from providers.quirks import quirks_of

PARAMS = (
    "top_p",
    "top_k",
    "seed",
    "stop",
    "presence_penalty",
    "frequency_penalty",
)
LIMIT = "max_tokens"
NEW_LIMIT = "max_completion_tokens"


@dataclass(frozen=True, slots=True)
class Parameters:
    """What to send, what else to send as it is, and what was changed, in sentences."""

    values: dict[str, Any]
    extra: dict[str, Any]
    adjustments: tuple[str, ...]


def parameters(
    endpoint: Endpoint, workload: Workload, protocol_params: Mapping[str, Any]
) -> Parameters:
    """Return what `endpoint` is sent of the workload's parameters.

    `protocol_params` are the protocol's own, which a model may not take either.
    """
    wanted = {
        **protocol_params,
        LIMIT: workload.max_tokens,
        "temperature": workload.temperature,
        **{name: workload.params.get(name) for name in PARAMS},
    }
    values = {name: value for name, value in wanted.items() if value is not None}
    extra, told = _extra(workload.params)
    told += _without_unsupported(values, endpoint)
    for quirk in quirks_of(endpoint.kind, endpoint.base_url):
        if quirk.concerns_model(endpoint.model):
            values, changes = quirk.apply(Asked(values, extra))
            told += changes
    return Parameters(values, extra, tuple(told))


def _extra(params: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    extra = params.get("extra")
    told = [
        f"{name} was not sent: what is none of {', '.join(PARAMS)} goes under params.extra."
        for name in params
        if name not in PARAMS and name != "extra"
    ]
    if isinstance(extra, dict):
        return extra, told
    if extra is not None:
        told.append("params.extra was not sent: it is no JSON object.")
    return {}, told


def _without_unsupported(values: dict[str, Any], endpoint: Endpoint) -> list[str]:
    """Take out what the model is registered as not taking; return what was done."""
    told = []
    for name in endpoint.unsupported_params:
        if name not in values:
            continue
        if name != LIMIT:
            del values[name]
            told.append(f"{name} was omitted: the model is registered as not taking it.")
        elif endpoint.kind == "anthropic":
            told.append("max_tokens was sent all the same: the Messages API requires it.")
        else:
            told.append(_without_limit(values, endpoint))
    return told


def _without_limit(values: dict[str, Any], endpoint: Endpoint) -> str:
    limit = values.pop(LIMIT)
    why = "the model is registered as not taking it"
    if endpoint.kind != "openai" or NEW_LIMIT in endpoint.unsupported_params:
        return f"max_tokens was omitted: {why}."
    # a limit must stay: models that refuse the old name know the new one
    values[NEW_LIMIT] = limit
    return f"max_tokens was sent as max_completion_tokens: {why}."
