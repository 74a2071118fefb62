"""The views about jobs: JOBS, JOBS_BY_PROJECT and JOBS_BY_USER."""

from local_bigquery.sql.rules import information_schema as upstream

PAIRS = (
    "list_transform(json_keys((resource -> '$.configuration.labels')), "
    "lambda k: {'key': k, 'value': (resource -> '$.configuration.labels') ->> k})"
)
REFERENCES = (
    "list_transform(CAST(resource -> '$.statistics.query.referencedTables' AS JSON[]), lambda t: "
    "{'project_id': t ->> 'projectId', 'dataset_id': t ->> 'datasetId', 'table_id': t ->> 'tableId'})"
)
DML = (
    "CASE WHEN (resource -> '$.statistics.query.dmlStats') IS NOT NULL THEN {"
    + ", ".join(
        f"'{kind}_row_count': coalesce(CAST(resource ->> '$.statistics.query.dmlStats.{kind}RowCount' AS BIGINT), 0)"
        for kind in ("inserted", "deleted", "updated")
    )
    + "} END"
)
VIEW = f"""
CREATE VIEW bq.main.information_schema_jobs AS SELECT
    CAST((resource ->> '$.statistics.query.cacheHit') AS BOOLEAN) AS cache_hit,
    make_timestamp(creation_time * 1000)::TIMESTAMPTZ AS creation_time,
    CASE WHEN (resource -> '$.configuration.query.destinationTable') IS NOT NULL THEN {{
        'project_id': resource ->> '$.configuration.query.destinationTable.projectId',
        'dataset_id': resource ->> '$.configuration.query.destinationTable.datasetId',
        'table_id': resource ->> '$.configuration.query.destinationTable.tableId'
    }} END AS destination_table,
    {DML} AS dml_statistics,
    CAST(NULL AS VARCHAR) AS edition,
    make_timestamp(CAST((resource ->> '$.statistics.endTime') AS BIGINT) * 1000)::TIMESTAMPTZ AS end_time,
    CASE WHEN (resource -> '$.status.errorResult') IS NOT NULL THEN {{
        'reason': resource ->> '$.status.errorResult.reason',
        'location': resource ->> '$.status.errorResult.location',
        'debug_info': resource ->> '$.status.errorResult.debugInfo',
        'message': resource ->> '$.status.errorResult.message'
    }} END AS error_result,
    {{'code': 'REQUESTED'}} AS job_creation_reason,
    job_id,
    resource ->> '$.configuration.jobType' AS job_type,
    coalesce({PAIRS}, []) AS labels,
    parent_job_id,
    coalesce((resource ->> '$.configuration.query.priority'), 'INTERACTIVE') AS priority,
    project_id,
    CAST(NULL AS BIGINT) AS project_number,
    resource ->> '$.configuration.query.query' AS query,
    CASE WHEN (resource ->> '$.configuration.jobType') = 'QUERY' THEN 'GOOGLE_SQL' END AS query_dialect,
    coalesce({REFERENCES}, []) AS referenced_tables,
    CAST(NULL AS VARCHAR) AS reservation_id,
    {{'session_id': resource ->> '$.statistics.sessionInfo.sessionId'}} AS session_info,
    make_timestamp(CAST((resource ->> '$.statistics.startTime') AS BIGINT) * 1000)::TIMESTAMPTZ AS start_time,
    state,
    resource ->> '$.statistics.query.statementType' AS statement_type,
    CAST((resource ->> '$.statistics.query.totalBytesBilled') AS BIGINT) AS total_bytes_billed,
    CAST((resource ->> '$.statistics.query.totalBytesProcessed') AS BIGINT) AS total_bytes_processed,
    CAST(NULL AS BIGINT) AS total_modified_partitions,
    date_diff('millisecond',
        make_timestamp(CAST((resource ->> '$.statistics.startTime') AS BIGINT) * 1000),
        make_timestamp(CAST((resource ->> '$.statistics.endTime') AS BIGINT) * 1000)) AS total_slot_ms,
    resource ->> '$.statistics.transactionInfo.transactionId' AS transaction_id,
    CAST(resource ->> '$.statistics.query.transferredBytes' AS BIGINT) AS transferred_bytes,
    resource ->> '$.user_email' AS user_email
FROM emulator.main.jobs
"""  # noqa: S608 no value of a user
COLUMNS = (
    *("cache_hit", "creation_time", "destination_table", "dml_statistics", "edition", "end_time", "error_result"),
    *("job_creation_reason", "job_id", "job_type", "labels", "parent_job_id", "priority", "project_id"),
    *("project_number", "query", "query_dialect", "referenced_tables", "reservation_id", "session_info", "start_time"),
    *("state", "statement_type", "total_bytes_billed", "total_bytes_processed", "total_modified_partitions"),
    *("total_slot_ms", "transaction_id", "transferred_bytes", "user_email"),
)


def complete() -> None:
    """Give the views about jobs the columns of BigQuery, such as `error_result`: local-bigquery has ten of them."""
    selected = ", ".join(COLUMNS)
    source = "bq.main.information_schema_jobs WHERE project_id = {project}"
    upstream.JOBS = f"SELECT {selected} FROM {source}"  # noqa: S608 columns of ours
