"""Rows without a primary key, repeated keys, blanks around keys, keys that are one number."""

import pytest

from orchestrator.checks import keys
from orchestrator.checks.table import TableFacts

from .examples import APPENDED, PEOPLE, Answers, table

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")


def test_a_broken_key_has_the_lines_of_its_records() -> None:
    rows = [(2, {"id": "7"}), (3, {"id": ""}), (4, {"ID ": "7.0"})]
    found = TableFacts("t", {"id": ("id", "INTEGER"), "_ab_source_file_url": ("", "")}, 3, 0, ["id"], 1, 1)
    missing, repeated = keys.find(PEOPLE, found, Answers(), lambda _: iter(rows))
    assert (missing.line, repeated.line) == (3, 2)
    assert "line 4" in repeated.text
    deduped = PEOPLE.model_copy(update={"sync_mode": "incremental_deduped_history"})
    [one, *_] = keys.find(deduped, found, Answers(), lambda _: iter([*rows, (5, {"id": " "}), (6, {"name": "x"})]))
    assert (one.line, one.blocking) == (3, True)
    assert "3 records of this file" in one.text
    assert "keeps only the newest" in one.text


def test_rows_that_a_corrected_file_does_not_replace_have_another_remedy() -> None:
    found = TableFacts("t", {"id": ("id", "INTEGER"), "_ab_source_file_url": ("", "")}, 3, 0, ["id"], 1, 1)
    remedies = {}
    for mode in ("full_refresh_overwrite", "incremental_deduped_history"):
        stream = PEOPLE.model_copy(update={"sync_mode": mode})
        remedies[mode] = [finding.remedy for finding in keys.find(stream, found, Answers(), lambda _: iter(()))]
    assert ["drop the table" in remedy for remedy in remedies["full_refresh_overwrite"]] == [False, False]
    assert ["drop the table" in remedy for remedy in remedies["incremental_deduped_history"]] == [True, True]


def test_a_key_is_repeated_after_an_append() -> None:
    rows = [(2, {"id": "7"})]
    found = TableFacts("t", {"id": ("id", "INTEGER"), "_ab_source_file_url": ("", "")}, 3, 0, ["id"], 1, 1)
    appended = PEOPLE.model_copy(update={"sync_mode": "incremental_append"})
    assert len(keys.find(appended, found, Answers(), lambda _: iter(rows))) == 1


def test_blanks_around_a_key_are_a_warning() -> None:
    found = TableFacts("t", {"id": ("id", "STRING")}, 3, key=["id"], key_blanks=2)
    [finding] = keys.find(PEOPLE, found, Answers(), lambda _: iter(()))
    assert (finding.column, finding.blocking) == ("id", False)
    assert "2 of 3 rows" in finding.text


def test_keys_that_are_one_number_are_a_warning() -> None:
    found = TableFacts("t", {"id": ("id", "STRING")}, 9, key=["id"], key_zeros=2)
    [finding] = keys.find(PEOPLE, found, Answers(), lambda _: iter(()))
    assert (finding.column, finding.blocking) == ("id", False)
    assert "'007' and '7'" in finding.text
    assert not keys.find(APPENDED, found, Answers(), lambda _: iter(()))


def test_a_key_that_is_not_in_the_table() -> None:
    [finding] = keys.find(PEOPLE, table(name="STRING"), Answers(), lambda _: iter(()))
    assert (finding.column, finding.blocking) == ("id", True)
