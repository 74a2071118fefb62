"""What is measured, and where the results go."""

from pathlib import Path

import pytest

from benchmarks import options
from benchmarks.results import versions

ROOT = Path(__file__).resolve().parents[3]


def test_the_quick_one_measures_loads_and_leaves_the_page_alone() -> None:
    asked = options.read(["quick"])
    assert (asked.quick, asked.parts) == (True, ("loads",))
    assert asked.page.is_relative_to(ROOT / ".local")
    assert asked.minutes < 5


def test_the_full_one_writes_the_page_and_starts_no_container() -> None:
    asked = options.read(["full"])
    assert asked.page == ROOT / "docs/benchmarks.md"
    assert asked.parts == ("latency", "growth", "loads")
    assert asked.minutes == 25
    assert options.read(["quick", "--minutes", "9"]).minutes == 9
    assert options.read(["full", "--parts", "docker", "latency"]).parts == ("latency", "docker")


def test_some_cases_are_a_part_of_the_loads() -> None:
    asked = options.read(["full", "--cases", "csv-1000000-8-1"])
    assert (asked.parts, asked.cases) == (("loads",), ("csv-1000000-8-1",))
    assert options.read(["full", "--parts", "loads", "--cases", "csv-1000000-8-1"]) == asked


def test_a_trial_leaves_the_page_alone(tmp_path: Path) -> None:
    asked = options.read(["full", "--out", str(tmp_path), "--rows", "10"])
    assert (asked.out, asked.page, asked.rows) == (tmp_path, tmp_path / "benchmarks.md", 10)


@pytest.mark.parametrize("wrong", [["--rows", "0"], ["--rows", "many"], ["--parts", "lunch"], ["--cases", "csv-1"], []])
def test_a_wrong_option_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options.read(["full", *wrong] if wrong else [])
    assert (wrong[-1] if wrong else "how") in capsys.readouterr().err


def test_cases_of_another_part_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options.read(["full", "--parts", "growth", "--cases", "csv-1000000-8-1"])
    assert "loads" in capsys.readouterr().err


def test_the_versions_of_all_that_is_compared_are_known() -> None:
    assert {"airbyte-source-s3", "dlt", "PyAirbyte", "duckdb", "dagster", "dbt-core"} <= set(versions())
