"""The views about tables, columns, datasets and routines."""

import datetime
from typing import Any

from local_bigquery.catalog import datasets
from local_bigquery.catalog import routines as catalog_routines
from local_bigquery.catalog.tables import fields
from local_bigquery.errors import BigQueryError
from local_bigquery.sql.rules import information_schema as upstream
from local_bigquery.sql.rules.information_schema import IDENTITY, TABLE_TYPES, _identity, _timestamp
from local_bigquery.sql.translate import STATEMENT_RULES
from sqlglot import exp

from warehouse.information_schema import ddl

View = tuple[list[str], list[list[Any]]]
BASE = ("base_table_catalog", "base_table_schema", "base_table_name")
REPLICA = ("replica_source_catalog", "replica_source_schema", "replica_source_name")
JOBS = ("JOBS", "JOBS_BY_PROJECT", "JOBS_BY_USER")
NAMES = ("specific_catalog", "specific_schema", "specific_name")


def complete() -> None:
    """Give SCHEMATA, TABLES, COLUMNS, COLUMN_FIELD_PATHS, ROUTINES and PARAMETERS BigQuery's columns."""
    upstream.VIEWS |= {
        "SCHEMATA": schemata,
        "TABLES": table_list,
        "COLUMNS": columns,
        "COLUMN_FIELD_PATHS": column_field_paths,
        "ROUTINES": routines,
        "PARAMETERS": parameters,
    }


def unknown_views() -> None:
    """Refuse a view that the emulator does not have, by its name: local-bigquery names a missing dataset or table."""
    rule = upstream.information_schema

    def checked(tree: exp.Expression, context: Any) -> Any:
        for table in tree.find_all(exp.Table):
            found = upstream._view(table)
            if found and found[0] not in upstream.VIEWS and found[0] not in JOBS:
                known = ", ".join(sorted({*upstream.VIEWS, *JOBS} - {"__TABLES__"}))
                raise BigQueryError(
                    "invalidQuery", f"INFORMATION_SCHEMA.{found[0]} is not in the emulator, which has {known}"
                )
        return rule(tree, context)

    STATEMENT_RULES[STATEMENT_RULES.index(rule)] = checked


def schemata(project_id: str, dataset_id: str | None) -> View:  # noqa: ARG001 every view has these two
    """List the datasets of a project."""
    header = [
        *("catalog_name", "schema_name", "schema_owner", "creation_time TIMESTAMP", "last_modified_time TIMESTAMP"),
        *("location", "ddl", "default_collation_name", "sync_status JSON"),
    ]
    rows = [
        [
            *(project_id, dataset.datasetReference.datasetId, None),
            *(_timestamp(dataset.creationTime), _timestamp(dataset.lastModifiedTime)),
            *(dataset.location, ddl.of_dataset(dataset), dataset.defaultCollation or "NULL", None),
        ]
        for dataset in datasets.list_(project_id, all=True)
    ]
    return header, rows


def table_list(project_id: str, dataset_id: str | None) -> View:
    """List tables, views, materialized views, clones and snapshots."""
    header = [
        *(*IDENTITY, "table_type", "managed_table_type", "is_insertable_into", "is_fine_grained_mutations_enabled"),
        *("is_typed", "is_change_history_enabled", "creation_time TIMESTAMP", *BASE, "snapshot_time_ms TIMESTAMP"),
        *(*REPLICA, "replication_status", "replication_error", "ddl", "default_collation_name", "sync_status JSON"),
        "upsert_stream_apply_watermark TIMESTAMP",
    ]
    return header, [_table(table) for table in upstream._tables(project_id, dataset_id)]


def _table(table: Any) -> list[Any]:
    definition = table.snapshotDefinition or table.cloneDefinition
    base = definition and definition.baseTableReference
    moment = table.snapshotDefinition and table.snapshotDefinition.snapshotTime
    moment = moment or (table.cloneDefinition and table.cloneDefinition.cloneTime)
    if isinstance(moment, datetime.datetime):
        moment = moment.isoformat()
    kind = "CLONE" if table.cloneDefinition else TABLE_TYPES.get(table.type, table.type)
    history = table.dump().get("changeHistoryEnabled", False)
    return [
        *(*_identity(table), kind, "NATIVE" if table.type == "TABLE" else None),
        *("YES" if table.type == "TABLE" else "NO", "NO", "NO", "YES" if history else "NO"),
        *(_timestamp(table.creationTime), base and base.projectId, base and base.datasetId, base and base.tableId),
        *(_timestamp(moment), None, None, None, None, None, ddl.of_table(table)),
        *(table.defaultCollation or "NULL", None, None),
    ]


def columns(project_id: str, dataset_id: str | None) -> View:
    """List the columns of tables and views."""
    header = [
        *(*IDENTITY, "column_name", "ordinal_position INT64", "is_nullable", "data_type", "is_generated"),
        *("generation_expression", "is_stored", "is_hidden", "is_updatable", "is_system_defined"),
        *("is_partitioning_column", "clustering_ordinal_position INT64", "collation_name", "column_default"),
        *("rounding_mode", "policy_tags ARRAY<STRING>"),
    ]
    rows = [
        [
            *(*_identity(table), field.name, position, "NO" if field.mode == "REQUIRED" else "YES"),
            *(ddl.type_name(field), "NEVER", None, None, "NO", None, "NO"),
            "YES" if field.name == upstream._partitioning_column(table) else "NO",
            upstream._clustering_position(table, field.name),
            *(field.collation or "NULL", field.defaultValueExpression or "NULL", field.roundingMode, None),
        ]
        for table in upstream._tables(project_id, dataset_id)
        for position, field in enumerate(fields(table), start=1)
    ]
    return header, rows


def column_field_paths(project_id: str, dataset_id: str | None) -> View:
    """List the columns and every field inside them."""
    header = [
        *(*IDENTITY, "column_name", "field_path", "data_type", "description", "collation_name", "rounding_mode"),
        "policy_tags ARRAY<STRING>",
    ]
    rows = [
        [
            *(*_identity(table), path.split(".")[0], path, ddl.type_name(field), field.description),
            *(field.collation or "NULL", field.roundingMode, None),
        ]
        for table in upstream._tables(project_id, dataset_id)
        for path, field in upstream._paths(fields(table))
    ]
    return header, rows


def routines(project_id: str, dataset_id: str | None) -> View:
    """List functions and procedures."""
    header = [
        *(*NAMES, "routine_catalog", "routine_schema", "routine_name", "routine_type", "data_type", "routine_body"),
        *("routine_definition", "external_language", "is_deterministic", "security_type", "created TIMESTAMP"),
        *("last_altered TIMESTAMP", "ddl", "connection"),
    ]
    return header, [_routine(routine) for routine in catalog_routines.list_(project_id, dataset_id)]


def _routine(routine: Any) -> list[Any]:
    reference = routine.routineReference
    name = [reference.projectId, reference.datasetId, reference.routineId]
    external = routine.language if routine.language not in (None, "SQL") else None
    deterministic = {"DETERMINISTIC": "YES", "NOT_DETERMINISTIC": "NO"}.get(routine.determinismLevel or "")
    return [
        *(*name, *name, catalog_routines.ROUTINE_TYPES[routine.routineType]),
        _type(routine.returnType) if routine.returnType else None,
        *("EXTERNAL" if external else "SQL", routine.definitionBody, external, deterministic, None),
        *(_timestamp(routine.creationTime), _timestamp(routine.lastModifiedTime), ddl.of_routine(routine), None),
    ]


def parameters(project_id: str, dataset_id: str | None) -> View:
    """List the parameters and results of functions and procedures, with their whole types: `ARRAY<STRING>`."""
    header, rows = upstream.parameters(project_id, dataset_id)
    found = catalog_routines.list_(project_id, dataset_id)
    arguments = [argument for routine in found for _, argument in upstream._arguments(routine)]
    place = header.index("data_type")
    for row, argument in zip(rows, arguments, strict=True):
        row[place] = _type(argument.dataType) if argument.dataType else "ANY TYPE"
    return header, rows


def _type(data_type: Any) -> str:
    return str(catalog_routines.sql_type(data_type)).replace("`", "")
