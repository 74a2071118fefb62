"""A stream of people, its files and its table, for the tests of the checks."""

from typing import Any

from connections_file import Stream
from orchestrator.checks.findings import Finding
from orchestrator.checks.table import TableFacts
from orchestrator.reading.formats import CsvFormat, StreamFiles
from orchestrator.warehouse import Warehouse

FILES = StreamFiles(["**"], CsvFormat(filetype="csv"))
DECLARED = StreamFiles(["**"], CsvFormat(filetype="csv"), {"id": "integer", "name": "string"})
PEOPLE = Stream(name="people", sync_mode="full_refresh_overwrite", dbt_source="x.people", primary_key=[["id"]])
APPENDED = PEOPLE.model_copy(update={"sync_mode": "incremental_append"})


def table(**types: str) -> TableFacts:
    """A table of two rows with these columns, each with a value in each row."""
    found = {name.lower(): (name, kind) for name, kind in types.items()}
    return TableFacts("p.d.people", found, 2, values=dict.fromkeys(found, 2))


def told(found: list[Finding]) -> list[tuple[bool, str, int, str]]:
    return [(finding.blocking, finding.file, finding.line, finding.column) for finding in found]


class Answers(Warehouse):
    """A warehouse whose next answers are these rows."""

    def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
        if "is null" in query:
            return [{"n": 1, "_airbyte_url": "a.csv"}]
        if "regexp_replace" in query:
            return [{"n": 3, "first": "007", "last": "7"}]
        return [{"_airbyte_key_0": 7, "_airbyte_rows": 2, "_airbyte_url": "a.csv"}]
