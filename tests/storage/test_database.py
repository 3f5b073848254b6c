"""Opening and migrating a database."""

import sqlite3
from pathlib import Path

import pytest
from playhouse.schema_diff import diff_models

from domain.errors import SettingsError
from storage import accounts
from storage.database import MIGRATIONS, Store
from storage.tables import TABLES, UserRow, proxy
from tests.storage.made import a_user, everything

ALL = sorted(path.stem for path in MIGRATIONS.glob("0*.py"))


def test_migrations_from_nothing_give_exactly_the_tables(store: Store):
    diff = diff_models(proxy.obj, list(TABLES))

    assert not diff, str(diff)
    named = {table._meta.table_name for table in TABLES} | {"schema_migration"}
    assert set(proxy.obj.get_tables()) == named


def shape(table: str) -> tuple[set[tuple], set[tuple], set[tuple]]:
    """Return a table's columns, references and indexes, in no order."""

    def pragma(name: str, columns: str, of: str = table) -> list[tuple]:
        return proxy.obj.execute_sql(
            f"SELECT {columns} FROM pragma_{name}('{of}')"
        ).fetchall()

    columns = pragma("table_info", 'name, type, "notnull", dflt_value, pk')
    references = pragma("foreign_key_list", '"from", "table", "to", on_delete')
    indexes = {
        (unique, tuple(column for (column,) in pragma("index_info", "name", name)))
        for name, unique in pragma("index_list", 'name, "unique"')
    }
    return set(columns), set(references), indexes


def test_migrations_give_what_creating_the_tables_would(store: Store, tmp_path: Path):
    names = [table._meta.table_name for table in TABLES]
    migrated = {name: shape(name) for name in names}
    store.close()

    Store(tmp_path / "created.db").connect()
    proxy.obj.create_tables(TABLES)
    created = {name: shape(name) for name in names}
    proxy.obj.close()

    assert migrated == created


def test_migrating_twice_is_the_same_as_once(tmp_path: Path):
    store = Store(tmp_path / "studio.db")
    assert store.migrate() == ALL
    store.connect()
    a_user(store)
    before = everything()
    store.close()

    assert store.migrate() == []

    store.connect()
    assert (everything(), store.pending_migrations()) == (before, [])
    store.close()


def test_before_migrating_every_migration_is_pending(tmp_path: Path):
    store = Store(tmp_path / "studio.db")
    store.connect()
    assert store.pending_migrations() == ALL
    store.close()


def test_the_file_and_its_log_are_for_this_user_alone(store: Store, tmp_path: Path):
    a_user(store)

    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["studio.db", "studio.db-shm", "studio.db-wal"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_commit_survives_a_power_cut_and_references_are_checked(store: Store):
    found = {name: proxy.obj.pragma(name) for name in ("journal_mode", "synchronous")}

    assert found == {"journal_mode": "wal", "synchronous": 2}
    assert proxy.obj.pragma("foreign_keys") == 1


def test_the_size_counts_file_and_log(store: Store, tmp_path: Path):
    a_user(store)
    sizes = [(tmp_path / f"studio.db{end}").stat().st_size for end in ("", "-wal")]

    assert sizes[1] > 0
    assert store.size_bytes() == sum(sizes)


def test_a_snapshot_does_not_see_what_is_committed_meanwhile(store: Store, tmp_path: Path):
    a_user(store)
    with store.snapshot():
        before = accounts.count()
        other = sqlite3.connect(tmp_path / "studio.db")
        other.execute("UPDATE account SET email = 'else@example.org'")
        other.execute(
            "INSERT INTO account SELECT 'x', 'x', '', role, 0, 0, 1, 1, 1, 1, '', 0"
            " FROM account"
        )
        other.commit()
        other.close()
        assert accounts.count() == before == 1
        assert UserRow.select().get().email == "ada@example.org"
    assert accounts.count() == 2


def test_a_savepoint_that_fails_leaves_the_rest_of_the_transaction(store: Store):
    def fail() -> None:
        with store.savepoint():
            accounts.create("bob@example.org", "hash", 1, first_only=False)
            raise RuntimeError

    with store.transaction():
        accounts.create("ada@example.org", "hash", 1, first_only=False)
        with pytest.raises(RuntimeError):
            fail()

    assert [row.email for row in UserRow.select()] == ["ada@example.org"]


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path):
    path = tmp_path / "studio.db"
    path.write_text("Dear diary, today I was opened as a database. " * 40)

    for use in (Store(path).migrate, Store(path).connect):
        with pytest.raises(
            SettingsError, match=r"studio\.db cannot be used: .*not a database"
        ):
            use()


def test_a_place_where_there_can_be_no_file_is_said_so(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match=r"studio\.db cannot be used: Not a directory"):
        Store(tmp_path / "file" / "deeper" / "studio.db")


def test_a_database_of_a_later_version_is_left_alone(store: Store):
    proxy.obj.execute_sql("UPDATE schema_migration SET name = '0999_later'")
    store.close()

    with pytest.raises(SettingsError, match="later version changed it \\(0999_later\\)"):
        store.migrate()
