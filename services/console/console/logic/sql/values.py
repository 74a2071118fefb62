"""The values of a result, short enough for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from platform_kit.bigquery_results import text_of

if TYPE_CHECKING:
    from google.cloud import bigquery

SHOWN = 300
"""The number of characters of a value in the grid."""
WHOLE = 200_000
"""The number of characters of one value that is opened alone."""


@dataclass(frozen=True)
class Cell:
    """A value as it is shown. `length` is the number of characters of the whole value when `text` is a part of it."""

    text: str
    is_null: bool = False
    length: int = 0


def cell(value: Any, field: bigquery.SchemaField, limit: int = SHOWN) -> Cell:
    """Return a value for the grid; `field` has the column's real type. An empty array is `[]`, as BigQuery has it."""
    if value is None:
        return Cell("NULL", is_null=True)
    text = text_of(value, field)
    return Cell(text) if len(text) <= limit else Cell(text[:limit], length=len(text))
