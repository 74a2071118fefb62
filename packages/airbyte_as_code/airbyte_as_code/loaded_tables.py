"""Which tables a connection loads, as it is declared and as it is in Airbyte."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airbyte_as_code.airbyte_client import Json, Kind
from airbyte_as_code.change import Action, Change
from airbyte_as_code.connection_diff import label_of, streams_of
from airbyte_as_code.desired import Actor, Ids, Link
from platform_kit.names import dataset_name, identifier

type Dataset = tuple[str, str]
"""Project and dataset of a destination, or what identifies it, if it is not BigQuery."""

type Table = tuple[str, str, str]
"""Project, dataset and name."""


def datasets_of(changes: Iterable[Change], others: Iterable[Json] = ()) -> dict[str, Dataset]:
    """Return the dataset of each destination after an apply without --prune, by the destination's name and id.

    `others` are destinations in Airbyte that apply did not create: they are found by their id. Two destinations can
    have the same dataset, so that a destination's id alone does not identify a table.
    """
    found = {item["destinationId"]: _dataset(item.get("configuration") or {}, item["destinationId"]) for item in others}
    for change in changes:
        if change.kind is not Kind.DESTINATION:
            continue
        if isinstance(change.desired, Actor) and change.action is not Action.REPLACE:
            configuration = change.desired.configuration
        else:
            configuration = (change.found or {}).get("configuration") or {}
        names = [change.name] if change.desired else []
        names += [change.found["destinationId"]] if change.found else []
        found |= dict.fromkeys(names, _dataset(configuration, names[-1]))
    return found


def current_tables(change: Change, datasets: Mapping[str, Dataset]) -> set[Table]:
    """Return the tables that a connection loads now; none for another object."""
    if change.kind is not Kind.CONNECTION or change.found is None:
        return set()
    return tables_of(change.found, datasets)


def declared_tables(link: Link, ids: Ids, datasets: Mapping[str, Dataset]) -> set[Table]:
    """Return the tables that a connection loads once it is as declared."""
    return set(tables_by_stream(link.creation("", ids), datasets[link.declared.destination]).values())


def tables_of(connection: Json, datasets: Mapping[str, Dataset]) -> set[Table]:
    """Return the tables that a connection in Airbyte loads."""
    destination = connection["destinationId"]
    return set(tables_by_stream(connection, datasets.get(destination, (destination, ""))).values())


def tables_by_stream(connection: Json, dataset: Dataset) -> dict[str, Table]:
    """Return the table of each stream, by the stream's label."""
    definition, name_format = connection.get("namespaceDefinition"), connection.get("namespaceFormat") or ""
    tables: dict[str, Table] = {}
    for stream in streams_of(connection):
        schema = stream.get("namespace") or ""
        named = {"source": schema, "custom_format": name_format.replace("${SOURCE_NAMESPACE}", schema)}
        name = identifier((connection.get("prefix") or "") + stream["name"])
        namespace = named.get(definition or "", "")
        tables[label_of(stream)] = (dataset[0], dataset_name(namespace) if namespace.strip() else dataset[1], name)
    return tables


def shared_names(tables: Iterable[Table], others: Iterable[Table]) -> list[str]:
    """Return the names of the tables that are also among `others`. As in the connections file, case is ignored."""
    folded = {tuple(part.casefold() for part in other) for other in others}
    return sorted(table[-1] for table in tables if tuple(part.casefold() for part in table) in folded)


def _dataset(configuration: Json, otherwise: str) -> Dataset:
    project, dataset = configuration.get("project_id"), configuration.get("dataset_id")
    # `project:dataset` is another way to write a dataset.
    return (str(project), str(dataset).rpartition(":")[2]) if project and dataset else (otherwise, "")
