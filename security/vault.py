"""The vault for provider keys: AES-256-GCM, each ciphertext bound to its place."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIN_SECRET_BYTES = 32
_FORMAT = 1
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: 96 random bits
_TAG_BYTES = 16
_HEADER_BYTES = 1 + _KEY_ID_BYTES


class VaultError(Exception):
    """A stored secret cannot be read: wrong master key, moved, or changed."""


@dataclass(frozen=True, slots=True)
class KeyContext:
    """Where a ciphertext belongs; it can be read nowhere else.

    `version` grows with each change of the row's secrets, so that an old ciphertext put
    back is refused; `field` tells apart several secrets of one row.
    """

    user_id: str
    provider_id: str
    version: int
    field: str = "key"

    def to_bytes(self) -> bytes:
        """Return the associated data; lengths come first, so no two contexts collide."""
        parts = (self.user_id, self.provider_id, str(self.version), self.field)
        encoded = (part.encode() for part in parts)
        return b"".join(struct.pack(">I", len(part)) + part for part in encoded)


@dataclass(frozen=True, slots=True, repr=False)
class _MasterKey:
    id: bytes
    cipher: AESGCM


class KeyRing:
    """Encrypts under the current master secret, decrypts under that or an old one.

    A blob is `format (1 byte), key id (8), nonce (12), ciphertext and tag`.

    Args:
        current: at least 32 bytes of good randomness in whatever encoding.
        old: earlier secrets, still readable until everything is encrypted anew.

    Raises:
        ValueError: a secret is too short.

    """

    def __init__(self, current: bytes, old: Sequence[bytes] = ()) -> None:
        self._current = _master_key(current)
        keys = [self._current, *map(_master_key, old)]
        self._by_id = {key.id: key for key in keys}

    def encrypt(self, value: str, context: KeyContext) -> bytes:
        """Return the blob to store for `value` at the place `context`."""
        header = bytes([_FORMAT]) + self._current.id
        nonce = os.urandom(_NONCE_BYTES)
        associated = header + context.to_bytes()
        return (
            header + nonce + self._current.cipher.encrypt(nonce, value.encode(), associated)
        )

    def decrypt(self, blob: bytes, context: KeyContext) -> str:
        """Return the value that was encrypted for `context`.

        Raises:
            VaultError: another master key, another place, or changed bytes.

        """
        if len(blob) < _HEADER_BYTES + _NONCE_BYTES + _TAG_BYTES or blob[0] != _FORMAT:
            raise VaultError("this is not a secret that the vault wrote")
        header, rest = blob[:_HEADER_BYTES], blob[_HEADER_BYTES:]
        key = self._by_id.get(header[1:])
        if key is None:
            raise VaultError("encrypted under a master key that is not here")
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            value = key.cipher.decrypt(nonce, ciphertext, header + context.to_bytes())
        except InvalidTag:
            raise VaultError("changed, or moved here from elsewhere") from None
        return value.decode()


def _master_key(secret: bytes) -> _MasterKey:
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(f"a master secret must hold at least {MIN_SECRET_BYTES} bytes")
    size = 32 + _KEY_ID_BYTES
    info = b"llm-benchmark-studio provider keys"
    derived = HKDF(SHA256(), length=size, salt=None, info=info).derive(secret)
    return _MasterKey(derived[32:], AESGCM(derived[:32]))
