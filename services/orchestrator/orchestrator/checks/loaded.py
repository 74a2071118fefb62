"""The versions of files that an incremental sync has read, kept in Dagster's own key-value store.

The connector reads a file again only if its time is newer, and S3 keeps whole seconds. A file that is replaced within
the second of the version that was read is never read again, nor is one that gets an older time (a version of the bucket
that came back). In a .zip archive, the real Airbyte takes the time that the archive has for the file.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import dagster as dg

from orchestrator.checks.table import EXTRACTED, URL, TableFacts, literal
from orchestrator.reading.objects import File, is_member
from orchestrator.warehouse import Warehouse

MOST_NAMED = 500
"""So many files are named in a query; the length of a query is limited."""

type Extracted = Callable[[Sequence[str]], Mapping[str, float]]
"""Returns when the newest row of each file was extracted, in seconds since 1970; a file without rows is left out."""


class Loaded:
    """What is known about the files of one table."""

    def __init__(self, instance: dg.DagsterInstance, asset_key: Sequence[str]) -> None:
        """Read what the last sync and the last check kept."""
        self._storage = instance.daemon_cursor_storage
        self._key = "loaded_files/" + "/".join(asset_key)
        stored = self._storage.get_cursor_values({self._key}).get(self._key)
        content = json.loads(stored) if stored else {}
        self._read: dict[str, tuple[str, float]] = content.get("read", {})
        """The version of each file that was read, and its time."""
        self._rows: dict[str, tuple[str, float]] = content.get("rows", {})
        """Of some files: the version that the rows have, and when the newest of them was extracted."""

    def synced(self, present: Iterable[File]) -> None:
        """Note a sync that has succeeded. `present` are the files that existed before it."""
        kept = {file.name: self._read.get(file.name) for file in present}
        for file in present:
            known = kept[file.name]
            if known is None or known[0] == file.version or file.modified.timestamp() > known[1]:
                kept[file.name] = file.version, file.modified.timestamp()
        self._read = {name: known for name, known in kept.items() if known}
        self._save()

    def unread(self, files: Iterable[File], extracted: Extracted) -> list[File]:
        """Return the files whose version no sync has read. They are forgotten when rows of a later sync are there."""
        doubtful = [file for file in files if self._is_doubtful(file)]
        if not doubtful:
            return []
        times, found = extracted([file.name for file in doubtful]), []
        for file in doubtful:
            loaded, now = self._read[file.name], times.get(file.name, 0.0)
            version, before = self._rows.get(file.name, ("", 0.0))
            if file.version == loaded[0]:  # of an archive: read, if the connector takes the archive's time
                if version and version != file.version and now <= before:
                    found.append(file)
                else:
                    self._rows[file.name] = file.version, now
            elif version == loaded[0] and now > before:  # the connection was reset: the file was read again
                self._read[file.name] = file.version, file.modified.timestamp()
                self._rows.pop(file.name)
            else:
                self._rows[file.name] = loaded[0], now
                found.append(file)
        self._save()
        return found

    def _is_doubtful(self, file: File) -> bool:
        if file.name not in self._read:
            return False
        version, modified = self._read[file.name]
        if version != file.version:
            return file.modified.timestamp() <= modified
        return is_member(file.name) and self._rows.get(file.name, ("",))[0] != version

    def _save(self) -> None:
        self._rows = {name: rows for name, rows in self._rows.items() if name in self._read}
        self._storage.set_cursor_values({self._key: json.dumps({"read": self._read, "rows": self._rows})})


def newest_rows(warehouse: Warehouse, table: TableFacts) -> Extracted:
    """Return the function that asks the table."""

    def extracted(names: Sequence[str]) -> Mapping[str, float]:
        if not {URL, EXTRACTED} <= table.columns.keys():
            return {}
        select = f"select {URL} as url, max({EXTRACTED}) as newest from {table.scope}"  # noqa: S608 - see Warehouse.query
        if len(names) <= MOST_NAMED:
            select += f" where {URL} in ({', '.join(map(literal, names))})"
        rows = warehouse.query(f"{select} group by 1")
        return {row["url"]: row["newest"].timestamp() for row in rows if isinstance(row["newest"], datetime)}

    return extracted


def sentence(files: Sequence[File]) -> str:
    """Return what is wrong with files that were not read, and what to do."""
    others = f" (and {len(files) - 1} other files)" if len(files) > 1 else ""
    if is_member(files[0].name):
        return (
            f"{files[0].name}{others}: the archive was replaced, but the table has no newer rows of this file. The "
            "real Airbyte reads it only if the time that the archive has for it is newer: write the archive with the "
            "files' own times, or upload the file without an archive; then run again."
        )
    return (
        f"{files[0].name}{others}: the file was replaced, but its time is not newer than that of the version that was "
        "read (S3 keeps whole seconds), so the connector does not read the new version. Upload the file again, then "
        "run again."
    )
