"""Bridges for query jobs."""

import re
from typing import Any

from local_bigquery.api import jobs as api_jobs
from local_bigquery.jobs import query

COMMENTS = r"\s*(?:/\*.*?\*/\s*|--[^\n]*\n\s*)*"
ALTER_VIEW = re.compile(f"({COMMENTS}ALTER\\s+)MATERIALIZED\\s+VIEW\\b", re.IGNORECASE | re.DOTALL)


def ctas_destination() -> None:
    """Report the new table of CREATE TABLE AS SELECT as the job's destinationTable.

    BigQuery does this, and dbt reads the row count and bytes of a model from `client.get_table(job.destination)`. The
    results of such a job stay empty; they are not the rows of the table.
    """
    upstream_execute, upstream_results = query.execute, api_jobs.results

    def execute(*args: Any, **kwargs: Any) -> Any:
        statistics, children, destination = upstream_execute(*args, **kwargs)
        if destination is None and statistics.statementType == "CREATE_TABLE_AS_SELECT":
            target = statistics.ddlTargetTable
            destination = target if target and target.datasetId else None  # a temporary table has no dataset
        return statistics, children, destination

    def results(job: Any, *args: Any, **kwargs: Any) -> Any:
        statistics = job.statistics.query if job.statistics else None
        if statistics is not None and (statistics.statementType or "").startswith("CREATE"):
            job = job.model_copy(deep=True)
            job.configuration.query.destinationTable = None
        return upstream_results(job, *args, **kwargs)

    query.execute = execute
    api_jobs.results = results


def altered_materialized_views() -> None:
    """Change the options of a materialized view by ALTER, as dbt does; local-bigquery does not know the statement."""
    upstream = query.execute

    def execute(cursor: Any, project_id: str, job_id: str | None, config: Any, *args: Any, **kwargs: Any) -> Any:
        as_table, altered = ALTER_VIEW.subn(r"\1TABLE", config.query or "", count=1)
        if not altered or ALTER_VIEW.match(config.query or "") is None:
            return upstream(cursor, project_id, job_id, config, *args, **kwargs)
        config = config.replace(query=as_table)
        statistics, children, destination = upstream(cursor, project_id, job_id, config, *args, **kwargs)
        return statistics.replace(statementType="ALTER_MATERIALIZED_VIEW"), children, destination

    query.execute = execute
