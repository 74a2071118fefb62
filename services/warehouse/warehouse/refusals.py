"""Refuses what the emulator cannot do, where local-bigquery would answer with a wrong result or an unclear error."""

import re
from typing import Any

from local_bigquery.catalog import tables as catalog_tables
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import query
from local_bigquery.sql import script, translate
from local_bigquery.sql.rules import tables
from local_bigquery.sql.translate import NODE_RULES, parse
from sqlglot import exp

COMMENTS = r"(?:\s|/\*.*?\*/|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$))*"
EXISTS = r"(?:OR\s+REPLACE\s+)?"
NO_EXTERNAL = "external tables are not supported: load the files into a table"
STATEMENTS = {
    r"UNDROP\b": "UNDROP: the emulator does not keep dropped tables and datasets",
    rf"CREATE\s+{EXISTS}EXTERNAL\s+(?:TABLE|SCHEMA)\b": NO_EXTERNAL,
    rf"CREATE\s+{EXISTS}MODEL\b": "BigQuery ML is not supported: there is no CREATE MODEL",
    rf"CREATE\s+{EXISTS}(?:AGGREGATE\s+)?FUNCTION\b[^;]*?\bLANGUAGE\s+python\b": "Python functions are not supported",
    r"EXPORT\s+MODEL\b": "BigQuery ML is not supported: there is no EXPORT MODEL",
    rf"CREATE\s+{EXISTS}(?:CAPACITY|RESERVATION|ASSIGNMENT)\b": "the emulator has no reservations",
    r"ALTER\s+BI_CAPACITY\b": "the emulator has no BI Engine",
}
MULTIPLE = re.compile(r"Found multiple '(\w+)' clauses")
# Two tables are a union in legacy SQL, COUNT(DISTINCT x) is an estimate, and 7 / 2 may be another number.
DIFFERENT = (exp.Join, exp.Distinct, exp.Div, exp.Unnest, exp.Subquery, exp.SetOperation, exp.CTE, exp.Window)
PATTERNS = {re.compile(COMMENTS + pattern, re.IGNORECASE | re.DOTALL): reason for pattern, reason in STATEMENTS.items()}


def statements() -> None:
    """Refuse UNDROP, external tables, BigQuery ML and reservations with a sentence.

    local-bigquery reports a syntax error for some of them, and an empty model or table for the others.
    """
    upstream = script.Parser.statement

    def statement(self: Any) -> Any:
        text = self.sql[self.tokens[self.i].start :] if self.i < len(self.tokens) else ""
        for pattern, reason in PATTERNS.items():
            if pattern.match(text):
                raise BigQueryError("invalidQuery", reason)
        return upstream(self)

    script.Parser.statement = statement


def repeated_clauses() -> None:
    """Report a second LIMIT, or another clause that stands twice, in BigQuery's words."""
    upstream = translate.syntax_error

    def syntax_error(error: Exception, sql: str) -> BigQueryError:
        found = upstream(error, sql)
        message = MULTIPLE.sub(r"Expected end of input but got keyword \1", found.message)
        return BigQueryError(found.reason, message, found.location)

    translate.syntax_error = script.syntax_error = syntax_error


def external_tables() -> None:
    """Refuse an external table of the API: local-bigquery makes an empty table of it."""
    upstream = catalog_tables.create

    def create(project_id: str, dataset_id: str, body: Any, translate: Any) -> Any:
        if body.externalDataConfiguration:
            raise BigQueryError("invalid", NO_EXTERNAL)
        return upstream(project_id, dataset_id, body, translate)

    catalog_tables.create = create


def external_queries() -> None:
    """Refuse a query with table definitions (`tableDefinitions`), and legacy SQL that GoogleSQL reads otherwise.

    local-bigquery ignores both. A plain SELECT from one table means the same in both, and pandas-gbq's users send it.
    """
    upstream = query.execute

    def execute(cursor: Any, project_id: str, job_id: str | None, config: Any, *args: Any, **kwargs: Any) -> Any:
        if config.tableDefinitions:
            raise BigQueryError("invalid", "tableDefinitions: external tables are not supported, load the files")
        if config.useLegacySql and not _same_in_both(config.query or ""):
            raise BigQueryError("invalidQuery", "legacy SQL is not supported: set use_legacy_sql to false")
        return upstream(cursor, project_id, job_id, config, *args, **kwargs)

    query.execute = execute


def _same_in_both(sql: str) -> bool:
    """Return whether the statement is a SELECT that has the same result in legacy SQL and in GoogleSQL."""
    try:
        trees = parse(sql)
    except BigQueryError:
        return False
    return all(
        isinstance(tree, exp.Select) and len(list(tree.find_all(exp.Table))) <= 1 and not any(tree.find_all(*DIFFERENT))
        for tree in trees
    )


def time_travel() -> None:
    """Read `FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()` as the table is now, and refuse any other time.

    The database files keep no earlier versions of a table.
    """
    upstream = tables.time_travel

    def now_only(node: exp.Expression, context: Any) -> exp.Expression:  # noqa: ARG001 the signature of a rule
        version = node.args.get("version") if isinstance(node, exp.Table) else None
        if version is None:
            return node
        if not isinstance(version.expression, exp.CurrentTimestamp):
            raise BigQueryError(
                "invalidQuery",
                "FOR SYSTEM_TIME AS OF: the emulator keeps no earlier versions of a table. "
                "Only CURRENT_TIMESTAMP() is possible",
            )
        node.set("version", None)
        return node

    NODE_RULES[NODE_RULES.index(upstream)] = now_only


def time_zones() -> None:
    """Refuse `SET @@time_zone` to another zone than UTC: local-bigquery stores it and computes in UTC."""
    upstream = script.Interpreter.set_system

    def set_system(self: Any, name: str, value: exp.Expression) -> None:
        upstream(self, name, value)
        if name == "time_zone" and str(self.context.settings[name]).upper() not in ("UTC", "ETC/UTC"):
            del self.context.settings[name]
            self.context.system[name] = "UTC"
            raise BigQueryError("invalidQuery", "@@time_zone: only UTC is supported. Name the zone in each function")

    script.Interpreter.set_system = set_system
