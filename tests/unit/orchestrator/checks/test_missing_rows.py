"""Which files have fewer rows than records."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connections_file import Stream, SyncMode
from orchestrator.checks.missing_rows import short
from orchestrator.reading.facts import FileFacts
from orchestrator.warehouse import Warehouse

from .examples import PEOPLE, table

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")

FACTS = {"a.csv": FileFacts(records=2), "b.csv": FileFacts(records=1), "c.csv": FileFacts()}
MODIFIED = dict.fromkeys(FACTS, datetime(2026, 1, 2, tzinfo=UTC))
LOADED = table(
    id="INTEGER",
    _ab_source_file_url="STRING",
    _ab_source_file_last_modified="STRING",
    _airbyte_meta="JSON",
    _airbyte_extracted_at="TIMESTAMP",
)


def told(mode: SyncMode, rows: list[dict[str, Any]] | None, *globs: str) -> str | None:
    class Answers(Warehouse):
        def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:
            assert rows is not None, (query, most_bytes)
            return rows

    stream: Stream = PEOPLE.model_copy(update={"sync_mode": mode})
    return short(stream, FACTS, MODIFIED, LOADED, Answers(), globs)


def counted(**numbers: int) -> list[dict[str, Any]]:
    return [{"url": f"{name}.csv", "version": "2026-01-02 00:00:00+00", "n": n} for name, n in numbers.items()]


@pytest.mark.parametrize("mode", ["full_refresh_overwrite", "full_refresh_append", "incremental_append"])
def test_files_with_fewer_rows_are_named(mode: SyncMode) -> None:
    assert told(mode, counted(a=2, b=1)) is None
    said = told(mode, counted(a=1)) or ""
    assert "a.csv: 1 rows" in said
    assert "b.csv: 0 rows in the table, 1 records" in said
    assert "c.csv" not in said
    assert ("upload the file again" in said) is (mode == "incremental_append")
    assert ("reset" in said) is (mode == "full_refresh_append")


def test_rows_of_an_older_version_are_told_as_such() -> None:
    row = {"url": "a.csv", "version": "2026-01-01T00:00:00.000000Z", "n": 1}
    assert "a.csv: 1 rows of an older version" in (told("incremental_append", [row]) or "")


def test_a_glob_of_which_the_real_airbyte_finds_no_file_is_told() -> None:
    assert "before its first *" in (told("full_refresh_overwrite", counted(a=2), "a*", "?.csv") or "")
    assert "before its first *" not in (told("full_refresh_overwrite", counted(a=2), "*?.csv", "a*") or "")
    assert "before its first *" not in (told("full_refresh_overwrite", counted(a=1, b=1), "?.csv") or "")


def test_the_warehouse_is_not_asked_without_need() -> None:
    assert told("incremental_deduped_history", None) is None
    few = {"a.csv": FileFacts(records=2)}
    assert short(PEOPLE, few, MODIFIED, LOADED, Warehouse(), ["*"]) is None  # the table has two rows
    assert told("full_refresh_append", []) is None  # an Airbyte that does not number its syncs
