"""Providers and their secrets; every query is scoped by owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from domain.errors import ConflictError, NotFoundError
from security.ids import new_id
from storage.changes import Change
from storage.tables import ModelRow, ProviderRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProvider:
    """A provider as stored; the ciphers are opaque here."""

    id: str
    owner_id: str
    name: str
    kind: str
    base_url: str | None
    max_concurrency: int | None
    enabled: bool
    created_at_ms: int
    secret_version: int
    key_cipher: bytes | None = field(repr=False)
    headers_cipher: bytes | None = field(repr=False)


def insert(provider: StoredProvider, secrets: dict[str, Any]) -> Change[StoredProvider]:
    """Store a new provider with the columns that hold its sealed secrets."""
    ProviderRow.insert(
        id=provider.id,
        owner=provider.owner_id,
        name=provider.name,
        kind=provider.kind,
        base_url=provider.base_url,
        max_concurrency=provider.max_concurrency,
        enabled=provider.enabled,
        created_at_ms=provider.created_at_ms,
        **secrets,
    ).execute()
    return Change(get(provider.id, owner_id=provider.owner_id))


def get(provider_id: str, *, owner_id: str) -> StoredProvider:
    """Return a provider of `owner_id`; raises `NotFoundError`, also for a foreign one."""
    return _stored(_owned(provider_id, owner_id))


def page(owner_id: str, *, limit: int, before_id: str | None) -> list[StoredProvider]:
    """Return up to `limit` providers of `owner_id`, newest first, after the cursor."""
    rows = ProviderRow.select().where(ProviderRow.owner == owner_id)
    if before_id is not None:
        rows = rows.where(ProviderRow.id < before_id)
    return [_stored(row) for row in rows.order_by(ProviderRow.id.desc()).limit(limit)]


def update(
    provider_id: str,
    *,
    owner_id: str,
    columns: dict[str, Any],
    seen: StoredProvider | None = None,
) -> Change[StoredProvider]:
    """Change columns of a provider, as it was `seen` if that matters.

    Raises `NotFoundError`, and `ConflictError` when address or secrets were changed since
    it was seen: a key must not come back to a provider that has moved.
    """
    row = _owned(provider_id, owner_id)
    if seen is not None and _moved(row, seen):
        raise ConflictError("The provider was changed meanwhile; look at it, try again.")
    if columns:
        ProviderRow.update(**columns).where(ProviderRow.id == row.id).execute()
    return Change(get(provider_id, owner_id=owner_id))


def delete(provider_id: str, *, owner_id: str) -> Change[None]:
    """Delete a provider with its models; what was measured keeps its snapshot."""
    _owned(provider_id, owner_id).delete_instance()
    return Change(None)


def ensure_simulator(
    owner_id: str, models: list[dict[str, Any]], at_ms: int
) -> Change[str]:
    """Give a user the simulator provider with these models, once."""
    known = ProviderRow.get_or_none(
        (ProviderRow.owner == owner_id) & (ProviderRow.kind == "simulator")
    )
    if known is not None:
        return Change(known.id)
    row = ProviderRow.create(
        id=new_id(), owner=owner_id, name="Simulator", kind="simulator", created_at_ms=at_ms
    )
    for columns in models:
        ModelRow.insert(id=new_id(), provider=row.id, **columns).execute()
    return Change(row.id)


def _owned(provider_id: str, owner_id: str) -> ProviderRow:
    row = ProviderRow.get_or_none(
        (ProviderRow.id == provider_id) & (ProviderRow.owner == owner_id)
    )
    if row is None:
        raise NotFoundError("There is no such provider.")
    return row


def _moved(row: ProviderRow, seen: StoredProvider) -> bool:
    return (row.secret_version, row.base_url) != (seen.secret_version, seen.base_url)


def _stored(row: ProviderRow) -> StoredProvider:
    return StoredProvider(
        id=row.id,
        owner_id=row.owner_id,
        name=row.name,
        kind=row.kind,
        base_url=row.base_url,
        max_concurrency=row.max_concurrency,
        enabled=row.enabled,
        created_at_ms=row.created_at_ms,
        secret_version=row.secret_version,
        key_cipher=bytes(row.key_cipher) if row.key_cipher else None,
        headers_cipher=bytes(row.headers_cipher) if row.headers_cipher else None,
    )
