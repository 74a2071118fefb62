"""The connections file: what Airbyte is to hold, and which dbt source and files each stream belongs to.

Bootstrap reconciles Airbyte with it and the orchestrator builds its landing assets from it.
"""

from connections_file.models import Connection, ConnectionsFile, Destination, Source, Stream, SyncMode
from connections_file.reading import load
from connections_file.yaml_lines import ConnectionsFileError

__all__ = [
    "Connection",
    "ConnectionsFile",
    "ConnectionsFileError",
    "Destination",
    "Source",
    "Stream",
    "SyncMode",
    "load",
]
