"""The list of the bridges between local-bigquery 0.4.0 and BigQuery.

A bridge is a function that replaces one function of local-bigquery, or adds one route to its application. Its docstring
gives the reason. The bridges depend on internals of one release, so that release is pinned and checked.
"""

from importlib.metadata import version

from fastapi import FastAPI

from warehouse import (
    copy_jobs,
    health,
    job_ids,
    load_jobs,
    partitioning,
    query_jobs,
    row_counts,
    scripts,
    storage,
    structs,
    table_writes,
    token,
    uploads,
    views,
    wildcards,
)
from warehouse.semantics import analysis, catalog, shapes

UPSTREAM = "0.4.0"

BRIDGES = (
    storage.plain_files,
    query_jobs.ctas_destination,
    query_jobs.grants,
    scripts.struct_assignment,
    catalog.same_cursor,
    catalog.typed_variables,
    shapes.parameter_names,
    analysis.statements,
    structs.field_names,
    views.refresh_options,
    wildcards.every_row,
    partitioning.integer_ranges,
    job_ids.one_submission,
    uploads.refused_uploads,
    load_jobs.gzip_files,
    load_jobs.json_values,
    table_writes.declared_columns,
    copy_jobs.partitions,
    row_counts.exact,
)
ROUTES = (health.router, token.router, uploads.router)


def install(app: FastAPI) -> None:
    """Install every bridge in `app`. Raises RuntimeError when another release of local-bigquery is installed."""
    if version("local-bigquery") != UPSTREAM:
        raise RuntimeError(f"the bridges need local-bigquery {UPSTREAM}, but {version('local-bigquery')} is installed")
    for bridge in BRIDGES:
        bridge()
    for router in ROUTES:
        app.router.routes[:0] = router.routes  # before local-bigquery's routes, so that ours are found first
