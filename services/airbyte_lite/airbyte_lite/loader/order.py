"""What a connector's process needs to make the batches itself, and what it reports. Both sides use this module.

The order is a file of JSON in the connector's working directory. A report is the data of a RECORD message: an object
with the order's key, which is random, so that no record of a source can be taken for a report.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from airbyte_lite.loader.rows import Column
from airbyte_lite.loader.types import FieldType

FILE = "batches.json"
PARQUET, NDJSON = "parquet", "jsonl"


@dataclass(frozen=True)
class StreamOrder:
    """The batches of one stream: the start of their files' names, the columns, and what every row contains."""

    prefix: str
    columns: list[Column]
    sync_id: int
    generation_id: int


@dataclass(frozen=True)
class Order:
    """The batches of one sync. `batch_bytes` is the smallest size of a full batch file in `folder`."""

    key: str
    folder: str
    format: str  # PARQUET or NDJSON
    batch_bytes: int
    streams: dict[str, StreamOrder]

    def dump(self) -> dict[str, Any]:
        """Return the order as JSON values."""
        return asdict(self)

    @classmethod
    def load(cls, content: dict[str, Any]) -> Order:
        """Return the order from its JSON values."""
        streams = {
            name: StreamOrder(**{**each, "columns": [_column(**column) for column in each["columns"]]})
            for name, each in content["streams"].items()
        }
        return cls(**{**content, "streams": streams})


@dataclass(frozen=True)
class BatchFile:
    """A batch file that is complete. `full`: the stream has more rows, or may have them."""

    name: str
    rows: int
    full: bool


@dataclass(frozen=True)
class Report:
    """What is new since the last report of the stream: rows, the size of their records, invalid values, batch files."""

    rows: int = 0
    bytes: int = 0
    misfits: dict[str, int] = field(default_factory=dict)
    files: list[BatchFile] = field(default_factory=list)

    def dump(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)

    @classmethod
    def load(cls, content: dict[str, Any]) -> Report:
        """Return the report from its JSON values."""
        return cls(**{**content, "files": [BatchFile(**each) for each in content["files"]]})


def _column(field: str, name: str, type: dict[str, Any]) -> Column:
    return Column(field, name, FieldType(**type))
