"""Refusals: what BigQuery does not accept because of its types or its form."""

from collections.abc import Sequence

from local_bigquery.errors import BigQueryError
from sqlglot import exp

from warehouse.semantics import signatures, types
from warehouse.semantics.nodes import Node, datatype, of, place, refuse
from warehouse.semantics.rule import Facts, rule

ORDERED: dict[type[exp.Expr], str] = {
    exp.Rank: "rank",
    exp.DenseRank: "dense_rank",
    exp.PercentRank: "percent_rank",
    exp.CumeDist: "cume_dist",
    exp.Ntile: "ntile",
    exp.Lag: "lag",
    exp.Lead: "lead",
    exp.FirstValue: "first_value",
    exp.LastValue: "last_value",
    exp.NthValue: "nth_value",
}
NOT_A_CONDITION = types.NUMBERS | {"STRING", "BYTES", "DATE"}


def no_signature(node: Node, name: str, arguments: Sequence[Node], operator: bool = False) -> BigQueryError:
    """Return BigQuery's error for arguments of the wrong type."""
    kind = "operator" if operator else "function"
    found = ", ".join("NULL" if isinstance(a, exp.Null) else types.name(datatype(a)) for a in arguments)
    return refuse(f"No matching signature for {kind} {name} for argument types: {found}", place(node))


@rule("SELECT DISTINCT takes no ARRAY; WHERE needs FROM", exp.Select)
def impossible_selects(select: exp.Select, facts: Facts) -> None:
    if select.args.get("distinct"):
        for item in select.expressions:
            if of(item) == "ARRAY":
                raise refuse(f"Column {item.alias_or_name} of type ARRAY cannot be used in SELECT DISTINCT", item)
    if select.args.get("where") and not select.args.get("from_"):
        raise refuse("Query without FROM clause cannot have a WHERE clause", select.args["where"])


@rule("arguments of the wrong type are refused", *{node for node, _ in signatures.functions()})
def argument_types(node: Node, facts: Facts) -> None:
    called = signatures.find(node)
    if called is None or isinstance(node.parent, exp.Contains):  # CONTAINS_SUBSTR is parsed as LOWERs of any types
        return
    if isinstance(node, exp.Like) and isinstance(node.expression, exp.Any | exp.All):
        return
    if isinstance(node.parent, exp.Update) and node.arg_key == "expressions":  # no comparison: SET a = b
        return
    function, arguments = called
    if not function.takes(arguments):
        raise no_signature(node, function.name, arguments, function.operator)


@rule("no statement has RETURNING; DuckDB's have", exp.Returning)
def returning(node: exp.Returning, facts: Facts) -> None:
    raise refuse('Syntax error: Expected end of input but got identifier "RETURNING"', place(node))


@rule("WHERE and HAVING take BOOL", exp.Where, exp.Having)
def conditions(node: exp.Where | exp.Having, facts: Facts) -> None:
    if of(node.this) in NOT_A_CONDITION:
        clause, found = type(node).__name__.upper(), types.name(datatype(node.this))
        raise refuse(f"{clause} clause should return type BOOL, but returns {found}", place(node.this))


@rule("ranking functions need ORDER BY in their window; percentiles and DISTINCT refuse it", exp.Window)
def windows(node: exp.Window, facts: Facts) -> None:
    function = node.this.this if isinstance(node.this, exp.IgnoreNulls | exp.RespectNulls) else node.this
    if node.args.get("alias") or node.args.get("over") is None:
        return  # the window has a name: its ORDER BY is elsewhere
    name = ORDERED.get(type(function))
    if name and not node.args.get("order"):
        raise refuse(f"Window ORDER BY is required for analytic function {name}", place(node))
    if node.args.get("order") and isinstance(function, exp.PercentileCont | exp.PercentileDisc):
        name = "percentile_cont" if isinstance(function, exp.PercentileCont) else "percentile_disc"
        raise refuse(f"Window ORDER BY is not allowed for analytic function {name}", place(node))
    if node.args.get("order") and isinstance(function, exp.AggFunc) and isinstance(function.this, exp.Distinct):
        raise refuse("Window ORDER BY is not allowed if DISTINCT is specified", place(node))
