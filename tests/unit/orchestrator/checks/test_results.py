"""The result of a check: its findings, with their places."""

import dagster as dg
import pytest

from orchestrator.checks import keys
from orchestrator.checks.findings import Finding, result
from orchestrator.checks.table import TableFacts

from .examples import PEOPLE, Answers

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")


def test_a_result_shows_errors_first_and_says_how_many_more() -> None:
    findings = [Finding(f"warning {n}", "Do it.", blocking=False) for n in range(4)]
    checked = result(PEOPLE, "columns_arrived", "good", [*findings, Finding("error", "Do it.", "a.csv", 3, "x")])
    lines = (checked.description or "").splitlines()
    assert lines[0] == "a.csv, line 3, column 'x': error. Do it."
    assert "2 more" in lines[-1]
    assert checked.severity == dg.AssetCheckSeverity.ERROR
    assert result(PEOPLE, "columns_arrived", "good", findings).severity == dg.AssetCheckSeverity.WARN
    assert result(PEOPLE, "columns_arrived", "good", []).passed


def test_a_place_in_an_avro_file_is_a_record() -> None:
    finding = Finding("it is so", "Change it.", "a.avro", 7, "x")
    said = result(PEOPLE, "values_were_cast", "", [finding], part="record")
    assert said.description == "a.avro, record 7, column 'x': it is so. Change it."
    findings = said.metadata["findings"]
    assert isinstance(findings, dg.TableMetadataValue)
    assert findings.records[0].data["record"] == 7
    found = TableFacts("t", {"id": ("id", "INTEGER"), "_ab_source_file_url": ("", "")}, 2, 0, ["id"], 0, 1)
    [repeated] = keys.find(PEOPLE, found, Answers(), lambda _: iter([(1, {"id": "7"}), (3, {"id": "7"})]), "record")
    assert "record 3" in repeated.text
