"""The full name of a stream's landing table, as Airbyte's BigQuery destination builds it."""

import os

from connections_file.expansion import ExpansionError, expand
from connections_file.models import Connection, Destination, Stream
from connections_file.yaml_lines import ConnectionsFileError
from platform_kit.names import dataset_name, identifier


def landing_table(stream: Stream, connection: Connection, destination: Destination) -> str:
    """Return `project.dataset.table`. Raises ConnectionsFileError if the destination has no project or dataset.

    Only these two fields of the configuration are expanded, because the code location has no secrets.
    """
    names = ("project_id", "dataset_id")
    try:
        found = expand({name: destination.configuration.get(name, "") for name in names}, os.environ)
    except ExpansionError as error:
        raise ConnectionsFileError(
            f"{destination.where}: destination {destination.name!r}: {error}. Dagster needs it for the "
            "names of the tables. Set it (on Docker in .env, docker-compose.yml and compose/dagster/dagster.yaml)."
        ) from error
    missing = [name for name in names if not found.get(name)]
    if missing:
        raise ConnectionsFileError(
            f"{destination.where}: destination {destination.name!r} has no {' and no '.join(missing)}. "
            "dbt's sources need both: the destination must be a BigQuery dataset."
        )
    dataset = namespace_dataset(stream, connection) or str(found["dataset_id"]).rpartition(":")[2]
    return f"{found['project_id']}.{dataset}.{identifier(connection.prefix + stream.name)}"


def namespace_dataset(stream: Stream, connection: Connection) -> str | None:
    """Return the dataset that the connection sets for the stream, or None for the destination's dataset."""
    namespace = {
        "destination": "",
        "source": stream.namespace or "",
        "custom_format": (connection.namespace_format or "").replace("${SOURCE_NAMESPACE}", stream.namespace or ""),
    }[connection.namespace_definition]
    return dataset_name(namespace) if namespace.strip() else None
