"""The connections file: it declares the objects in Airbyte, and the dbt source and the files of each stream.

Bootstrap changes Airbyte to what the file declares; the orchestrator builds its landing assets from the file.
"""

from connections_file.models import Checks, Connection, ConnectionsFile, Destination, Source, Stream, SyncMode
from connections_file.reading import load
from connections_file.yaml_lines import ConnectionsFileError

__all__ = [
    "Checks",
    "Connection",
    "ConnectionsFile",
    "ConnectionsFileError",
    "Destination",
    "Source",
    "Stream",
    "SyncMode",
    "load",
]
