"""The names of the columns that PIVOT makes."""

import re

from sqlglot import exp

from warehouse.semantics.nodes import Node, of, place, refuse
from warehouse.semantics.rule import Facts, rule


@rule("PIVOT names its columns aggregate_value; a number or a date has a name of its own", exp.Table, exp.Subquery)
def pivoted_names(source: exp.Table | exp.Subquery, facts: Facts) -> Node | None:
    pivots = source.args.get("pivots") or []
    if len(pivots) != 1 or pivots[0].args.get("unpivot") or len(pivots[0].args.get("fields") or []) != 1:
        return None
    pivot, listed = pivots[0], pivots[0].args["fields"][0]
    if not isinstance(listed, exp.In) or not listed.expressions:
        return None
    aggregates = [aggregate.alias for aggregate in pivot.expressions]
    if len(aggregates) > 1 and not all(aggregates):
        words = "PIVOT expression must specify an alias unless it is the only pivot expression in the PIVOT clause"
        raise refuse(words, place(pivot))
    values = [_name(value, bool(aggregates[0])) for value in listed.expressions]
    named = zip(listed.expressions, values, strict=True)
    listed.set("expressions", [exp.PivotAlias(this=_value(v), alias=_identifier(name)) for v, name in named])
    if not aggregates[0]:
        return None
    # DuckDB's names are value_aggregate
    renamed = [
        exp.alias_(exp.column(_identifier(f"{value}_{aggregate}")), _identifier(f"{aggregate}_{value}"))
        for value in values
        for aggregate in aggregates
    ]
    inner = source.copy()
    alias = inner.args["pivots"][0].args.get("alias")
    inner.args["pivots"][0].set("alias", None)
    return exp.Subquery(this=exp.select(exp.Star(rename=renamed)).from_(inner), alias=alias)


def _identifier(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def _value(value: Node) -> Node:
    return (value.this if isinstance(value, exp.PivotAlias) else value).copy()


def _name(value: Node, after_aggregate: bool) -> str:
    """Return the name of a value: its alias, or what BigQuery makes of it. Raises BigQueryError for an expression."""
    if isinstance(value, exp.PivotAlias):
        return str(value.args["alias"].name)
    if isinstance(value, exp.Null):
        return "NULL"
    if isinstance(value, exp.Boolean):
        return "true" if value.this else "false"
    if isinstance(value, exp.Literal) and value.is_string:
        return str(value.this)
    negative = isinstance(value, exp.Neg)
    text = value.this if negative else value
    if isinstance(text, exp.Cast) and of(text) in ("DATE", "NUMERIC"):
        text = text.this
    if not isinstance(text, exp.Literal) or not re.fullmatch(r"-?[\d.]+|\d{4}-\d{2}-\d{2}", text.this):
        raise refuse("the emulator needs an alias for this value of PIVOT: IN (value AS alias)", place(value))
    if negative or text.this.startswith("-"):
        return "minus_" + str(text.this).lstrip("-").replace(".", "_point_")
    name = str(text.this).replace("-", "_").replace(".", "_point_")
    return name if after_aggregate else f"_{name}"
