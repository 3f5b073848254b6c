"""Where a benchmark's requests go: provider snapshots, joined with what lets them in.

Keys and headers are read at the start of each attempt and stored nowhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from actors.storage import Storage
from domain.errors import ConflictError, NotFoundError
from domain.load import Endpoint
from domain.plan import TargetSnapshot
from domain.presets import SHARED_KEY_HOSTS
from domain.provider_rules import origin
from security.vault import KeyRing, VaultError
from storage import provider_secrets, providers
from storage.benchmarks import Work
from storage.provider_secrets import ProviderSecrets
from storage.providers import StoredProvider


@dataclass(frozen=True, slots=True)
class EndpointSource:
    """Resolves targets; `shared_keys` are the operator's, by environment variable."""

    storage: Storage
    ring: KeyRing
    simulator_url: Callable[[], Awaitable[str]]
    shared_keys: Mapping[str, str] = field(repr=False)

    async def endpoints(self, work: Work) -> Sequence[Endpoint]:
        """Return an endpoint for each target of the plan.

        Raises a `ServiceError` that says why the benchmark cannot start.
        """
        return [await self._endpoint(target, work.owner_id) for target in work.plan.targets]

    def shared_key(self, base_url: str | None) -> str | None:
        """Return the operator's key for this address: only for the host it belongs to.

        Never without TLS, nor to another port: there, somebody else may be listening.
        """
        scheme, host, port = origin(base_url)
        variable = SHARED_KEY_HOSTS.get(host or "")
        if variable is None or (scheme, port) != ("https", 443):
            return None
        return self.shared_keys.get(variable)

    async def _endpoint(self, target: TargetSnapshot, owner_id: str) -> Endpoint:
        provider = await self._provider(target, owner_id)
        if target.kind == "simulator":
            secrets, base_url = ProviderSecrets(), await self.simulator_url()
        else:
            secrets, base_url = self._open(provider), target.base_url or ""
        return Endpoint(
            kind="openai" if target.kind == "simulator" else target.kind,
            base_url=base_url,
            model=target.model,
            api_key=secrets.key or self.shared_key(target.base_url),
            headers=secrets.headers,
            system_prompt=target.system_prompt,
            unsupported_params=target.unsupported_params,
        )

    async def _provider(self, target: TargetSnapshot, owner_id: str) -> StoredProvider:
        name = target.provider_name
        try:
            provider = await self.storage.read(
                providers.get, target.provider_id, owner_id=owner_id
            )
        except NotFoundError:
            raise ConflictError(f"The provider {name} was deleted meanwhile.") from None
        if not provider.enabled:
            raise ConflictError(f"The provider {name} is switched off.")
        has_secrets = provider.key_cipher is not None or provider.headers_cipher is not None
        if provider.base_url != target.base_url and has_secrets:
            # they were given for another origin than the one this benchmark goes to
            raise ConflictError(
                f"The address of {name} was changed meanwhile; submit anew."
            )
        return provider

    def _open(self, provider: StoredProvider) -> ProviderSecrets:
        try:
            return provider_secrets.opened(provider, self.ring)
        except VaultError as error:
            raise ConflictError(
                f"The key of {provider.name} cannot be read ({error}); enter it again."
            ) from None
