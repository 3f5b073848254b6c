"""Whom `studio bench` measures: the wire protocol, the address, and the key for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from domain.errors import InvalidRequestError, SettingsError
from domain.presets import PRESETS, SHARED_KEY_HOSTS
from domain.provider_rules import checked_base_url, origin

Kind = Literal["openai", "anthropic", "gemini"]


@dataclass(frozen=True, slots=True)
class BenchTarget:
    """An endpoint to be; without a `base_url` it is the built-in simulator's."""

    kind: Kind
    base_url: str | None
    key: str | None = field(repr=False)


def bench_target(
    kind: Kind,
    base_url: str | None,
    key_variable: str | None,
    environ: Mapping[str, str],
) -> BenchTarget:
    """Return what the options mean; raises `SettingsError` for a bad address.

    Anthropic and Gemini are found where they are; an OpenAI-compatible endpoint needs
    its address. A key is taken from the variable named, else from the one that belongs
    to the host: no provider is sent another one's key.
    """
    if base_url is None and kind != "openai":
        base_url = next(preset.base_url for preset in PRESETS if preset.kind == kind)
    if base_url is None:
        return BenchTarget(kind, None, None)
    base_url = _checked_url(base_url)
    _, host, _ = origin(base_url)
    variable = key_variable or SHARED_KEY_HOSTS.get(host or "")
    key = environ.get(variable) if variable else None
    return BenchTarget(kind, base_url, key)


def _checked_url(base_url: str) -> str:
    try:
        return checked_base_url(base_url)
    except InvalidRequestError as error:
        raise SettingsError(f"--base-url {error.errors[0].message}") from None
