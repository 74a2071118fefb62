"""Files whose newest version no incremental sync has read, although the bucket has it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg
import pytest

from orchestrator.checks import loaded
from orchestrator.checks.loaded import Loaded
from orchestrator.checks.row_count import compare
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.objects import File
from orchestrator.warehouse import Warehouse

from .examples import APPENDED, PEOPLE, table

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")

DEDUPED = PEOPLE.model_copy(update={"sync_mode": "incremental_deduped_history"})


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def file(version: str, second: int, name: str = "a.csv") -> File:
    return File(name, version, datetime(2026, 1, 1, 12, 0, second, tzinfo=UTC))


class Table:
    """A table with the rows of one file."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.time, self.asked = instance, 1.0, 0

    def synced(self, present: File, *, reads: bool) -> None:
        """Sync; the rows get a new time if the connector reads the file."""
        self.time += reads
        Loaded(self.instance, ["x", "people"]).synced([present])

    def unread(self, now: File) -> list[str]:
        return [each.version for each in Loaded(self.instance, ["x", "people"]).unread([now], self._extracted)]

    def _extracted(self, names: Sequence[str]) -> dict[str, float]:
        self.asked += 1
        return dict.fromkeys(names, self.time)


@pytest.mark.parametrize("second", [1, 0], ids=["the same second", "an older time"])
def test_a_file_that_is_replaced_without_a_newer_time_is_told_until_it_is_read(
    instance: dg.DagsterInstance, second: int
) -> None:
    table = Table(instance)
    table.synced(file("1", 1), reads=True)
    assert table.unread(file("1", 1)) == []
    assert table.asked == 0
    assert table.unread(file("2", second)) == ["2"]  # during the first sync or after it
    table.synced(file("2", second), reads=False)
    assert table.unread(file("2", second)) == ["2"]
    table.synced(file("2", 3), reads=True)  # uploaded again
    assert table.unread(file("2", 3)) == []


def test_a_file_that_a_reset_has_loaded_is_not_told_any_more(instance: dg.DagsterInstance) -> None:
    table = Table(instance)
    table.synced(file("1", 1), reads=True)
    assert table.unread(file("2", 1)) == ["2"]
    table.synced(file("2", 1), reads=True)
    assert table.unread(file("2", 1)) == []
    table.asked = 0
    assert table.unread(file("2", 1)) == []
    assert table.asked == 0


def test_a_file_that_the_next_sync_reads_is_not_told(instance: dg.DagsterInstance) -> None:
    table = Table(instance)
    assert table.unread(file("1", 1)) == []  # not known yet
    table.synced(file("1", 1), reads=True)
    assert table.unread(file("2", 2)) == []
    table.synced(file("2", 2), reads=True)
    assert table.unread(file("2", 2)) == []
    assert table.asked == 0


def test_a_file_of_an_archive_is_told_if_the_table_has_no_newer_rows(instance: dg.DagsterInstance) -> None:
    """The real Airbyte does not read it again if the archive has the same time for it."""
    table, name = Table(instance), "a.zip#a.csv"
    table.synced(file("1", 1, name), reads=True)
    assert table.unread(file("1", 1, name)) == []
    table.synced(file("2", 2, name), reads=False)
    assert table.unread(file("2", 2, name)) == ["2"]
    table.synced(file("2", 3, name), reads=False)
    assert table.unread(file("2", 3, name)) == ["2"]
    table.synced(file("3", 4, name), reads=True)
    assert table.unread(file("3", 4, name)) == []
    table.asked = 0
    assert table.unread(file("3", 4, name)) == []
    assert table.asked == 0


@pytest.mark.parametrize("name", ["a.csv", "a.zip#a.csv"])
@pytest.mark.parametrize("stream", [APPENDED, DEDUPED])
def test_the_row_count_fails_with_the_file_and_the_remedy(stream: object, name: str) -> None:
    assert compare(APPENDED, 2, {"a.csv": FileFacts(records=2)}, None).passed
    sentence = loaded.sentence([file("1", 1, name), file("2", 1, "b.csv")])
    for rows in (2, 3):
        verdict = compare(stream, rows, {"a.csv": FileFacts(records=2)}, None, unread=sentence)  # type: ignore[arg-type]
        assert (verdict.passed, verdict.severity) == (False, dg.AssetCheckSeverity.ERROR)
        assert f"{name} (and 1 other files)" in (verdict.description or "")
        assert "pload the file" in (verdict.description or "")


def test_the_query_names_few_files_only_and_each_as_it_is() -> None:
    asked: list[str] = []

    class Asked(Warehouse):
        def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, object]]:
            assert most_bytes is None
            asked.append(query)
            return [{"url": "a😀\"'.csv", "newest": datetime(2026, 1, 1, tzinfo=UTC)}]

    found = table(id="INTEGER", _ab_source_file_url="STRING", _airbyte_extracted_at="TIMESTAMP")
    extracted = loaded.newest_rows(Asked(), found)
    assert extracted(["a😀\"'.csv"]) == {"a😀\"'.csv": datetime(2026, 1, 1, tzinfo=UTC).timestamp()}
    extracted([f"{number}.csv" for number in range(loaded.MOST_NAMED + 1)])
    assert 'in ("a😀\\"\'.csv")' in asked[0]
    assert " in (" not in asked[1]
