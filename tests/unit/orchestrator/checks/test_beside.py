"""Files beside those of a stream that no glob matches."""

import time

import dagster as dg
import pytest

from orchestrator.checks.beside import MOST, Beside

PASSED = dg.AssetCheckResult(
    asset_key=["x", "t"], check_name="rows", passed=True, description="2 rows", metadata={"n": 2}
)
FAILED = dg.AssetCheckResult(asset_key=["x", "t"], check_name="rows", passed=False, description="1 row.")


def beside(glob: str, *keys: str, elsewhere: tuple[str, ...] = ()) -> Beside:
    found = Beside([glob], (glob, *elsewhere))
    for key in keys:
        found.note(key)
    return found


@pytest.mark.parametrize(
    ("glob", "key", "reason"),
    [
        ("*.csv", "a.CSV", "upper and lower case"),
        ("data/**/Sales_*.csv", "data/x/sales_1.Csv", "upper and lower case"),
        ("data/*.csv", "data/b.csv.gz", "'data/*.csv.gz' does"),
        ("*.csv", "b.csv.bz2", "'*.csv.bz2' does"),
        ("data/*.csv", "data/b.csv.zip", "'data/*.zip#*' does"),
        ("*.csv", "b.csv.zip", "'*.zip#*' does"),
    ],
)
def test_a_file_that_is_probably_meant_is_a_warning(glob: str, key: str, reason: str) -> None:
    verdict = beside(glob, key).told_with(PASSED, ["a.csv"])
    assert (verdict.passed, verdict.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert (verdict.description or "").startswith(f"2 rows. Not loaded: {key} ({glob!r} does not match")
    assert reason in (verdict.description or "")
    failed = beside(glob, key).told_with(FAILED, [])
    assert (failed.passed, failed.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert (failed.description or "").startswith("1 row. Not loaded: ")


@pytest.mark.parametrize(
    ("glob", "key"),
    [
        ("*.csv", ".hidden.csv"),
        ("**/*.csv", ".old/a.csv"),
        ("*.csv", "b.csv.bak"),
        ("*.csv", "b.csv~"),
        ("*.csv", "b.csv.1"),
        ("*.csv", "a.csv.gz"),  # a copy of a file that is loaded
    ],
)
def test_another_file_is_only_noted(glob: str, key: str) -> None:
    verdict = beside(glob, key).told_with(PASSED, ["a.csv"])
    assert verdict.passed
    assert verdict.description == "2 rows"
    assert str(verdict.metadata["not_loaded_beside_the_globs"].value).startswith(key)
    assert verdict.metadata["n"].value == 2


@pytest.mark.parametrize(
    ("glob", "key"),
    [
        ("*.csv", "a.tsv"),
        ("*.csv", "notes.txt"),
        ("*.csv", "x/a.csv"),
        ("data/*.csv", "data/"),
        ("a.csv", "a.csv.gz"),  # the glob names one file
        ("data/a.csv", "data/a.CSV"),
        ("*", "x/a.csv"),
    ],
)
def test_other_files_are_not_told(glob: str, key: str) -> None:
    assert beside(glob, key).told_with(PASSED, []) is PASSED


def test_what_another_stream_reads_is_not_told() -> None:
    keys = ("a.CSV", "b.csv.gz", "c.csv.zip", ".d.csv")
    assert beside("*.csv", *keys, elsewhere=("*.CSV", "*.gz", "*.zip#*", ".*")).told_with(PASSED, []) is PASSED


def test_many_files_are_counted_and_a_large_bucket_costs_little() -> None:
    verdict = beside("*.csv", *(f"{number}.CSV" for number in range(1000))).told_with(PASSED, [])
    assert f"and {MOST - 3} more files" in (verdict.description or "")
    started = time.process_time()
    beside("*.csv", *(f"images/{number}.png" for number in range(100_000)))
    assert time.process_time() - started < 1
