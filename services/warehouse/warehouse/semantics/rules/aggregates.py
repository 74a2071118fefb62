"""Aggregates and window functions."""

from sqlglot import exp

from warehouse.semantics.nodes import Node, call, is_literal, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule


@rule("AVG of NUMERIC is exact", exp.Avg)
def numeric_average(node: exp.Avg, facts: Facts) -> Node | None:
    inner = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    if of(inner) != "NUMERIC" or isinstance(node.parent, exp.Window | exp.Filter | exp.IgnoreNulls | exp.HavingMax):
        return None
    count: Node = exp.Count(this=node.this.copy())
    quotient = call("bq.main._numeric_divide", exp.Sum(this=node.this.copy()), typed(count.copy(), "NUMERIC"))
    empty = exp.EQ(this=count, expression=exp.Literal.number(0))
    return typed(exp.Case(ifs=[exp.If(this=empty, true=exp.null())], default=quotient), "NUMERIC")


@rule("CORR of fewer than two pairs is NULL", exp.Corr)
def correlation(node: exp.Corr, facts: Facts) -> Node | None:
    if isinstance(node.parent, exp.Window):
        return None
    enough = exp.GT(this=call("regr_count", node.this, node.expression), expression=exp.Literal.number(1))
    return typed(exp.Case(ifs=[exp.If(this=enough, true=node.copy())]), "FLOAT64")


@rule("MAX_BY(x, y) is ANY_VALUE(x HAVING MAX y), MIN_BY the like: x may be NULL", exp.ArgMax, exp.ArgMin)
def value_of_greatest(node: exp.ArgMax | exp.ArgMin, facts: Facts) -> Node | None:
    if node.args.get("count") is not None or isinstance(node.parent, exp.Window | exp.Filter | exp.IgnoreNulls):
        return None
    picked = exp.HavingMax(this=node.this.copy(), expression=node.expression.copy(), max=isinstance(node, exp.ArgMax))
    found = exp.AnyValue(this=picked)
    found.type = node.type
    return value_beside_nan.apply(found, facts) or found


@rule("ANY_VALUE(x HAVING MAX y): NaN is the greatest and the least y, and no row is equal to it", exp.AnyValue)
def value_beside_nan(node: exp.AnyValue, facts: Facts) -> Node | None:
    having = node.this
    if (
        not isinstance(having, exp.HavingMax)
        or of(having.expression) != "FLOAT64"
        or isinstance(node.parent, exp.Window)
    ):
        return None
    no_nan = exp.Not(this=call("bool_or", call("isnan", having.expression)))
    clear = exp.Coalesce(this=no_nan, expressions=[exp.true()])
    found = exp.Case(ifs=[exp.If(this=clear, true=node.copy())])
    found.type = node.type
    return found


@rule("STRING_AGG of BYTES is missing in DuckDB", exp.GroupConcat)
def aggregated_bytes(node: exp.GroupConcat, facts: Facts) -> None:
    if any(of(inner) == "BYTES" for inner in node.find_all(exp.Column, exp.Cast, exp.ByteString)):
        raise refuse("the emulator has no STRING_AGG of BYTES", place(node))


@rule("STRING_AGG(DISTINCT x ... LIMIT n) joins the first n different values", exp.GroupConcat)
def limited_texts(node: exp.GroupConcat, facts: Facts) -> Node | None:
    limit = node.this
    distinct = limit.find(exp.Distinct) if isinstance(limit, exp.Limit) else None
    if distinct is None:
        return None
    present = exp.Not(this=exp.Is(this=distinct.expressions[0].copy(), expression=exp.null()))
    values = exp.Filter(this=exp.ArrayAgg(this=limit.this.copy()), expression=exp.Where(this=present))
    first = call("list_slice", values, 1, limit.expression)
    return typed(call("array_to_string", first, node.args.get("separator") or ","), "STRING")


@rule("ARRAY_AGG(x IGNORE NULLS ... LIMIT n) has the first n values that are not NULL", exp.IgnoreNulls)
def limited_values(node: exp.IgnoreNulls, facts: Facts) -> Node | None:
    limit = node.this.this if isinstance(node.this, exp.ArrayAgg) else None
    if not isinstance(limit, exp.Limit) or isinstance(node.parent, exp.Window):
        return None
    value: Node = limit.this.this if isinstance(limit.this, exp.Order) else limit.this
    value = value.expressions[0] if isinstance(value, exp.Distinct) else value
    present = exp.Not(this=exp.Is(this=value.copy(), expression=exp.null()))
    values = exp.Filter(this=exp.ArrayAgg(this=limit.this.copy()), expression=exp.Where(this=present))
    first = call("list_slice", values, 1, limit.expression)
    first.type = node.this.type
    return first


@rule("NTILE takes a constant", exp.Ntile)
def buckets(node: exp.Ntile, facts: Facts) -> None:
    if node.this is not None and not is_literal(node.this):
        raise refuse("The argument to NTILE must be a literal or query parameter", place(node))
