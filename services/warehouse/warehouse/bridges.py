"""The bridges between local-bigquery 0.4.0 and BigQuery, in one list.

A bridge is a function that replaces one function of local-bigquery, or adds one route to its application. Its
docstring says why. They are written against the internals of one release, which is pinned and checked.
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

UPSTREAM = "0.4.0"

BRIDGES = (
    storage.plain_files,
    query_jobs.ctas_destination,
    query_jobs.grants,
    scripts.struct_assignment,
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
    """Install every bridge in `app`; RuntimeError when the installed local-bigquery is another release."""
    if version("local-bigquery") != UPSTREAM:
        raise RuntimeError(f"the bridges are written for local-bigquery {UPSTREAM}: found {version('local-bigquery')}")
    for bridge in BRIDGES:
        bridge()
    for router in ROUTES:
        app.router.routes[:0] = router.routes  # in front of the routes that they replace
