"""Annotates statements twice, and once more with other columns; compares the types with those of an empty memory.

Runs in the warehouse's environment. Standard output is a JSON object: how often the types of each were computed, and
the differences.
"""

import json
from typing import Any

import sqlglot
from local_bigquery.sql.dialect import BigQueryDialect
from local_bigquery.sql.translate import Context

from warehouse.semantics import annotate as annotating
from warehouse.semantics import typed_before

STATEMENTS = (
    "SELECT a, COUNT(*) AS n, SUM(b) / 2 AS h FROM d.t WHERE a IN (1, 2) GROUP BY a",
    "WITH c AS (SELECT * FROM d.t) SELECT IF(a = 1, b, NULL) AS x, @p + a FROM c JOIN d.u USING (a)",
    "SELECT s.x, e.y FROM (SELECT [STRUCT(STRUCT(1 AS x) AS s, 'a' AS y)] AS l), UNNEST(l) AS e",
    "SELECT y FROM UNNEST([STRUCT(1 AS x, 'a' AS y)])",
    "UPDATE d.t SET b = a + 1 WHERE a > 2",
    "SELECT 'x' AS v UNION ALL SELECT 'X'",
    "SELECT 'X' AS v UNION ALL SELECT 'x'",
    "SELECT missing, a FROM d.nothing",
)
COLUMNS = {"first": {"a": "INT64", "b": "NUMERIC"}, "changed": {"a": "FLOAT64", "b": "STRING"}}


annotate: Any = annotating  # its functions are replaced


def types(statement: str, columns: dict[str, str], parameter: str) -> list[Any]:
    """Annotate a statement; return the types of its nodes."""
    tree = sqlglot.parse_one(statement, dialect=BigQueryDialect)
    context: Any = Context("p", "d", {"p": parameter}, {"p": 1})
    context.columns = {'"p"."d"."t"': columns, '"p"."d"."u"': columns, '"p"."d"."nothing"': {}}
    annotate.annotate(tree, context)
    nodes = list(tree.walk())
    kinds = {id(node._type) for node in nodes if node._type is not None}
    used.append((nodes, kinds))  # kept alive, so that no identity is used again
    return [[type(node).__name__, repr(node._type), repr(node._meta)] for node in nodes]


def counted(*arguments: Any) -> None:
    """Count how often types are worked out."""
    times.append(1)
    upstream(*arguments)


used: list[tuple[list[Any], set[int]]] = []
times: list[int] = []
upstream, annotate._annotate_nested = annotate._annotate_nested, counted
worked_out: dict[str, int] = {}
different = []
for round_, columns, parameter in (
    ("first", "first", "CAST(1 AS BIGINT)"),
    ("again", "first", "CAST(1 AS BIGINT)"),
    ("other columns", "changed", "CAST(1 AS BIGINT)"),
    ("another type of the parameter", "first", "CAST(1 AS DOUBLE)"),
):
    times.clear()
    remembered = [types(statement, COLUMNS[columns], parameter) for statement in STATEMENTS]
    worked_out[round_] = len(times)
    memory = annotate.typed_before
    for statement, found in zip(STATEMENTS, remembered, strict=True):
        annotate.typed_before = typed_before.TypedBefore()
        if types(statement, COLUMNS[columns], parameter) != found:
            different.append((round_, statement))
    annotate.typed_before = memory
owners = [kinds for _, kinds in used]
if sum(map(len, owners)) != len(set().union(*owners)):
    different.append(("a type belongs to two statements", ""))
typed_before.STATEMENTS, annotate.typed_before = 2, typed_before.TypedBefore()
for number in range(5):
    types(f"SELECT 1 + {number}", {}, "1")
print(json.dumps({"worked out": worked_out, "different": different, "kept": len(annotate.typed_before._kept)}))
