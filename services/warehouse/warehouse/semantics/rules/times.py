"""Instants and their texts."""

import re

from sqlglot import exp

from warehouse.semantics.nodes import Node, call, of, typed
from warehouse.semantics.rule import Facts, rule
from warehouse.semantics.rules.casts import strict

DAY = re.compile("%%|%-d|%e")
FORMATTED: dict[type[exp.Expr], str] = {  # what sqlglot wraps the value of a FORMAT_ function in
    exp.TsOrDsToDate: "DATE",
    exp.TsOrDsToDatetime: "DATETIME",
    exp.TsOrDsToTimestamp: "TIMESTAMP",
}


@rule("STRING of an instant has parts of a second in threes", exp.String)
def instant_text(node: exp.String, facts: Facts) -> Node | None:
    function = {"DATETIME": "_fraction_string", "TIME": "_fraction_string", "TIMESTAMP": "_instant_string"}
    kind = of(node.this)
    if kind not in function or node.args.get("zone") is not None:
        return None
    return typed(call(f"bq.main.{function[kind]}", node.this), "STRING")


@rule("%e writes the day in two places, the first a space for one digit", exp.TimeToStr)
def spaced_day(node: exp.TimeToStr, facts: Facts) -> Node | None:
    return _spaced(node)


def _spaced(node: exp.TimeToStr) -> Node | None:
    """Return the text with days in two places; None where the format has no %e.

    sqlglot reads %e as %-d, but leaves it in what it makes of %c.
    """
    pattern = node.args["format"]
    if not isinstance(pattern, exp.Literal):
        return None
    marked = DAY.sub(lambda found: found[0] if found[0] == "%%" else "\x01", pattern.this)
    if "\x01" not in marked:
        return None
    around, day = node.copy(), node.copy()
    around.set("format", exp.Literal.string(marked))
    day.set("format", exp.Literal.string("%-d"))
    return typed(call("replace", around, "\x01", call("lpad", day, 2, " ")), "STRING")


@rule("a year before 1000 has four digits", exp.TimeToStr)
def early_years(node: exp.TimeToStr, facts: Facts) -> Node | None:
    pattern = node.args["format"]
    kind = FORMATTED.get(type(node.this)) or of(node.this)
    if kind not in ("DATE", "DATETIME", "TIMESTAMP") or not isinstance(pattern, exp.Literal):
        return None
    if not re.search(r"%(E4)?[YGFcD]", pattern.this):
        return None
    value = node.this.this if type(node.this) in FORMATTED else node.this
    error = call("_raise", "the emulator formats no years before 1000")
    # a TIMESTAMP of the first day of the year 1000 is in the year 999 in some time zones
    early = exp.LT(this=typed(value.copy(), kind), expression=typed(exp.Literal.string("1000-01-02"), kind))
    return exp.Case(ifs=[exp.If(this=early, true=error)], default=_spaced(node) or node.copy())


@rule("CURRENT_TIME in a time zone is the time there", exp.CurrentTime)
def current_time(node: exp.CurrentTime, facts: Facts) -> Node | None:
    if node.this is None:
        return None
    return typed(call("timezone", node.this, exp.CurrentTimestamp()), "TIME")


@rule("TIMESTAMP, DATE, DATETIME and TIME of a STRING are as strict as its CAST", exp.Timestamp)
def timestamp_of_text(node: exp.Timestamp, facts: Facts) -> None:
    if of(node.this) == "STRING" and not node.this.meta.get("strict"):
        node.set("this", strict(node.this, "TIMESTAMP", safe=False))
