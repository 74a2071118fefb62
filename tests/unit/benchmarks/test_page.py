"""The page docs/benchmarks.md is what its results say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.loads import cases
from benchmarks.loads.cases import FULL, QUICK, chosen
from benchmarks.page.series import all_plots, digest
from benchmarks.page.text import page
from benchmarks.page.words import FOLDER
from benchmarks.results import Results

DOCS = Path(__file__).resolve().parents[3] / "docs"
RESULTS = DOCS / "benchmarks/results.json"


def committed() -> dict[str, Any]:
    """The parts in the committed results."""
    parts: dict[str, Any] = json.loads(RESULTS.read_text())["parts"]
    return parts


def run(wall: float, **cpu: float) -> dict[str, Any]:
    """One run of a contender."""
    return {"wall": wall, "start": 0.5, "cpu": cpu, "memory": dict.fromkeys(cpu, 100.0), "total_memory": 150.0}


ABOUT = {
    "date": "2026-01-31",
    "commit": "abc1234",
    "machine": {"processor": "A processor", "cores": 2, "memory": "8 GiB", "system": "Linux 6", "load": 0.1},
    "versions": {"duckdb": "1.2.3"},
}
CASE = {"rows": 1_000_000, "columns": 8, "files": 1, "kind": "csv"}
LOADS: dict[str, Any] = {
    "about": ABOUT,
    "seconds": 120,
    "cases": {
        "one": CASE
        | {
            "contenders": {
                cases.BATCHES: {"runs": [run(4, connector=2, emulator=2, S3=9), run(5, connector=3, emulator=3, S3=9)]},
                cases.GOOGLE: {"runs": [run(9, connector=4, emulator=6, S3=9, front=9)]},
                cases.DLT_ARROW: {"runs": [run(3, program=8), run(3, program=12)]},
                cases.PYAIRBYTE: {"runs": [], "error": "it is not installed"},
            }
        },
        "two": CASE | {"rows": 100_000, "contenders": {cases.BATCHES: {"runs": [run(1, connector=0.5)]}}},
        "three": CASE | {"rows": 10, "error": "the time was over"},
    },
}


def test_the_committed_page_is_made_from_the_committed_results() -> None:
    written = (DOCS / "benchmarks.md").read_text()
    assert written == page(committed()), "docs/benchmarks.md is not what its results say: make bench-page"


def test_the_committed_plots_are_made_from_the_committed_results() -> None:
    plots = all_plots(committed())
    assert {file.name for file in RESULTS.parent.glob("*.svg")} == set(plots), "make bench-page"
    for name, plot in plots.items():
        assert f"data {digest(plot)}" in (RESULTS.parent / name).read_text(), f"{name} is old: make bench-page"


def test_the_committed_files_name_no_place_of_a_machine() -> None:
    for file in (DOCS / "benchmarks.md", RESULTS):
        assert re.findall(r"/(?:home|root|tmp|work|Users|var)/\S+", file.read_text()) == []


def test_the_page_has_the_figures_of_the_runs() -> None:
    text = page({"loads": LOADS})
    assert "| this platform, in batches | 4.50 (4.00 to 5.00) | 5.00 (4.00 to 6.00) | 1.00 |" in text
    assert "| dlt (Arrow) to the emulator | 3.00 (3.00 to 3.00) | 10.0 (8.00 to 12.0) | 2.00 |" in text
    assert "| PyAirbyte to DuckDB | it is not installed |" in text
    assert "10 rows, 8 columns, 1 file of CSV: the time was over" in text
    assert "| 2026-01-31 | abc1234 | A processor, 2 cores, 8 GiB, Linux 6 | 0.1 | 2 |" in text
    assert "duckdb 1.2.3" in text


def test_the_front_that_stands_in_for_google_is_shown_but_not_in_the_sums() -> None:
    text = page({"loads": LOADS})
    assert "| this platform, as to Google | 9.00 (1 run) | 10.0 (1 run) | 2.50 |" in text
    assert "| 1,000,000 rows, 8 columns, 1 file of CSV: ours, as to Google |  | 4.00 | 6.00 | 10.0 | 9.00 |" in text
    assert "| 1,000,000 rows, 8 columns, 1 file of CSV | 5.00 | 10.0 (2.5) | 10.0 (2.0) |" in text


def test_a_page_without_google_does_not_tell_of_it() -> None:
    without = json.loads(json.dumps(LOADS))
    del without["cases"]["one"]["contenders"][cases.GOOGLE]
    assert "as to Google" not in page({"loads": without})


def test_a_case_that_was_measured_again_keeps_the_others_and_has_its_own_circumstances(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.keep("loads", LOADS)
    again = {"about": ABOUT | {"commit": "def5678"}, "seconds": 60, "cases": {"two": LOADS["cases"]["two"]}}
    results.keep_cases("loads", again)
    [loads] = results.load().values()
    assert loads["cases"]["one"] == LOADS["cases"]["one"]
    text = page({"loads": loads})
    assert "| loads | 2026-01-31 | abc1234 |" in text
    assert "| loads: 100,000 rows, 8 columns, 1 file of CSV | 2026-01-31 | def5678 |" in text
    results.keep_cases("loads", again | {"cases": {}, "error": "interrupted"})
    assert results.load() == {"loads": loads}


def test_a_page_of_another_measurement_differs() -> None:
    changed = json.loads(json.dumps(LOADS))
    changed["cases"]["one"]["contenders"][cases.DLT_ARROW]["runs"][0]["cpu"]["program"] = 9
    assert page({"loads": changed}) != page({"loads": LOADS})
    before, after = all_plots({"loads": LOADS}), all_plots({"loads": changed})
    assert digest(before["loads-cpu.svg"]) != digest(after["loads-cpu.svg"])


def test_the_slope_uses_the_narrow_csv_cases() -> None:
    growth = page({"loads": LOADS}).partition("### Growth with the rows")[2].partition("##")[0]
    assert "| ours, batches | 100,000 to 1,000,000 | 1.00 | 1.00 |" in growth


def test_memory_that_was_looked_at_too_seldom_is_not_told() -> None:
    seldom = json.loads(json.dumps(LOADS))
    contenders = seldom["cases"]["one"]["contenders"]
    contenders[cases.DLT_ARROW]["runs"] = [run(3, program=8) | {"looks": 2, "total_memory": 1.9}]
    seldom["cases"]["two"]["contenders"][cases.BATCHES]["runs"][0] |= {"looks": 4}
    text = page({"loads": seldom})
    assert "| dlt (Arrow) to the emulator | 3.00 (1 run) | 8.00 (1 run) | 2.00 | 0.50 |  |" in text
    assert "| ours, batches | 100,000 to 1,000,000 | 1.00 | 1.00 |  |" in text, "a peak of 4 looks is in the slope"
    contenders[cases.DLT_ARROW]["runs"].append(run(3, program=8) | {"looks": 5})
    assert "150 (program 100)" in page({"loads": seldom})


@pytest.mark.parametrize("part", ["latency", "growth", "docker", "loads"])
def test_a_part_that_failed_at_once_is_told(part: str) -> None:
    assert "no disk" in page({part: {"about": ABOUT, "seconds": 1, "error": "no disk"}})


def test_fewer_rows_make_fewer_cases() -> None:
    assert [case.rows for case in chosen(QUICK, 10_000, None)] == [10_000]
    small = chosen(FULL, 10_000, 1)
    assert {case.rounds for case in small} == {1}
    assert len({case.name for case in small}) == len(small) < len(FULL)
    assert chosen(FULL, None, None) == list(FULL)


def test_single_cases_are_chosen_by_name() -> None:
    [case] = chosen(FULL, None, None, ("csv-1000000-8-1",))
    assert (case.rows, cases.GOOGLE in case.contenders) == (1_000_000, True)


def test_all_prose_is_on_the_page() -> None:
    parts = {name: {"about": ABOUT, "seconds": 1} for name in ("latency", "growth", "docker")}
    text = page({"loads": LOADS} | parts | {"latency": parts["latency"] | {"pages": {}}})
    for file in FOLDER.glob("*.md"):
        assert file.read_text().rstrip("\n") in text, f"{file.name} is not used"
