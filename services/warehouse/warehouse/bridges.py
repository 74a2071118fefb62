"""The list of the bridges between local-bigquery 0.4.0 and BigQuery.

A bridge is a function that replaces one function of local-bigquery, or adds one route to its application. Its docstring
gives the reason. The bridges depend on internals of one release, so that release is pinned and checked.
"""

from importlib.metadata import version

from fastapi import FastAPI

from warehouse import (
    alter_tables,
    bytes_read,
    caller,
    catalog_writes,
    copy_jobs,
    create_tables,
    dml,
    evolution,
    geography,
    grants,
    health,
    inserts,
    job_ids,
    job_stops,
    job_store,
    load_jobs,
    lookups,
    memory_limit,
    options,
    partitioning,
    query_jobs,
    query_results,
    refusals,
    row_counts,
    schemas,
    scripts,
    statement_forms,
    storage,
    structs,
    table_functions,
    table_resources,
    table_writes,
    token,
    transaction_info,
    uploads,
    views,
    watched,
    whole_results,
    wildcards,
)
from warehouse.information_schema import jobs as information_schema_jobs
from warehouse.information_schema import storage as information_schema_storage
from warehouse.information_schema import views as information_schema_views
from warehouse.read_api import certificates
from warehouse.semantics import analysis, catalog, shapes, sharing, trees

UPSTREAM = "0.4.0"

BRIDGES = (
    storage.plain_files,
    watched.statements,
    lookups.one_object,
    lookups.one_dataset,
    lookups.one_schema,
    lookups.one_hidden_column,
    lookups.remembered_resources,
    query_results.remembered,
    query_results.bound_once,
    query_results.few_statements,
    catalog_writes.one_at_a_time,
    job_store.newest_in_memory,
    catalog_writes.whole_changes,
    query_jobs.ctas_destination,
    grants.statements,
    query_jobs.altered_materialized_views,
    scripts.struct_assignment,
    trees.quick_walks,
    trees.quick_copies,
    catalog.same_cursor,
    catalog.typed_variables,
    shapes.parameter_names,
    shapes.time_formats,
    shapes.joined_arrays,
    shapes.written_casts,
    analysis.statements,
    sharing.arguments_once,
    structs.field_names,
    statement_forms.parsed_forms,
    views.refresh_options,
    wildcards.newest_schema,
    partitioning.integer_ranges,
    job_ids.one_submission,
    uploads.refused_uploads,
    load_jobs.exact_values,
    schemas.complete_columns,
    create_tables.atomic,
    create_tables.ingestion_time,
    table_functions.declared_columns,
    alter_tables.columns,
    alter_tables.null_options,
    dml.checked_values,
    dml.assignments_are_no_comparisons,
    dml.assigned_arrays,
    dml.load_statements,
    dml.partition_filter_of_merge,
    inserts.exact_values,
    evolution.nested_fields,
    table_writes.declared_columns,
    table_writes.partition_destination,
    table_writes.null_words,
    copy_jobs.partitions,
    row_counts.exact,
    whole_results.all_rows,
    bytes_read.estimates,
    bytes_read.script_totals,
    bytes_read.dry_runs,
    job_stops.cancelled_at_any_moment,
    job_stops.time_limits,
    memory_limit.bounded,
    transaction_info.transaction_ids,
    refusals.statements,
    refusals.repeated_clauses,
    refusals.external_tables,
    refusals.external_queries,
    refusals.time_travel,
    refusals.time_zones,
    geography.refused_functions,
    options.more_options,
    options.unknown_options,
    table_resources.functions_are_no_tables,
    table_resources.tables_without_columns,
    table_resources.removed_policy_tags,
    table_resources.case_insensitive_datasets,
    information_schema_views.complete,
    information_schema_views.unknown_views,
    information_schema_storage.complete,
    information_schema_jobs.complete,
)
ROUTES = (
    health.router,
    inserts.router,
    token.router,
    uploads.router,
    whole_results.router,
    certificates.router,
    table_resources.router,
)


def install(app: FastAPI) -> None:
    """Install every bridge in `app`. Raises RuntimeError when another release of local-bigquery is installed."""
    if version("local-bigquery") != UPSTREAM:
        raise RuntimeError(f"the bridges need local-bigquery {UPSTREAM}, but {version('local-bigquery')} is installed")
    for bridge in BRIDGES:
        bridge()
    caller.identified_directly(app)
    for router in ROUTES:
        app.router.routes[:0] = (
            router.routes
        )  # before local-bigquery's routes, so that the bridges' routes are found first
