"""The server's own secrets: from the environment, or made once and kept."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from security.master_keys import load_or_create
from studio.settings import Settings


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """What signs tokens, derives refresh tokens and seals provider keys."""

    jwt_secret: bytes = field(repr=False)
    encryption_key: bytes = field(repr=False)

    def as_text(self) -> tuple[str, ...]:
        """Return the secrets as they might turn up in a text, to be masked there."""
        return tuple(
            key.decode(errors="replace") for key in (self.jwt_secret, self.encryption_key)
        )

    @property
    def refresh_key(self) -> bytes:
        """A key of its own for refresh tokens, derived so that one secret is enough."""
        return hmac.digest(self.jwt_secret, b"refresh tokens", hashlib.sha256)


def server_keys(settings: Settings) -> ServerKeys:
    """Return the server's secrets; those the environment lacks are made in DATA_DIR."""
    data_dir = settings.data_dir
    return ServerKeys(
        jwt_secret=settings.jwt_secret or load_or_create(data_dir / "jwt_secret"),
        encryption_key=settings.encryption_key
        or load_or_create(data_dir / "encryption_key"),
    )
