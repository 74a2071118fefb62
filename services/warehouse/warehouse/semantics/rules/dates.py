"""Dates, times and intervals."""

from sqlglot import exp

from warehouse.semantics.nodes import Node, call, macro, of, refuse, typed
from warehouse.semantics.rule import Facts, rule

MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
IN_A_SECOND = {"MILLISECOND": 1000, "MICROSECOND": 1_000_000}
TIME_PARTS = frozenset({"HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"})
CALENDAR_PARTS = frozenset({"WEEK", "MONTH", "QUARTER", "YEAR"})
ON_DATES: dict[type[exp.Expr], str] = {exp.DateAdd: "DATE_ADD", exp.DateSub: "DATE_SUB", exp.DateDiff: "DATE_DIFF"}


@rule("an array of months keeps the day of its start where the month has it", exp.GenerateDateArray)
def months_apart(node: exp.GenerateDateArray, facts: Facts) -> Node | None:
    step = node.args.get("step")
    if not isinstance(step, exp.Interval) or not isinstance(step.this, exp.Literal) or int(step.name) <= 0:
        return None
    months = MONTHS.get(step.text("unit").upper(), 0)
    if not months:
        return None
    start, end = (typed(node.args[key].copy(), "DATE") for key in ("start", "end"))
    return typed(macro("_months_array", start, end, months * int(step.name)), "ARRAY<DATE>")


@rule("parts of a second are counted in the second; EPOCH is no part", exp.Extract)
def extract_parts(node: exp.Extract, facts: Facts) -> Node | None:
    part, kind = node.name.upper(), of(node.expression)
    modulus = IN_A_SECOND.get(part)
    if modulus and kind != "INTERVAL":
        return typed(call("mod", node.copy(), modulus), "INT64")
    if part == "TIME" and kind == "TIMESTAMP":
        node.set("expression", typed(node.expression.copy(), "DATETIME"))
    if part == "EPOCH":
        raise refuse("A valid date part name is required but found EPOCH", node)
    return None


@rule("DATE_TRUNC keeps the type of its argument; a STRING literal is a DATE", exp.DateTrunc)
def date_trunc(node: exp.DateTrunc, facts: Facts) -> Node | None:
    kind = of(node.this)
    if kind in ("TIMESTAMP", "DATETIME"):
        unit = exp.Var(this=node.text("unit").upper())
        truncated = exp.TimestampTrunc if kind == "TIMESTAMP" else exp.DatetimeTrunc
        return typed(truncated(this=node.this.copy(), unit=unit, zone=node.args.get("zone")), kind)
    if isinstance(node.this, exp.Literal):
        node.set("this", typed(node.this.copy(), "DATE"))
    return None


@rule("TIMESTAMP - TIMESTAMP is an INTERVAL of hours", exp.Sub)
def instants_apart(node: exp.Sub, facts: Facts) -> Node | None:
    if {of(node.this), of(node.expression)} not in ({"TIMESTAMP"}, {"DATETIME"}):
        return None
    apart = exp.Sub(this=call("epoch_us", node.this), expression=call("epoch_us", node.expression))
    return typed(call("to_microseconds", apart), "INTERVAL")


@rule("date functions take date parts, TIMESTAMP_DIFF takes parts up to DAY", *ON_DATES, exp.TimestampDiff)
def date_parts(node: exp.Expr, facts: Facts) -> None:
    unit, function = node.text("unit").upper(), ON_DATES.get(type(node), "TIMESTAMP_DIFF")
    on_dates = function != "TIMESTAMP_DIFF" and of(node.this) in ("DATE", "STRING")
    if (on_dates and unit in TIME_PARTS) or (function == "TIMESTAMP_DIFF" and unit in CALENDAR_PARTS):
        raise refuse(f"{function} does not support the {unit} date part", node)
