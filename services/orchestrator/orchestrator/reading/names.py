"""Which table column a name of a file is."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import unquote

from orchestrator.reading.facts import Row
from platform_kit.names import column_name


def bears(column: str, name: str) -> bool:
    """Return whether a name of the file is that of a table column (in lower case), also if it has blanks around it."""
    return column in borne(name)


@lru_cache(10_000)
def borne(name: str) -> frozenset[str]:
    """Return the table columns that a name of the file may be. To ask for each column takes long if there are many."""
    return frozenset({column_name(name).lower(), column_name(name.strip()).lower()})


def columns_of_key(key: str) -> dict[str, str]:
    """Return the columns that the connector takes from the key of a Parquet file, such as year=2024, with their values.

    These are the parts of the key with an equals sign: folders, and the file itself.
    """
    return {name: value for name, value, *_ in (unquote(part).split("=") for part in key.split("/") if "=" in part)}


def key_texts(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the line of each record and its texts of the primary key's columns."""
    for line, row in rows:
        yield line, [next((text for name, text in row.items() if bears(each.lower(), name)), "") for each in columns]
