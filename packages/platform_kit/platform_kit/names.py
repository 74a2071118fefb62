"""Builds names in BigQuery like Airbyte's BigQuery destination (its page "BigQuery", "Naming Conventions")."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def identifier(name: str, first: str = "[A-Za-z_]", otherwise: str = "_") -> str:
    """Return a name without accents; each character except ASCII letters, digits and _ is replaced by _.

    If the first character does not match `first`, `otherwise` is put in front. The defaults are for tables and columns.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.category(c).startswith("M"))
    plain = re.sub(r"[^A-Za-z0-9_]", "_", re.sub(r"\s+", "_", plain))
    return plain if re.match(first, plain) else f"{otherwise}{plain}"


def dataset_name(namespace: str) -> str:
    """Return the dataset of a namespace. BigQuery hides a dataset whose name begins with an underscore."""
    return identifier(namespace, first="[A-Za-z0-9]", otherwise="n")


RESERVED_PREFIXES = (
    "_table_",
    "_file_",
    "_partition",
    "_row_timestamp",
    "__root__",
    "_colidentifier",
    "_change_sequence_number",
    "_change_type",
    "_change_timestamp",
)
"""BigQuery refuses column names with these prefixes, in upper and lower case (its page "Specifying a schema")."""
COLUMN_LENGTH = 300
"""BigQuery's limit of a column name, in characters."""

TABLE_LENGTH = 986
"""The most characters of a table's name: BigQuery's limit is 1,024; airbyte-lite needs 38 for its staging tables."""


@lru_cache(4096)
def column_name(name: str) -> str:
    """Return the column of a field: an identifier without BigQuery's reserved prefixes, at most 300 characters."""
    result = identifier(name)
    if result.lower().startswith(RESERVED_PREFIXES):
        result = f"_{result}"
    return result[:COLUMN_LENGTH]
