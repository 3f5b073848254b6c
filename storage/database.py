"""Opening the database: SQLite with the pragmas that make an acknowledged write stay.

WAL lets readers work beside the one writer; `synchronous=FULL` makes a commit survive a
power cut, not only a crash of ours.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from peewee import DatabaseError, SqliteDatabase
from playhouse.migrations import Runner

from domain.errors import SettingsError
from storage.tables import proxy

MIGRATIONS = Path(__file__).parent / "migrations"
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "busy_timeout": 5_000,
    "temp_store": "memory",
}


class Store:
    """A database and its transactions; each thread that uses it opens a connection.

    Raises `SettingsError` when there can be no file at this path.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=True)
        except OSError as error:
            raise _unusable(path, error.strerror or error) from None
        self._path = path
        self._database = SqliteDatabase(str(path), pragmas=PRAGMAS, autoconnect=False)
        proxy.initialize(self._database)

    @property
    def backend(self) -> str:
        """The engine's name, for the admin page."""
        return "sqlite"

    def connect(self) -> None:
        """Open this thread's connection; raises `SettingsError` for what is no database."""
        try:
            self._database.connect(reuse_if_open=True)
        except DatabaseError as error:
            raise _unusable(self._path, error) from None

    def close(self) -> None:
        """Close this thread's connection."""
        self._database.close()

    def transaction(self) -> AbstractContextManager[Any]:
        """Begin a write: takes SQLite's write lock at once, so it cannot fail late."""
        return self._database.atomic("IMMEDIATE")

    def require_transaction(self) -> None:
        """Raise `RuntimeError` if the database has ended the transaction by itself.

        SQLite does so when the disk is full; what follows would commit one by one.
        """
        if not self._database.connection().in_transaction:
            raise RuntimeError("the database rolled the transaction back")

    def savepoint(self) -> AbstractContextManager[Any]:
        """Begin a part of a transaction that may fail without the rest."""
        return self._database.savepoint()

    def snapshot(self) -> AbstractContextManager[Any]:
        """Begin a read: all queries inside see the same state."""
        return self._database.atomic()

    def migrate(self) -> list[str]:
        """Apply what is pending, forward only; returns the names of what was applied.

        Raises `SettingsError` for a file that is no database, or a later version's.
        """
        try:
            with self._database.connection_context():
                runner = Runner(self._database, str(MIGRATIONS))
                later = [m.name for m in runner.status() if m.path is None]
                if later:
                    raise _unusable(self._path, f"a later version changed it ({later[0]})")
                names: list[str] = runner.up()
        except DatabaseError as error:
            raise _unusable(self._path, error) from None
        return names

    def pending_migrations(self) -> list[str]:
        """Return the names of migrations not applied yet; needs a connection."""
        status = Runner(self._database, str(MIGRATIONS)).status()
        return [migration.name for migration in status if migration.applied is None]

    def size_bytes(self) -> int:
        """Return the size of the database file with its write-ahead log."""
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())


def _unusable(path: Path, why: object) -> SettingsError:
    return SettingsError(f"the database {path} cannot be used: {why}")
