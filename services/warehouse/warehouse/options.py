"""Bridges for OPTIONS(…) of tables, views and datasets."""

from typing import Any

from local_bigquery.catalog import ddl
from local_bigquery.catalog import options as upstream
from local_bigquery.catalog.options import DATASET_OPTIONS, DAY_MS, TABLE_OPTIONS, Option
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import query
from local_bigquery.sql.rules import information_schema
from sqlglot import exp

MINUTE_MS = 60_000
DEFAULT_TIME_TRAVEL = ("max_time_travel_hours", "168")  # BigQuery lists only options that somebody has set


def _days(node: exp.Expression, evaluate: Any) -> str | None:
    value = evaluate(node)
    return None if value is None else str(int(float(value) * DAY_MS))


def _sql(node: exp.Expression, evaluate: Any) -> str:  # noqa: ARG001 the signature of a parser
    return node.sql("bigquery")


def _flag(value: Any) -> str:
    return str(value).lower()


def _number(value: Any) -> str:
    return f"{float(value) / DAY_MS:.1f}"


NEW_TABLE_OPTIONS = {
    "partition_expiration_days": Option("partitionExpirationMs", "FLOAT64", _days, _number),
    "default_rounding_mode": Option("defaultRoundingMode"),
    "kms_key_name": Option("kmsKeyName"),
    "max_staleness": Option("maxStaleness", "INTERVAL", _sql, str),
    "enable_change_history": Option("changeHistoryEnabled", "BOOL", render=_flag),
    "enable_refresh": Option("enableRefresh", "BOOL", render=_flag),
    "refresh_interval_minutes": Option(
        "refreshIntervalMs",
        "FLOAT64",
        lambda node, evaluate: str(int(float(evaluate(node)) * MINUTE_MS)),
        lambda value: str(int(value) / MINUTE_MS),
    ),
    "allow_non_incremental_definition": Option("allowNonIncrementalDefinition", "BOOL", render=_flag),
}
NEW_DATASET_OPTIONS = {
    "default_partition_expiration_days": Option("defaultPartitionExpirationMs", "FLOAT64", _days, _number),
    "default_rounding_mode": Option("defaultRoundingMode"),
    "max_time_travel_hours": Option("maxTimeTravelHours", "INT64", lambda n, e: str(e(n)), str),
    "is_case_insensitive": Option("isCaseInsensitive", "BOOL", render=_flag),
    "storage_billing_model": Option("storageBillingModel"),
}
# Where a table resource keeps an option that is not at its top.
NESTED = {
    "partitionExpirationMs": ("timePartitioning", "expirationMs"),
    "enableRefresh": ("materializedView", "enableRefresh"),
    "refreshIntervalMs": ("materializedView", "refreshIntervalMs"),
    "allowNonIncrementalDefinition": ("materializedView", "allowNonIncrementalDefinition"),
    "kmsKeyName": ("encryptionConfiguration", "kmsKeyName"),
}
KNOWN_ELSEWHERE = {  # read by other parts, or without an effect on a machine without users and billing
    *("library", "strict_mode", "format", "uri", "uris", "overwrite", "header", "field_delimiter", "compression"),
    *("data_governance_type", "rounding_mode", "tags", "privacy_policy", "file_format", "table_format"),
    *("storage_uri", "endpoint", "max_batching_rows", "user_defined_context", "use_avro_logical_types"),
    *("default_kms_key_name", "primary_replica", "model_type", "index_type", "distance_type", "ivf_options"),
}


def more_options() -> None:
    """Keep the options of tables and datasets that local-bigquery drops, such as `partition_expiration_days`.

    An option that is set to NULL is removed; local-bigquery fails.
    """
    TABLE_OPTIONS.update(NEW_TABLE_OPTIONS)
    DATASET_OPTIONS.update(NEW_DATASET_OPTIONS)
    parse, render, evaluator = upstream.options, upstream.rendered, query._evaluator
    upstream_table = ddl._table

    def options(node: Any, mapping: Any, evaluate: Any) -> dict[str, Any]:
        found: dict[str, Any] = parse(node, mapping, evaluate)
        for key, (outer, inner) in NESTED.items():
            if key in found:
                found.setdefault(outer, {})[inner] = found.pop(key)
        return found

    def rendered(resource: Any, mapping: Any) -> list[tuple[str, str, str]]:
        values = resource.dump()
        for key, (outer, inner) in NESTED.items():
            if (value := (values.get(outer) or {}).get(inner)) is not None:
                values[key] = value
        return [option for option in render(_Values(values), mapping) if (option[0], option[2]) != DEFAULT_TIME_TRAVEL]

    def table(tree: Any, reference: Any, evaluate: Any) -> Any:
        resource = upstream_table(tree, reference, evaluate)
        found = options(tree.args.get("properties"), TABLE_OPTIONS, evaluate)
        for outer in {outer for outer, _ in NESTED.values()} & found.keys():
            resource[outer] = found[outer] | resource.get(outer, {})
        return resource

    def null_safe(cursor: Any) -> Any:
        evaluate = evaluator(cursor)
        return lambda node: None if isinstance(node, exp.Null) else evaluate(node)

    upstream.options = ddl.options = options
    upstream.rendered = information_schema.rendered = rendered
    query._evaluator = null_safe
    ddl._table = table


class _Values:
    """A resource whose text is its values, for local-bigquery's `rendered`."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def dump(self) -> dict[str, Any]:
        return self.values


def unknown_options() -> None:
    """Refuse an option that BigQuery does not have; local-bigquery ignores it."""
    upstream_parse = upstream.options

    def options(node: Any, mapping: Any, evaluate: Any) -> dict[str, Any]:
        for option in node.find_all(exp.Property) if node is not None else []:
            name = option.name.lower() if type(option) is exp.Property else ""
            if name and name not in TABLE_OPTIONS and name not in DATASET_OPTIONS and name not in KNOWN_ELSEWHERE:
                raise BigQueryError("invalidQuery", f"Unknown option: {name}")
        found: dict[str, Any] = upstream_parse(node, mapping, evaluate)
        return found

    upstream.options = ddl.options = options
