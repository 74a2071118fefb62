"""Compares the quick walks and copies of trees with sqlglot's own.

Runs in the warehouse's environment. Standard output is a JSON object: the number of trees, and what differs.
"""

import json
from collections.abc import Callable
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.expressions.core import Expression
from sqlglot.optimizer.annotate_types import annotate_types

from warehouse.semantics import trees

STATEMENTS = (
    "SELECT /* first */ a, COUNT(*), SUM(b) / 2 AS h -- last\nFROM x.t JOIN x.u USING (a) WHERE b IN (1, 2) GROUP BY a",
    "WITH c AS (SELECT [STRUCT(1 AS x, 'a' AS y)] AS s) SELECT * EXCEPT (s), s[OFFSET(0)].x FROM c, UNNEST(s) AS e",
    "MERGE x.t USING x.u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = u.b WHEN NOT MATCHED THEN INSERT ROW",
    "CREATE OR REPLACE TABLE x.t (a ARRAY<STRUCT<b INT64 OPTIONS(description = 'd')>> NOT NULL) PARTITION BY DATE(c)",
    "SELECT CASE WHEN a THEN DATE '2024-01-01' END, IF(a, NULL, TRUE), ROW_NUMBER() OVER (PARTITION BY b) FROM t",
)


def facts(tree: Any, nodes: list[Any]) -> list[Any]:
    """Return the attributes of each of the `nodes` of `tree`. Another node in them is its position in `nodes`."""
    numbers = {id(node): number for number, node in enumerate(nodes)}

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(each) for each in value]
        return numbers[id(value)] if isinstance(value, Expression) else repr(value)

    return [
        [
            *(type(node).__name__, node.comments, repr(node._meta), node.arg_key, node.index),
            *(repr(node._type), plain(node.parent) if node is not tree else None),
            {key: plain(value) for key, value in node.args.items()},
        ]
        for node in nodes
    ]


def kind(node: Any) -> str:
    """Return the name of a node's class."""
    return type(node).__name__


WALKS: dict[str, Callable[[Any], list[str]]] = {
    "walk": lambda tree: [kind(node) for node in tree.walk()],
    "depth first": lambda tree: [kind(node) for node in tree.walk(bfs=False)],
    "pruned": lambda tree: [kind(node) for node in tree.walk(prune=lambda node: isinstance(node, exp.Func | exp.From))],
    "found": lambda tree: [node.sql() for node in tree.find_all(exp.Column, exp.Table, exp.Literal)],
    "found depth first": lambda tree: [node.sql() for node in tree.find_all(exp.Column, exp.Literal, bfs=False)],
    "first": lambda tree: [str(tree.find(exp.Column)), str(tree.find(exp.Lock))],
}
parsed: list[Any] = [sqlglot.parse_one(statement, dialect="bigquery") for statement in STATEMENTS]
parsed = [annotate_types(tree, dialect="bigquery") for tree in parsed] + [tree.copy() for tree in parsed]
for tree in parsed:
    for number, node in enumerate(tree.walk()):
        node.meta["node"] = number
    tree.meta["parts"] = ["a", {"b": 1}]
before = [{name: walk(tree) for name, walk in WALKS.items()} for tree in parsed]
copies = [facts(copy, list(copy.walk())) for copy in (tree.copy() for tree in parsed)]
walked = Expression.walk
trees.quick_walks()
trees.quick_copies()
different = []
for tree, walks, expected in zip(parsed, before, copies, strict=True):
    different += [name for name, walk in WALKS.items() if walk(tree) != walks[name]]
    copy = tree.copy()
    if facts(copy, list(walked(copy))) != expected:
        different.append("copy")
    if {id(node) for node in copy.walk()} & {id(node) for node in tree.walk()}:
        different.append("a node of the copy is a node of the tree")
    if copy.meta["parts"] is tree.meta["parts"]:
        different.append("meta is shared")
    if copy != tree or copy.sql("duckdb") != tree.sql("duckdb"):
        different.append("equality")
print(json.dumps({"trees": len(parsed), "different": different}))
