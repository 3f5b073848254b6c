"""Secrets of this installation that nobody gave: made once, kept in a file of their own."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path

from domain.errors import SettingsError

_MODE = 0o600
_log = logging.getLogger(__name__)


def load_or_create(path: Path, n_bytes: int = 32) -> bytes:
    """Return the secret in `path`, made of `n_bytes` random bytes if there is none.

    The file holds one line of URL-safe text and the secret is that text, so that copying
    the line into the environment variable of the same purpose changes nothing. Processes
    that race get the same secret, and one killed half way leaves no half file.

    Raises:
        SettingsError: the file or its folder cannot be read or written, or it holds fewer
            than `n_bytes` characters.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _create(path, secrets.token_urlsafe(n_bytes))
        return _read(path, n_bytes)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(
            f"the secret file {path} cannot be used: {reason}; check DATA_DIR and its owner"
        ) from None


def _read(path: Path, n_bytes: int) -> bytes:
    secret = path.read_bytes().strip()
    if len(secret) < n_bytes:
        raise SettingsError(
            f"the secret file {path} is damaged: {len(secret)} characters instead of"
            f" {n_bytes} or more; restore it from a backup (without it, what was encrypted"
            " or signed with it is lost)"
        )
    if path.stat().st_mode & 0o077:
        _log.warning("%s was readable by others; now it is its owner's alone", path)
        path.chmod(_MODE)
    return secret


def _create(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_durably(draft, f"{text}\n".encode())
        try:
            # A link appears whole or not at all, and never replaces the winner's file.
            path.hardlink_to(draft)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _write_durably(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
