"""`studio migrate`."""

from __future__ import annotations

from pathlib import Path

from storage.database import Store
from studio.locks import hold_locks
from studio.settings import Settings


def migrate(*, data_dir: Path | None = None) -> int:
    """Bring the database to this version; `studio serve` does so at its start, too.

    Parameters
    ----------
    data_dir
        Where the database is kept; else DATA_DIR, else ./data.

    """
    overrides = {} if data_dir is None else {"DATA_DIR": str(data_dir)}
    settings = Settings.load(overrides)
    with hold_locks(settings, "migrate"):
        applied = Store(settings.database_path).migrate()
    print("\n".join(f"applied {name}" for name in applied) or "nothing to apply")
    return 0
