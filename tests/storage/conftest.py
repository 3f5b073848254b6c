"""A real database in a temporary folder, with this thread's connection open."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "studio.db")
    store.migrate()
    store.connect()
    yield store
    store.close()
