"""Instants and their texts."""

import re

from sqlglot import exp

from warehouse.semantics.nodes import Node, call, of, typed
from warehouse.semantics.rule import Facts, rule
from warehouse.semantics.rules.casts import strict


@rule("STRING of an instant has parts of a second in threes", exp.String)
def instant_text(node: exp.String, facts: Facts) -> Node | None:
    function = {"DATETIME": "_fraction_string", "TIME": "_fraction_string", "TIMESTAMP": "_instant_string"}
    kind = of(node.this)
    if kind not in function or node.args.get("zone") is not None:
        return None
    return typed(call(f"bq.main.{function[kind]}", node.this), "STRING")


@rule("%e writes the day in two places, the first a space for one digit", exp.TimeToStr)
def spaced_day(node: exp.TimeToStr, facts: Facts) -> Node | None:
    pattern = node.args["format"]
    if not isinstance(pattern, exp.Literal) or "%-d" not in pattern.this:
        return None
    around, day = node.copy(), node.copy()
    around.set("format", exp.Literal.string(pattern.this.replace("%-d", "\x01")))
    day.set("format", exp.Literal.string("%-d"))
    return typed(call("replace", around, "\x01", call("lpad", day, 2, " ")), "STRING")


@rule("a year before 1000 has four digits", exp.TimeToStr)
def early_years(node: exp.TimeToStr, facts: Facts) -> Node | None:
    value, pattern = node.this, node.args["format"]
    if of(value) not in ("DATE", "DATETIME", "TIMESTAMP") or not isinstance(pattern, exp.Literal):
        return None
    if not re.search(r"%(E4)?[YGFcD]", pattern.this):
        return None
    error = call("_raise", "the emulator formats no years before 1000")
    early = exp.LT(this=call("year", value), expression=exp.Literal.number(1000))
    return exp.Case(ifs=[exp.If(this=early, true=error)], default=node.copy())


@rule("CURRENT_TIME in a time zone is the time there", exp.CurrentTime)
def current_time(node: exp.CurrentTime, facts: Facts) -> Node | None:
    if node.this is None:
        return None
    return typed(call("timezone", node.this, exp.CurrentTimestamp()), "TIME")


@rule("TIMESTAMP, DATE, DATETIME and TIME of a STRING are as strict as its CAST", exp.Timestamp)
def timestamp_of_text(node: exp.Timestamp, facts: Facts) -> None:
    if of(node.this) == "STRING" and not node.this.meta.get("strict"):
        node.set("this", strict(node.this, "TIMESTAMP", safe=False))
