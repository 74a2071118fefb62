import sqlite3
from pathlib import Path

import pytest

from airbyte_lite.state.database import Database, DataDirUnusable


def values(database: Database) -> list[str]:
    with database.read() as connection:
        return [row["name"] for row in connection.execute("select name from meta order by name")]


def insert(connection: sqlite3.Connection, name: str, value: bytes = b"") -> None:
    connection.execute("insert into meta values (?, ?)", (name, value))


def test_failed_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.executemany("insert into meta values (?, '')", [("a",), ("a",)])
    assert values(database) == []


def test_full_disk_is_told_and_survived(database: Database) -> None:
    with database.read() as connection:
        [pages] = connection.execute("pragma page_count").fetchone()
        connection.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"), database.write() as connection:
        insert(connection, "big", b"x" * 100_000)
    with database.read() as connection:
        connection.execute("pragma max_page_count = 1000000")
    with database.write() as connection:
        insert(connection, "a")
    assert values(database) == ["a"]


def test_failed_commit_leaves_nothing(database: Database) -> None:
    with database.read() as connection:
        connection.execute("pragma foreign_keys = on")
        connection.execute("create table child (name references meta deferrable initially deferred)")
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.execute("insert into child values ('nobody')")  # found at the commit
    with database.write() as connection:
        insert(connection, "a")
    assert values(database) == ["a"]


def test_folder_that_cannot_be_made_is_told_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file" / "data", tmp_path / ("x" * 300)):
        with pytest.raises(DataDirUnusable, match="AIRBYTE_LITE_DATA_DIR"):
            Database(folder)
