"""`studio check`."""

from __future__ import annotations

from storage.database import Store
from studio.settings import Settings


def check() -> int:
    """Check settings and database without serving; exit status 1 if something is amiss."""
    settings = Settings.load()
    store = Store(settings.database_path)
    store.connect()
    pending = store.pending_migrations()
    store.close()
    print(f"settings  ok, version {settings.app_version}, data in {settings.data_dir}")
    print(f"database  {store.backend}, {store.size_bytes():,} bytes")
    if pending:
        print(f"database  not up to date: run `studio migrate` ({', '.join(pending)})")
    return 1 if pending else 0
