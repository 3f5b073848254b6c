"""Models of providers; every query is scoped by the provider's owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from peewee import IntegrityError

from domain.errors import ConflictError, NotFoundError
from domain.wire.providers import Model
from security.ids import new_id
from storage import providers
from storage.changes import Change
from storage.tables import ModelRow, ProviderRow


def insert(provider_id: str, *, owner_id: str, columns: dict[str, Any]) -> Change[Model]:
    """Register a model; raises `NotFoundError`, or `ConflictError` for a name twice."""
    provider = providers.get(provider_id, owner_id=owner_id)
    row_id = new_id()
    try:
        ModelRow.insert(id=row_id, provider=provider.id, **_packed(columns)).execute()
    except IntegrityError:
        raise _taken() from None
    return Change(_model(ModelRow.get_by_id(row_id)))


def of_providers(provider_ids: Sequence[str]) -> dict[str, list[Model]]:
    """Return the models of each provider, oldest first."""
    found: dict[str, list[Model]] = {provider_id: [] for provider_id in provider_ids}
    rows = ModelRow.select().where(ModelRow.provider.in_(list(provider_ids)))
    for row in rows.order_by(ModelRow.id):
        found[row.provider_id].append(_model(row))
    return found


def page(owner_id: str, *, limit: int, before_id: str | None) -> list[Model]:
    """Return up to `limit` models of `owner_id`, newest first, after the cursor."""
    rows = ModelRow.select(ModelRow).join(ProviderRow).where(ProviderRow.owner == owner_id)
    if before_id is not None:
        rows = rows.where(ModelRow.id < before_id)
    return [_model(row) for row in rows.order_by(ModelRow.id.desc()).limit(limit)]


def update(model_id: str, *, owner_id: str, columns: dict[str, Any]) -> Change[Model]:
    """Change a model; raises `NotFoundError` or `ConflictError`."""
    row = _owned(model_id, owner_id)
    try:
        if columns:
            ModelRow.update(**_packed(columns)).where(ModelRow.id == row.id).execute()
    except IntegrityError:
        raise _taken() from None
    return Change(_model(ModelRow.get_by_id(row.id)))


def delete(model_id: str, *, owner_id: str) -> Change[None]:
    """Delete a model; what was measured keeps its snapshot."""
    ModelRow.delete().where(ModelRow.id == _owned(model_id, owner_id).id).execute()
    return Change(None)


def _owned(model_id: str, owner_id: str) -> ModelRow:
    row: ModelRow | None = (
        ModelRow.select(ModelRow)
        .join(ProviderRow)
        .where((ModelRow.id == model_id) & (ProviderRow.owner == owner_id))
        .first()
    )
    if row is None:
        raise NotFoundError("There is no such model.")
    return row


def _packed(columns: dict[str, Any]) -> dict[str, Any]:
    if "unsupported_params" not in columns:
        return columns
    packed = msgspec.json.encode(columns["unsupported_params"]).decode()
    return columns | {"unsupported_params": packed}


def _taken() -> ConflictError:
    return ConflictError("This provider has a model of that name already.")


def _model(row: ModelRow) -> Model:
    return Model(
        id=row.id,
        provider_id=row.provider_id,
        name=row.name,
        display_name=row.display_name,
        context_window=row.context_window,
        max_output_tokens=row.max_output_tokens,
        input_usd_per_mtok=row.input_usd_per_mtok,
        output_usd_per_mtok=row.output_usd_per_mtok,
        system_prompt=row.system_prompt,
        unsupported_params=msgspec.json.decode(row.unsupported_params, type=list[str]),
    )
