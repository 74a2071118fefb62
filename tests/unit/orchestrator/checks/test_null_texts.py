"""Numbers and words that mean NULL, in a column of another type than text."""

from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.checks import null_texts
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import CsvFormat, StreamFiles

from .examples import APPENDED, FILES, PEOPLE, Answers, table, told

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")


def test_a_number_or_a_word_that_means_null_is_an_error_in_a_column_of_another_type() -> None:
    class Counts(Answers):
        def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
            assert query == (
                "select countif(`n` in (-999)) as n_0, countif(`x` in (-1.5, -999)) as n_1, "
                "countif(`b` in (false)) as n_2 from `p.d.people`"
            )
            return [{"n_0": 1, "n_1": 0, "n_2": 2}]

    def rows(file: str) -> Iterator[tuple[int, dict[str, str]]]:
        yield 2, {"n": "1", "b": "0"}
        yield 3, {"n": "-999" if file == "b.csv" else "5", "b": "0"}

    nulls = {"", "-999", "-1.5", "no", "NaN", "-"}
    format_ = CsvFormat(filetype="csv", null_values=nulls, false_values={"no", "0"})
    files, facts = StreamFiles(["**"], format_), {"a.csv": FileFacts(), "b.csv": FileFacts()}
    found = table(n="INTEGER", x="NUMERIC", b="BOOLEAN", s="STRING")
    [finding] = null_texts.find(PEOPLE, files, facts, found, Counts(), rows)  # another word is false too
    assert told([finding]) == [(True, "b.csv", 3, "n")]
    assert "1 of 2 rows have the value '-999'" in finding.text
    appended = list(null_texts.find(APPENDED, files, facts, found, Counts(), rows))
    assert told(appended) == [(True, "b.csv", 3, "n"), (False, "", 0, "b")], "a file that is gone may have had 'no'"
    assert "written in another way" in appended[1].text
    assert not list(null_texts.find(PEOPLE, FILES, facts, found, Counts(), rows))
