"""Where a stream lands: its table's full name by the connections file, as Airbyte's BigQuery destination makes it."""

import os

from connections_file.expansion import ExpansionError, expand
from connections_file.models import Connection, Destination, Stream
from connections_file.yaml_lines import ConnectionsFileError
from platform_kit.names import identifier


def landing_table(stream: Stream, connection: Connection, destination: Destination) -> str:
    """Return `project.dataset.table`; raise ConnectionsFileError when the destination does not say where that is.

    Of the destination's configuration only these two names are expanded: the code location needs no secret.
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
            f"{destination.where}: destination {destination.name!r} has no {' and no '.join(missing)}, "
            "which say where dbt's sources are: a destination is a dataset of BigQuery."
        )
    dataset = namespace_dataset(stream, connection) or str(found["dataset_id"]).rpartition(":")[2]
    return f"{found['project_id']}.{dataset}.{identifier(connection.prefix + stream.name)}"


def namespace_dataset(stream: Stream, connection: Connection) -> str | None:
    """Return the dataset that the connection names for the stream, or None for the destination's own."""
    namespace = {
        "destination": "",
        "source": stream.namespace or "",
        "custom_format": (connection.namespace_format or "").replace("${SOURCE_NAMESPACE}", stream.namespace or ""),
    }[connection.namespace_definition]
    # A dataset that begins with an underscore would be hidden.
    return identifier(namespace, first="[A-Za-z0-9]", otherwise="n") if namespace.strip() else None
