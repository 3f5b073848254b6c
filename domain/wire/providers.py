"""Providers and models: `/api/providers`, `/api/models`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from domain.wire.base import Name, Page, SecretWire, Text, UsdPerMtok, Wire

ProviderKind = Literal["openai", "anthropic", "gemini", "simulator"]
NewProviderKind = Literal["openai", "anthropic", "gemini"]
KeyStatus = Literal["own", "shared", "none"]
BaseUrl = Annotated[str, msgspec.Meta(min_length=8, max_length=2000, pattern=r"^https?://")]
Concurrency = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Tokens = Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]


class NewProvider(SecretWire, frozen=True):
    """`POST /api/providers`."""

    name: Name
    kind: NewProviderKind
    base_url: BaseUrl
    max_concurrency: Concurrency | None = None
    headers: dict[str, str] = {}
    enabled: bool = True


class ProviderPatch(SecretWire, frozen=True):
    """`PATCH /api/providers/{id}`; what is absent stays."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    base_url: BaseUrl | msgspec.UnsetType = msgspec.UNSET
    max_concurrency: Concurrency | msgspec.UnsetType | None = msgspec.UNSET
    headers: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class KeyValue(SecretWire, frozen=True):
    """`PUT /api/providers/{id}/key`; stored encrypted, never read back."""

    value: Key


class NewModel(Wire, frozen=True):
    """`POST /api/providers/{id}/models`; `display_name` defaults to `name`."""

    name: Name
    display_name: Name | None = None
    context_window: Tokens | None = None
    max_output_tokens: Tokens | None = None
    input_usd_per_mtok: UsdPerMtok | None = None
    output_usd_per_mtok: UsdPerMtok | None = None
    system_prompt: Text | None = None
    unsupported_params: list[str] = []


class ModelPatch(Wire, frozen=True):
    """`PATCH /api/models/{id}`; what is absent stays."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    display_name: Name | msgspec.UnsetType = msgspec.UNSET
    context_window: Tokens | msgspec.UnsetType | None = msgspec.UNSET
    max_output_tokens: Tokens | msgspec.UnsetType | None = msgspec.UNSET
    input_usd_per_mtok: UsdPerMtok | msgspec.UnsetType | None = msgspec.UNSET
    output_usd_per_mtok: UsdPerMtok | msgspec.UnsetType | None = msgspec.UNSET
    system_prompt: Text | msgspec.UnsetType | None = msgspec.UNSET
    unsupported_params: list[str] | msgspec.UnsetType = msgspec.UNSET


class Model(Wire, frozen=True):
    """A model of a provider; `name` is what is sent on the wire."""

    id: str
    provider_id: str
    name: str
    display_name: str
    context_window: int | None
    max_output_tokens: int | None
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    system_prompt: str | None
    unsupported_params: list[str]


class Provider(Wire, frozen=True):
    """A provider with its models; header values are secrets and come back as `***`."""

    id: str
    name: str
    kind: ProviderKind
    base_url: str | None
    max_concurrency: int | None
    headers: dict[str, str]
    enabled: bool
    key_status: KeyStatus
    created_at: str
    models: list[Model]


class ProviderPage(Page, frozen=True):
    """`GET /api/providers`."""

    items: list[Provider]


class ModelPage(Page, frozen=True):
    """`GET /api/models`."""

    items: list[Model]


class Preset(Wire, frozen=True):
    """A known provider; `quirks` are sentences about what its calls must be like.

    `shared_key` is the environment variable from which an operator may offer a key.
    """

    name: str
    kind: NewProviderKind
    base_url: str
    shared_key: str | None
    quirks: list[str]


class PresetPage(Page, frozen=True):
    """`GET /api/presets`; always one page."""

    items: list[Preset]
