"""Providers: whom to benchmark, and the key that lets us in."""

from __future__ import annotations

from typing import Any, cast

import structlog

from domain.errors import ConflictError, InvalidRequestError
from domain.provider_rules import checked_base_url, checked_headers, checked_key, origin
from domain.times import rfc3339
from domain.wire.providers import (
    KeyStatus,
    KeyValue,
    Model,
    NewProvider,
    Provider,
    ProviderKind,
    ProviderPage,
    ProviderPatch,
)
from handlers.base import ApiHandler
from handlers.operations import PAGE, operation
from handlers.pages import cut, given
from security.ids import new_id
from security.redaction import register_secret
from security.vault import VaultError
from storage import models, provider_secrets, providers
from storage.provider_secrets import ProviderSecrets
from storage.providers import StoredProvider

HIDDEN = "***"
log = structlog.get_logger()


class ProviderViews(ApiHandler):
    """What the routes about providers share."""

    def view(self, provider: StoredProvider, its_models: list[Model]) -> Provider:
        """Return a provider as its owner sees it: header names, never their values."""
        secrets = self.opened(provider)
        return Provider(
            id=provider.id,
            name=provider.name,
            kind=cast("ProviderKind", provider.kind),
            base_url=provider.base_url,
            max_concurrency=provider.max_concurrency,
            headers=dict.fromkeys(secrets.headers, HIDDEN),
            enabled=provider.enabled,
            key_status=self._key_status(provider, secrets),
            created_at=rfc3339(provider.created_at_ms),
            models=its_models,
        )

    async def view_of(self, provider: StoredProvider) -> Provider:
        """Return one provider with its models."""
        found = await self.services.tree.storage.read(models.of_providers, [provider.id])
        return self.view(provider, found[provider.id])

    async def own(self, provider_id: str) -> StoredProvider:
        """Return a provider of the caller; raises 404."""
        return await self.services.tree.storage.read(
            providers.get, provider_id, owner_id=self.account.id
        )

    async def change(
        self, provider: StoredProvider, columns: dict[str, Any]
    ) -> StoredProvider:
        """Store changed columns of a provider."""
        return await self.services.tree.storage.write(
            providers.update,
            provider.id,
            owner_id=provider.owner_id,
            columns=columns,
            seen=provider,
        )

    def opened(self, provider: StoredProvider) -> ProviderSecrets:
        """Return a provider's secrets; none if they cannot be read any more.

        So an owner can enter them again after the studio has lost its encryption key.
        """
        try:
            return provider_secrets.opened(provider, self.services.ring)
        except VaultError as error:
            log.warning("secrets unreadable", provider_id=provider.id, why=str(error))
            return ProviderSecrets()

    def _key_status(self, provider: StoredProvider, secrets: ProviderSecrets) -> KeyStatus:
        if secrets.key is not None:
            return "own"
        shared = self.services.endpoints.shared_key(provider.base_url)
        return "none" if shared is None else "shared"


class ProvidersHandler(ProviderViews):
    """`/api/providers`."""

    @operation("List providers with their models", answer=ProviderPage, query=PAGE)
    async def get(self) -> ProviderPage:
        limit, storage = self.page_limit(), self.services.tree.storage
        found = await storage.read(
            providers.page, self.account.id, limit=limit + 1, before_id=self.page_cursor()
        )
        shown, cursor = cut(found, limit)
        by_provider = await storage.read(models.of_providers, [p.id for p in shown])
        return ProviderPage(
            items=[self.view(p, by_provider[p.id]) for p in shown],
            next_cursor=cursor,
        )

    @operation(
        "Add a provider", body=NewProvider, answer=Provider, status=201, errors=(422,)
    )
    async def post(self, body: NewProvider) -> Provider:
        provider = StoredProvider(
            id=new_id(),
            owner_id=self.account.id,
            name=body.name,
            kind=body.kind,
            base_url=checked_base_url(body.base_url),
            max_concurrency=body.max_concurrency,
            enabled=body.enabled,
            created_at_ms=self.services.now_ms(),
            secret_version=0,
            key_cipher=None,
            headers_cipher=None,
        )
        secrets = ProviderSecrets(headers=_kept(checked_headers(body.headers), {}))
        columns = provider_secrets.sealed(provider, secrets, self.services.ring)
        storage = self.services.tree.storage
        stored = await storage.write(providers.insert, provider, columns)
        return await self.view_of(stored)


class ProviderHandler(ProviderViews):
    """`/api/providers/{id}`."""

    @operation("Show a provider", answer=Provider, errors=(404,))
    async def get(self, provider_id: str) -> Provider:
        return await self.view_of(await self.own(provider_id))

    @operation(
        "Change a provider; another origin in `base_url` drops the key",
        body=ProviderPatch,
        answer=Provider,
        errors=(404, 409, 422),
    )
    async def patch(self, provider_id: str, body: ProviderPatch) -> Provider:
        provider = await self.own(provider_id)
        columns = given(body)
        if "base_url" in columns:
            if provider.kind == "simulator":
                raise ConflictError("The simulator's address is the studio's to choose.")
            columns["base_url"] = checked_base_url(columns["base_url"])
        columns |= self._secrets_after(provider, columns)
        return await self.view_of(await self.change(provider, columns))

    @operation("Delete a provider; what was measured stays", status=204, errors=(404, 409))
    async def delete(self, provider_id: str) -> None:
        provider = await self.own(provider_id)
        if provider.kind == "simulator":
            raise ConflictError("The simulator stays; switch it off instead.")
        await self.services.tree.storage.write(
            providers.delete, provider_id, owner_id=self.account.id
        )

    def _secrets_after(
        self, provider: StoredProvider, columns: dict[str, Any]
    ) -> dict[str, Any]:
        moved = "base_url" in columns and origin(columns["base_url"]) != origin(
            provider.base_url
        )
        headers = columns.pop("headers", None)
        if headers is None and not moved:
            return {}
        before = ProviderSecrets() if moved else self.opened(provider)
        after = ProviderSecrets(
            key=before.key,
            headers=before.headers
            if headers is None
            else _kept(checked_headers(headers), before.headers),
        )
        return provider_secrets.sealed(provider, after, self.services.ring)


class ProviderKeyHandler(ProviderViews):
    """`/api/providers/{id}/key`."""

    @operation(
        "Store the key, encrypted", body=KeyValue, status=204, errors=(404, 409, 422)
    )
    async def put(self, provider_id: str, body: KeyValue) -> None:
        key = checked_key(body.value)
        register_secret(key)
        await self._store(provider_id, key)

    @operation("Forget the key", status=204, errors=(404,))
    async def delete(self, provider_id: str) -> None:
        await self._store(provider_id, None)

    async def _store(self, provider_id: str, key: str | None) -> None:
        provider = await self.own(provider_id)
        if provider.kind == "simulator":
            raise ConflictError("The simulator needs no key.")
        secrets = ProviderSecrets(key=key, headers=self.opened(provider).headers)
        columns = provider_secrets.sealed(provider, secrets, self.services.ring)
        await self.change(provider, columns)


def _kept(headers: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    """Return headers where a value shown as hidden means: as it was."""
    for name, value in headers.items():
        if value == HIDDEN and name not in before:
            raise InvalidRequestError.at(
                f"$.headers[{name!r}]", "has no value yet, or was given for another address"
            )
    return {
        name: before[name] if value == HIDDEN else value for name, value in headers.items()
    }
