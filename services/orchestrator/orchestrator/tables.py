"""Where a stream lands: its table's full name by the connections file, as Airbyte's BigQuery destination makes it."""

import os
import re
import unicodedata

from bootstrap.connections_file import Connection, ConnectionsFileError, Destination, Stream
from bootstrap.expansion import ExpansionError, expand


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
    return f"{found['project_id']}.{dataset}.{identifier(connection.prefix + stream.name, '[A-Za-z_]', '_')}"


def namespace_dataset(stream: Stream, connection: Connection) -> str | None:
    """Return the dataset that the connection names for the stream, or None for the destination's own."""
    namespace = {
        "destination": "",
        "source": stream.namespace or "",
        "custom_format": (connection.namespace_format or "").replace("${SOURCE_NAMESPACE}", stream.namespace or ""),
    }[connection.namespace_definition]
    # A dataset that begins with an underscore would be hidden.
    return identifier(namespace, "[A-Za-z0-9]", "n") if namespace.strip() else None


def identifier(name: str, first: str, otherwise: str) -> str:
    """Return a name by the "Naming Conventions" of Airbyte's page on BigQuery, with a prefix if it begins otherwise."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.category(c).startswith("M"))
    plain = re.sub(r"[^A-Za-z0-9_]", "_", re.sub(r"\s+", "_", plain))
    return plain if re.match(first, plain) else f"{otherwise}{plain}"
