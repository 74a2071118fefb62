"""The facts about files that have not changed since the last check, kept in Dagster's own key-value store."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import dagster as dg

from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.formats import StreamFiles
from orchestrator.reading.objects import File

VERSION = 19
"""Raised when the facts mean something else, so that the kept ones are not used."""


class Memory:
    """The facts about a stream's files. They are valid for the format and the columns for which they were read."""

    def __init__(self, instance: dg.DagsterInstance, asset_key: Sequence[str], files: StreamFiles, sought: Sought):
        """Read what the last check kept."""
        self._storage = instance.daemon_cursor_storage
        self._key = "landing_checks/" + "/".join(asset_key)
        options = f"{VERSION} {_sorted(files.format.model_dump())} {sorted(sought.empty)} {_sorted(sought.kinds)}"
        self._valid_for = hashlib.sha256(options.encode()).hexdigest()
        self._new: dict[str, tuple[str, dict[str, object]]] = {}
        stored = self._storage.get_cursor_values({self._key}).get(self._key)
        content = json.loads(stored) if stored else {}
        self._old = content.get("files", {}) if content.get("valid_for") == self._valid_for else {}

    def get(self, file: File) -> FileFacts | None:
        """Return the facts, if they were kept and the file is the same."""
        version, facts = self._old.get(file.name, (None, None))
        return FileFacts.model_validate(facts) if version == file.version else None

    def keep(self, file: File, facts: FileFacts) -> FileFacts:
        """Keep the facts for the next check and return them."""
        self._new[file.name] = file.version, facts.model_dump(exclude_defaults=True)
        return facts

    def save(self) -> None:
        """Replace what the last check kept."""
        content = {"valid_for": self._valid_for, "files": self._new}
        self._storage.set_cursor_values({self._key: json.dumps(content)})


def _sorted(options: Mapping[str, object]) -> list[tuple[str, object]]:
    """Return options in an order that is the same in every process: that of a set is not."""
    return [(name, sorted(value) if isinstance(value, set) else value) for name, value in sorted(options.items())]
