"""The place in a file where the connector stopped."""

from typing import Any

import pytest

from orchestrator.checks import stopped
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import AvroFormat, StreamFiles
from orchestrator.warehouse import Warehouse

from .examples import PEOPLE, table

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")


class Loaded(Warehouse):
    """A warehouse whose table has two rows of the file."""

    def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
        return [{"url": "a.avro", "n": 2}]


def test_the_place_where_the_connector_stopped_is_the_first_record_that_is_missing() -> None:
    files, found = StreamFiles(["**"], AvroFormat(filetype="avro"), stops=True), table(_ab_source_file_url="STRING")
    rows = [(number, {"id": "7"}) for number in range(1, 5)]
    for part in ("line", "record"):
        read = {"a.avro": FileFacts(records=4)}
        said = stopped.remedy(PEOPLE, files, read, found, Loaded(), lambda _: iter(rows), part)
        assert said
        assert said.startswith(f"a.avro, {part} 3: ")
