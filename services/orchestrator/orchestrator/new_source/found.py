"""What a look at files finds out: the format, the columns with their types, the keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from source_texts.tables import Column, Key


@dataclass
class Found:
    """What is known about the files of a new stream."""

    filetype: str
    options: Mapping[str, Any]
    """The options of the stream's format that differ from the usual CSV; empty: none."""
    columns: list[Column]
    keys: list[Key]
    """Each is unique and has no NULL in any record; the most probable key first."""
    records: int
    declared: bool = True
    """Whether connections.yaml declares the columns. A Parquet file has types of its own."""
    notes: list[str] = field(default_factory=list)


NAMES_OF_KEYS = ("id", "key", "uuid", "guid", "code", "number", "nr", "no", "sku", "email")


def likely_key(name: str, position: int, table: str) -> tuple[int, int]:
    """Return the rank of a column as the key: smaller is more probable.

    (9, …): the name is not a usual name of a key.
    """
    plain = name.lower().replace("-", "_").replace(" ", "_")
    singular = table.lower().removesuffix("s")
    if plain == "id":
        return 0, position
    if plain in {f"{table.lower()}_id", f"{singular}_id", f"{singular}id", f"{singular}_key", f"{singular}_number"}:
        return 1, position
    if plain.endswith(NAMES_OF_KEYS) and (len(plain) < 6 or "_" in plain or plain.endswith(("id", "key"))):
        return 2 + (position > 0), position
    return 9, position


class Uniques:
    """Which columns, or groups of columns, have no value twice and no NULL."""

    LIMIT = 5_000_000
    """After so many records a key is no longer looked for: each takes about 100 bytes of memory for each candidate."""

    def __init__(self, candidates: Iterable[Key]) -> None:
        """Watch these candidates."""
        self._seen: dict[Key, set[int]] = {key: set() for key in candidates}
        self._count = 0

    def add(self, record: Mapping[str, Any]) -> None:
        """Take one record; a column without a value may be missing or have an empty text or None."""
        self._count += 1
        if self._count > self.LIMIT:
            self._seen.clear()
        for key, seen in list(self._seen.items()):
            values = tuple(record.get(name) for name in key)
            # Two texts with one hash would only end a candidate too early, which is the safe side.
            number = hash(values)
            if any(value is None or value == "" for value in values) or number in seen:
                del self._seen[key]
            else:
                seen.add(number)

    @property
    def keys(self) -> list[Key]:
        """The candidates that are left; none if there was no record."""
        return list(self._seen) if self._count else []
