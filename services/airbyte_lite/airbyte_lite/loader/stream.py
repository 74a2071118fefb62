"""One selected stream of a connection, as the loader needs it."""

from dataclasses import dataclass
from typing import Any

OVERWRITE = "full_refresh_overwrite"
DEDUPED = "incremental_deduped_history"
SYNC_MODES = (OVERWRITE, "full_refresh_append", "incremental_append", DEDUPED)


@dataclass(frozen=True)
class SyncStream:
    """One selected stream of a connection, with its sync mode and table."""

    name: str
    namespace: str | None  # in the source; the table is always in the destination's dataset
    json_schema: dict[str, Any]
    sync_mode: str  # one of SYNC_MODES
    primary_key: list[list[str]]
    cursor_field: list[str]
    table: str  # prefix of the connection + name of the stream; names.tables makes the table name from it
    generation_id: int

    @property
    def incremental(self) -> bool:
        """Whether each sync continues from the saved state of the sync before."""
        return self.sync_mode.startswith("incremental")
