"""Bridges for multi-statement transactions."""

import uuid
from typing import Any

from local_bigquery.jobs import query, runner
from sqlglot import exp

KEY = "transactionInfo"


def transaction_ids() -> None:
    """Report the transaction of each statement between BEGIN TRANSACTION and COMMIT in `statistics.transactionInfo`."""
    upstream_statement, upstream_done = query._statement, runner._done

    def statement(cursor: Any, tree: Any, context: Any, *args: Any) -> Any:
        if isinstance(tree, exp.Transaction):
            context.settings[KEY] = uuid.uuid4().hex
        current = context.settings.get(KEY)
        statistics = upstream_statement(cursor, tree, context, *args)
        if isinstance(tree, exp.Commit | exp.Rollback):
            context.settings.pop(KEY, None)
        return statistics.replace(**{KEY: {"transactionId": current}}) if current else statistics

    def done(job: Any, statistics: Any, error: Any = None) -> Any:
        found = statistics.query and statistics.query.dump().get(KEY)
        if found:
            statistics = statistics.replace(query=statistics.query.without(KEY), **{KEY: found})
        return upstream_done(job, statistics, error)

    query._statement, runner._done = statement, done
