"""A stream of the tests of the landing checks, and the files that it may have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests import data_files

NUMBERS = {"exact": "number", "text": "number"}
PERSON = {"id": "integer", "name": "string"}
CSV = {"filetype": "csv", "encoding": "utf-8-sig", "null_values": [""]}
GUESS = {"inference_type": "Primitive Types Only"}
WORDS = {"true_values": ["true"], "false_values": ["false"]}
HEADLESS = {"header_definition": {"header_definition_type": "User Provided", "column_names": ["id", "name"]}}
ADA = [(1, "Ada"), (2, "Grace")]
PEOPLE = "id,name\n1,Ada\n2,Grace\n"


@dataclass(frozen=True)
class Case:
    """A stream: its files, its format, what the checks find (by check: the facts in the description), its rows."""

    files: str | bytes | Mapping[str, str | bytes]
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the format."""
    columns: Mapping[str, str] | None = None
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: list[tuple[Any, ...]] | None = None
    key: str = ""
    policy: str = "Emit Record"


def parquet(*, is_of_spark: bool = False, **columns: Any) -> bytes:
    """Return a Parquet file; Spark writes times in the type INT96."""
    return data_files.parquet(columns, use_deprecated_int96_timestamps=is_of_spark)
