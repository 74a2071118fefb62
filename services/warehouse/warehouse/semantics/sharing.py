"""Computes the arguments of a macro once, so that nested calls do not grow without bound.

DuckDB puts the arguments of a macro in place of its parameters. A macro that uses a parameter three times makes 243
copies of the innermost argument of five nested calls, and DuckDB needs minutes to bind ten of them. Where the copies
become large, the arguments are bound to names in a lambda:
`list_transform([{'a0': x}], lambda _shared: f(_shared.a0))[1]`.
"""

import functools
import re

from local_bigquery.engine import database
from local_bigquery.sql import translate
from local_bigquery.sql.dialect import DuckDBDialect
from sqlglot import exp, parse_one

from warehouse.semantics.nodes import Node

PREFIX = "bq.main."
OF_MACROS = ["bq", "main"]
LAMBDA = re.compile(r"\blambda [^:]+:")  # sqlglot does not read a lambda in parentheses
SIZE = "size"  # the key of a node's size in its `meta`
VARIABLE = "_shared"  # the parameter of the lambda
LIMIT = 400  # nodes; DuckDB binds about 100,000 nodes in a second
# A lambda takes neither an aggregate function nor a subquery; macros with these keep their arguments in place.
NOT_IN_LAMBDA = (exp.AggFunc, exp.Query, exp.Window)


@functools.cache
def _aggregates() -> frozenset[str]:
    rows = database.fetch("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'")
    return frozenset(name for (name,) in rows)


class Macro:
    """How large a macro is, how often it uses each parameter, and whether it can stand in a lambda."""

    def __init__(self, parameters: list[str], definition: str) -> None:
        self.uses = [0] * len(parameters)
        self.size = 1
        self.movable = True
        places = {name.casefold(): number for number, name in enumerate(parameters)}
        self._count(parse_one(LAMBDA.sub("", definition), dialect=DuckDBDialect), places, 1)

    def _count(self, node: Node, places: dict[str, int], times: int) -> None:
        """Count `node` and all below it, which a macro around them repeats `times` times."""
        self.size += times
        name = _called(node)
        if isinstance(node, NOT_IN_LAMBDA) or name in _aggregates():
            self.movable = False
        if isinstance(node, exp.Column) and not node.table and node.name.casefold() in places:
            self.uses[places[node.name.casefold()]] += times
        inner = _macro(name, len(node.expressions)) if name.startswith(PREFIX) else None
        if inner is None:
            for child in node.iter_expressions():
                self._count(child, places, times)
            return
        self.size += times * inner.size
        self.movable = self.movable and inner.movable
        for child, uses in zip(node.expressions, inner.uses, strict=True):
            self._count(child, places, times * max(uses, 1))


@functools.cache
def _macro(name: str, arguments: int) -> Macro | None:
    rows = database.fetch(
        "SELECT parameters, macro_definition FROM duckdb_functions() WHERE function_type = 'macro' "
        "AND database_name = 'bq' AND lower(function_name) = $1 AND len(parameters) = $2",
        [name.removeprefix(PREFIX), arguments],
    )
    return Macro(*rows[0]) if rows else None


def _called(node: Node) -> str:
    """Return the name of the function that `node` calls, in small letters.

    No name for functions that sqlglot knows, and for those of a user, which may be called as a macro: `dataset.instr`.
    """
    if not isinstance(node, exp.Anonymous):
        return ""
    path = node.parent
    if not isinstance(path, exp.Dot) or path.expression is not node:
        return node.name.casefold()
    return PREFIX + node.name.casefold() if [part.name for part in path.parts[:-1]] == OF_MACROS else ""


def size(node: Node) -> int:
    """Return about how many nodes DuckDB binds for `node`, after it has put in the definitions of macros."""
    if SIZE in node.meta:
        return int(node.meta[SIZE])
    macro = _macro_of(node)
    if macro is None:
        total = 1 + sum(size(child) for child in node.iter_expressions())
    else:
        total = macro.size + sum(size(child) * uses for child, uses in zip(node.expressions, macro.uses, strict=True))
    node.meta[SIZE] = total
    return total


def _macro_of(node: Node) -> Macro | None:
    name = _called(node)
    return _macro(name, len(node.expressions)) if name.startswith(PREFIX) else None


def _share(node: Node, context: translate.Context) -> Node:
    """Return a call of a macro with its arguments bound to names, where copies of them would be large."""
    macro = _macro_of(node)
    if macro is None or not macro.movable or isinstance(node.parent, exp.SafeFunc):
        return node
    copies = [size(child) * (uses - 1) for child, uses in zip(node.expressions, macro.uses, strict=True) if uses > 1]
    if sum(copies) < LIMIT or any(isinstance(child, exp.Lambda | exp.Star) for child in node.expressions):
        return node
    fields = []
    for number, child in enumerate(node.expressions):
        if not isinstance(child, exp.Literal | exp.Null):
            name = f"a{number}"
            fields.append(exp.PropertyEQ(this=exp.to_identifier(name), expression=child.copy()))
            child.replace(exp.column(name, table=VARIABLE))
    node.meta.pop(SIZE, None)
    once = exp.Lambda(this=node.copy(), expressions=[exp.to_identifier(VARIABLE)])
    values = exp.Array(expressions=[exp.Struct(expressions=fields)])
    return exp.func("list_extract", exp.func("list_transform", values, once), exp.Literal.number(1))


def arguments_once() -> None:
    """Bind large arguments of macros once: a statement with ten nested calls took minutes, all of them to bind."""
    translate.NODE_RULES.append(_share)
