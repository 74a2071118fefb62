"""The verdict on a table's row count, for each sync mode."""

import dagster as dg
import pytest

from connections_file import Stream, SyncMode
from orchestrator.checks.row_count import compare, with_repeated_loads
from orchestrator.checks.table import TableFacts
from orchestrator.reading.facts import FileFacts

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


@pytest.mark.parametrize(
    ("mode", "rows", "passed", "severity"),
    [
        ("full_refresh_overwrite", 10, True, None),
        ("full_refresh_overwrite", 9, False, ERROR),
        ("full_refresh_overwrite", 11, False, ERROR),
        ("incremental_deduped_history", 10, True, None),
        ("incremental_deduped_history", 9, False, ERROR),
        ("incremental_deduped_history", 11, False, WARN),
        ("incremental_append", 9, False, ERROR),
        ("incremental_append", 20, True, None),
        ("full_refresh_append", 9, False, ERROR),
        ("full_refresh_append", 20, True, None),
    ],
)
def test_verdict_on_a_file_of_ten_records(
    mode: SyncMode, rows: int, passed: bool, severity: dg.AssetCheckSeverity | None
) -> None:
    stream = Stream(name="orders", sync_mode=mode, primary_key=[["id"]], dbt_source="shop.orders", files=["a.csv"])
    verdict = compare(stream, rows, {"a.csv": FileFacts(records=10)}, None)
    assert verdict.passed is passed
    assert severity in (None, verdict.severity)
    assert verdict.asset_key == dg.AssetKey(["shop", "orders"])
    assert (verdict.description or "").startswith(f"{rows} rows in the table, 10 records in the file")


@pytest.mark.parametrize(("rows", "deleted", "passed"), [(12, 2, True), (12, 1, False), (12, 0, False), (11, 2, False)])
def test_marked_rows_are_not_counted_and_rows_that_should_be_marked_are_an_error(
    rows: int, deleted: int, passed: bool
) -> None:
    stream = Stream(
        name="orders",
        sync_mode="incremental_deduped_history",
        primary_key=[["id"]],
        dbt_source="shop.orders",
        files=["a.csv"],
        deletions="mark",
    )
    verdict = compare(stream, rows, {"a.csv": FileFacts(records=10)}, None, deleted)
    assert verdict.passed is passed
    assert verdict.severity == ERROR
    assert f"{rows - deleted} rows in the table" in (verdict.description or "")
    assert verdict.metadata["rows_marked_as_deleted"].value == deleted


@pytest.mark.parametrize(
    ("rows", "older", "passed", "severity"),
    [(12, 2, False, WARN), (12, 3, False, ERROR), (10, 1, False, ERROR), (9, 1, False, ERROR), (10, 0, True, None)],
)
def test_rows_that_stay_do_not_hide_records_that_became_one(
    rows: int, older: int, passed: bool, severity: dg.AssetCheckSeverity | None
) -> None:
    """Ten records in the newest version of the file: ten rows have its time, unless some have the same key."""
    stream = Stream(
        name="orders", sync_mode="incremental_deduped_history", primary_key=[["id"]], dbt_source="shop.orders"
    )
    verdict = compare(stream, rows, {"a.csv": FileFacts(records=10)}, None, older)
    assert verdict.passed is passed
    assert severity in (None, verdict.severity)
    assert ("same primary key (id)" in (verdict.description or "")) is (severity == ERROR)
    assert ("moved to another file: reset" in (verdict.description or "")) is (severity == ERROR)


@pytest.mark.parametrize("mode", ["full_refresh_overwrite", "incremental_append", "incremental_deduped_history"])
def test_records_after_the_one_at_which_the_connector_stopped_need_no_reset(mode: SyncMode) -> None:
    stream = Stream(name="orders", sync_mode=mode, primary_key=[["id"]], dbt_source="shop.orders")
    verdict = compare(stream, 9, {"a.csv": FileFacts(records=10)}, None, stopped="a.csv, line 5: Correct the record.")
    assert not verdict.passed
    assert verdict.severity == ERROR
    assert "a.csv, line 5: Correct the record." in (verdict.description or "")
    assert "reset" not in (verdict.description or "")


def test_files_without_records_are_named_in_the_metadata() -> None:
    stream = Stream(name="orders", sync_mode="full_refresh_overwrite", dbt_source="shop.orders")
    facts = {f"{number}.csv": FileFacts(records=0) for number in range(5)}
    assert "files_without_records" not in compare(stream, 0, facts, None).metadata
    verdict = compare(stream, 2, facts | {"a.csv": FileFacts(records=2)}, None)
    assert verdict.passed
    assert verdict.metadata["files_without_records"].value == "0.csv, 1.csv, 2.csv and 2 more files"


def test_files_that_several_syncs_have_appended_are_a_warning() -> None:
    stream = Stream(name="orders", sync_mode="incremental_append", dbt_source="shop.orders", files=["a.csv"])
    twice = TableFacts("t", {}, 20, loaded_twice=2, twice_example="a.csv")
    verdict = with_repeated_loads(compare(stream, 20, {"a.csv": FileFacts(records=10)}, None), twice)
    assert (verdict.passed, verdict.severity) == (False, WARN)
    assert "a.csv (and 1 other files)" in (verdict.description or "")
    assert with_repeated_loads(
        compare(stream, 20, {"a.csv": FileFacts(records=10)}, None), TableFacts("t", {}, 20)
    ).passed
    lost = with_repeated_loads(compare(stream, 9, {"a.csv": FileFacts(records=10)}, None), twice)
    assert lost.severity == ERROR
