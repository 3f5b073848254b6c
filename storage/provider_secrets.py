"""A provider's key and headers: sealed for their row, opened only to send a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from security.vault import KeyContext, KeyRing
from storage.providers import StoredProvider


@dataclass(frozen=True, slots=True)
class ProviderSecrets:
    """What lets a request in; never shown, stored or logged."""

    key: str | None = field(default=None, repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)


def opened(provider: StoredProvider, ring: KeyRing) -> ProviderSecrets:
    """Return the secrets of `provider`; raises `VaultError`."""
    headers: dict[str, str] = {}
    key = None
    if provider.headers_cipher is not None:
        text = ring.decrypt(provider.headers_cipher, _context(provider, "headers"))
        headers = msgspec.json.decode(text, type=dict[str, str])
    if provider.key_cipher is not None:
        key = ring.decrypt(provider.key_cipher, _context(provider, "key"))
    return ProviderSecrets(key, headers)


def sealed(
    provider: StoredProvider, secrets: ProviderSecrets, ring: KeyRing
) -> dict[str, Any]:
    """Return the columns that hold `secrets` in `provider`'s row, under a new version.

    Both are sealed again together: an older ciphertext put back is then refused.
    """
    version = provider.secret_version + 1
    text = msgspec.json.encode(secrets.headers).decode()
    key, headers = secrets.key, secrets.headers
    return {
        "secret_version": version,
        "key_cipher": ring.encrypt(key, _context(provider, "key", version))
        if key
        else None,
        "headers_cipher": ring.encrypt(text, _context(provider, "headers", version))
        if headers
        else None,
    }


def _context(
    provider: StoredProvider, secret: str, version: int | None = None
) -> KeyContext:
    return KeyContext(
        user_id=provider.owner_id,
        provider_id=provider.id,
        version=version or provider.secret_version,
        field=secret,
    )
