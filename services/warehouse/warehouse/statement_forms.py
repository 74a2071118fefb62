"""Bridges for syntax that sqlglot does not parse."""

import re

import sqlglot
from local_bigquery.sql.dialect import BigQueryDialect
from local_bigquery.sql.rules import ddl
from sqlglot import exp

COPIED_WITH_OPTIONS = re.compile(
    r"^(CREATE\s+(?:OR\s+REPLACE\s+)?(?:SNAPSHOT\s+)?TABLE\s.+?)\s+((?:CLONE|COPY)\s.+?)\s+(OPTIONS\s*\(.*\))\s*$",
    re.IGNORECASE | re.DOTALL,
)


def parsed_forms() -> None:
    """Read `ALTER SCHEMA project.dataset`, and OPTIONS after the source of CREATE TABLE … CLONE and COPY.

    The new name in `ALTER TABLE t RENAME TO n` names no table yet: with a default dataset, local-bigquery looked it up.
    """
    upstream = ddl.normalise

    def normalise(tree: exp.Expr) -> exp.Expr:
        normalised: exp.Expr = upstream(_with_options_first(tree))
        target = normalised.find(exp.Table)
        for rename in normalised.find_all(exp.AlterRename):
            if isinstance(rename.this, exp.Table) and not rename.this.db:
                rename.set("this", rename.this.this)
        of_schema = isinstance(normalised, exp.Alter) and normalised.args.get("kind") == "SCHEMA"
        if of_schema and target is not None and target.db and not target.catalog:
            target.set("catalog", target.args["db"].copy())
            target.set("db", target.this.copy())
        return normalised

    ddl.normalise = normalise


def _with_options_first(tree: exp.Expr) -> exp.Expr:
    """Return CREATE TABLE with its OPTIONS before CLONE or COPY, where sqlglot expects them."""
    found = COPIED_WITH_OPTIONS.match(tree.sql(dialect=BigQueryDialect)) if isinstance(tree, exp.Command) else None
    if found is None:
        return tree
    statement, source, options = found.groups()
    parsed: exp.Expr = sqlglot.parse_one(f"{statement} {options} {source}", dialect=BigQueryDialect)
    return parsed
