"""What a sync loads: one selected stream of a connection."""

from dataclasses import dataclass
from typing import Any

OVERWRITE = "full_refresh_overwrite"
DEDUPED = "incremental_deduped_history"
SYNC_MODES = (OVERWRITE, "full_refresh_append", "incremental_append", DEDUPED)


@dataclass(frozen=True)
class SyncStream:
    """One selected stream of a connection and how it is to be loaded."""

    name: str
    namespace: str | None  # the source's; tables always go to the destination's dataset
    json_schema: dict[str, Any]
    sync_mode: str  # one of SYNC_MODES
    primary_key: list[list[str]]
    cursor_field: list[str]
    table: str  # connection prefix + stream name, before normalisation
    generation_id: int

    @property
    def incremental(self) -> bool:
        """Whether the stream's state is kept from one sync to the next."""
        return self.sync_mode.startswith("incremental")
