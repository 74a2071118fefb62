"""Results outside of the range of their type are errors."""

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, call, is_literal, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule

NAMES = "bq.main."  # the prefix of local-bigquery's macros
MOVED = (
    *(exp.DateAdd, exp.DateSub, exp.DatetimeAdd, exp.DatetimeSub, exp.TimestampAdd, exp.TimestampSub),
    *(exp.DateTrunc, exp.DatetimeTrunc, exp.TimestampTrunc, exp.LastDay),
)


def in_range(node: Node, kind: str) -> Node:
    """Return `node`, a DATE, DATETIME or TIMESTAMP: a value before the year 1 or after 9999 is an error."""
    kept = node.copy()
    kept.type = types.build(kind)
    return typed(call(f"bq.main._{kind.lower()}_in_range", typed(kept, kind)), kind)


@rule(
    "a result that is too large for FLOAT64, or not defined, is an error", exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Pow
)
def float_results(node: exp.Binary, facts: Facts) -> Node | None:
    sides = (node.this, node.expression)
    if types.kind(node.type) != "FLOAT64" or any(of(side) not in types.NUMBERS for side in sides):
        return None
    if all(is_literal(side) for side in sides) and not isinstance(node, exp.Pow):
        return None
    return typed(call(f"bq.main._finite_{node.key}", *sides), "FLOAT64")


@rule("a date before the year 1 or after 9999 is an error", *MOVED, exp.Add, exp.Sub)
def dates_in_range(node: Node, facts: Facts) -> Node | None:
    kind = types.kind(node.type)
    if kind not in ("DATE", "DATETIME", "TIMESTAMP") or of(node.this) not in (kind, "DATE"):
        return None
    if isinstance(node, exp.Add | exp.Sub) and kind == "DATE" and "INTERVAL" in (of(node.this), of(node.expression)):
        kind = "DATETIME"
    zone = node.args.get("zone")
    if kind == "TIMESTAMP" and isinstance(zone, exp.Literal) and zone.this[:1] not in "+-":
        node.set("this", typed(call("bq.main._in_range_of_zone", node.this, zone), kind))
    return in_range(node, kind)


@rule("a bucket of dates is in range", exp.Anonymous)
def bucket_in_range(node: exp.Anonymous, facts: Facts) -> Node | None:
    kind = node.name.lower().removeprefix(NAMES).removesuffix("_bucket").upper()
    if kind not in ("DATE", "DATETIME", "TIMESTAMP") or not node.name.lower().endswith("_bucket"):
        return None
    return in_range(node, kind)


@rule("a TIMESTAMP of seconds, milliseconds or microseconds is in range", exp.UnixToTime)
def timestamp_of_seconds(node: exp.UnixToTime, facts: Facts) -> Node | None:
    if node.args.get("scale") is not None:
        return in_range(node, "TIMESTAMP")
    return typed(call("bq.main._timestamp_of_seconds", node.this, typed(node.copy(), "TIMESTAMP")), "TIMESTAMP")


@rule("DATE of numbers is in range", exp.DateFromParts, exp.Date)
def date_of_numbers(node: Node, facts: Facts) -> Node | None:
    if isinstance(node, exp.Date) and not node.expressions:
        return None
    return in_range(node, "DATE")


@rule("an array of dates needs a step", exp.GenerateDateArray, exp.GenerateTimestampArray)
def array_step(node: Node, facts: Facts) -> Node | None:
    step = node.args.get("step")
    count = step.this if isinstance(step, exp.Interval) else None
    if count is None:
        return None
    if isinstance(count, exp.Literal):
        if count.this == "0":
            raise refuse("Sequence step cannot be 0", place(node))
        return None
    zero = exp.EQ(this=exp.Paren(this=count.copy()), expression=exp.Literal.number(0))
    error = call("_raise", "Sequence step cannot be 0.")
    return exp.Case(ifs=[exp.If(this=zero, true=error)], default=node.copy())
