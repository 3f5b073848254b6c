"""One studio on one data folder: an advisory lock that dies with its process."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from domain.errors import SettingsError
from studio.settings import Settings

LOCK_NAME = "studio.lock"


@contextlib.contextmanager
def hold_lock(data_dir: Path, what: str) -> Iterator[None]:
    """Hold the lock of `data_dir` inside the block, as e.g. "studio serve".

    The kernel keeps the lock for the open file, so it ends with the process, however
    that ends. Programs started inside the block do not inherit it; a bare `fork` would.

    Raises:
        SettingsError: another process holds it (the text says which), or the folder
            cannot be written to.

    """
    descriptor = _open(data_dir)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(_refusal(data_dir, descriptor)) from None
        _write(descriptor, f"{os.getpid()} {what}\n")
        try:
            yield
        finally:
            _write(descriptor, "")
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def hold_locks(settings: Settings, what: str) -> Iterator[None]:
    """Hold the lock of DATA_DIR and that of the database's folder, if it is another."""
    with contextlib.ExitStack() as stack:
        for folder in sorted({settings.data_dir, settings.database_path.parent}):
            stack.enter_context(hold_lock(folder, what))
        yield


def _open(data_dir: Path) -> int:
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(
            f"DATA_DIR={data_dir} cannot be used: {error.strerror}; give a folder that"
            " this user may write to"
        ) from None


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def _refusal(data_dir: Path, descriptor: int) -> str:
    # Between taking the lock and signing for it a holder is nameless for a moment.
    pid, _, what = os.pread(descriptor, 200, 0).decode("utf-8", "replace").partition(" ")
    holder = f"`{what.strip()}`, process {pid}" if pid.isdecimal() else "another process"
    return (
        f"DATA_DIR={data_dir} is in use by {holder}; stop that first, or give this one"
        " another DATA_DIR"
    )
