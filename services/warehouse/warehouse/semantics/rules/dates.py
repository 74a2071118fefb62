"""Dates, times and intervals."""

import re

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, call, is_literal, macro, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule
from warehouse.semantics.rules.ranges import in_range
from warehouse.semantics.shapes import original

MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
INTERVAL_PARTS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
IN_A_SECOND = {"MILLISECOND": 1000, "MICROSECOND": 1_000_000}
TIME_PARTS = frozenset({"HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"})
DATE_PARTS = frozenset({"DAY", "DAYOFWEEK", "DAYOFYEAR", "WEEK", "ISOWEEK", "MONTH", "QUARTER", "YEAR", "ISOYEAR"})
CALENDAR_PARTS = frozenset({"WEEK", "ISOWEEK", "MONTH", "QUARTER", "YEAR", "ISOYEAR"})
EXTRACTED = {
    "DATE": DATE_PARTS,
    "DATETIME": DATE_PARTS | TIME_PARTS | {"DATE", "TIME"},
    "TIMESTAMP": DATE_PARTS | TIME_PARTS | {"DATE", "TIME", "DATETIME"},
    "TIME": TIME_PARTS,
    "INTERVAL": TIME_PARTS | {"DAY", "MONTH", "YEAR"},
}
ALL_PARTS: frozenset[str] = frozenset().union(*EXTRACTED.values())
ON_DATES: dict[type[exp.Expr], str] = {exp.DateAdd: "DATE_ADD", exp.DateSub: "DATE_SUB", exp.DateDiff: "DATE_DIFF"}
ON_TIMESTAMPS: dict[type[exp.Expr], str] = {
    exp.TimestampAdd: "TIMESTAMP_ADD",
    exp.TimestampSub: "TIMESTAMP_SUB",
    exp.TimestampDiff: "TIMESTAMP_DIFF",
}
INSTANT_FUNCTIONS: dict[str, tuple[type[exp.Expr], ...]] = {  # in the order of ON_DATES
    "TIMESTAMP": (exp.TimestampAdd, exp.TimestampSub, exp.TimestampDiff),
    "DATETIME": (exp.DatetimeAdd, exp.DatetimeSub, exp.DatetimeDiff),
}
PARSED = {"DATETIME": exp.ParseDatetime, "DATE": exp.StrToDate, "TIME": exp.ParseTime}
DIFFS = (exp.TimestampDiff, exp.DatetimeDiff)


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


@rule("EXTRACT: a type has only some parts, parts of a second are counted in the second", exp.Extract)
def extract_parts(node: exp.Extract, facts: Facts) -> Node | None:
    part, value = node.name.upper(), node.expression
    kind = "TIMESTAMP" if isinstance(value, exp.AtTimeZone) else of(value)
    if isinstance(node.this, exp.WeekStart):
        part = "WEEK"
    if part not in ALL_PARTS:
        raise refuse(f"A valid date part name is required but found {part}", place(node))
    if kind in EXTRACTED and part not in EXTRACTED[kind]:
        raise refuse(f"EXTRACT from {kind} does not support the {part} date part", place(node))
    modulus = IN_A_SECOND.get(part)
    if modulus:
        return typed(call("mod", node.copy(), modulus), "INT64")
    if part == "TIME" and kind == "TIMESTAMP" and not isinstance(value, exp.AtTimeZone):
        node.set("expression", typed(value.copy(), "DATETIME"))
    return None


@rule("INTERVAL 'x' YEAR TO SECOND keeps all its digits", exp.Interval)
def interval_parts(node: exp.Interval, facts: Facts) -> Node | None:
    unit = node.args.get("unit")
    if not isinstance(unit, exp.IntervalSpan) or not isinstance(node.this, exp.Literal):
        return None
    return interval(node.this.this, unit.this.name)


def interval(text: str, first: str) -> Node | None:
    """Return the INTERVAL that `text`, `1-2 3 4:5:6.7`, is from the part `first` on; None for another form."""
    parts = INTERVAL_PARTS[INTERVAL_PARTS.index(first.upper()) :]
    values = [
        ("-" if token.startswith("-") else "") + value
        for token in text.split()
        for value in re.split("[-:]", token.lstrip("+-"))
    ]
    if len(values) > len(parts) or not all(re.fullmatch(r"-?\d+(\.\d*)?", value) for value in values):
        return None
    exact = " ".join(f"{value} {part.lower()}" for value, part in zip(values, parts, strict=False))
    found = exp.Interval(this=exp.Literal.string(exact))
    found.type = types.build("INTERVAL")
    return found


@rule("DATE_TRUNC keeps the type of its argument; a STRING literal is a DATE", exp.DateTrunc)
def date_trunc(node: exp.DateTrunc, facts: Facts) -> Node | None:
    kind = of(node.this)
    if kind in ("TIMESTAMP", "DATETIME"):
        unit = node.args["unit"].copy() if node.text("unit") == "" else exp.Var(this=node.text("unit").upper())
        truncated = exp.TimestampTrunc if kind == "TIMESTAMP" else exp.DatetimeTrunc
        return in_range(truncated(this=node.this.copy(), unit=unit, zone=node.args.get("zone")), kind)
    if isinstance(node.this, exp.Literal):
        node.set("this", typed(node.this.copy(), "DATE"))
    return None


@rule(
    "DATE - DATE is an INTERVAL of days, TIMESTAMP - TIMESTAMP one of hours, DATETIME - DATETIME one of both", exp.Sub
)
def instants_apart(node: exp.Sub, facts: Facts) -> Node | None:
    kinds = {of(node.this), of(node.expression)}
    if kinds == {"DATE"}:
        return typed(call("to_days", exp.cast(call("date_diff", "day", node.expression, node.this), "INT")), "INTERVAL")
    if kinds not in ({"TIMESTAMP"}, {"DATETIME"}):
        return None
    apart = exp.Sub(this=call("epoch_us", node.this), expression=call("epoch_us", node.expression))
    return typed(macro("_days_apart", apart) if kinds == {"DATETIME"} else call("to_microseconds", apart), "INTERVAL")


@rule("each date function takes the parts that its argument has", *ON_DATES, *ON_TIMESTAMPS)
def date_parts(node: exp.Expr, facts: Facts) -> None:
    unit, kind = node.text("unit").upper(), of(node.this)
    function = ON_DATES.get(type(node)) or ON_TIMESTAMPS[type(node)]
    if type(node) in ON_DATES and is_literal(node.this) and kind == "STRING":
        kind = "DATE"
    if type(node) in ON_TIMESTAMPS and kind not in ("DATE", "DATETIME"):
        kind = "TIMESTAMP"
    elif isinstance(node, exp.TimestampAdd | exp.TimestampSub):
        kind = "DATETIME"
    wrong = {"DATE": TIME_PARTS, "TIMESTAMP": CALENDAR_PARTS}.get(kind or "", frozenset())
    if unit in wrong:
        raise refuse(f"{function} does not support the {unit} date part when the argument is {kind} type", place(node))


@rule("DATE_ADD, DATE_SUB and DATE_DIFF of a DATETIME or TIMESTAMP keep the time", *ON_DATES)
def on_instants(node: exp.Expr, facts: Facts) -> Node | None:
    kind = of(node.this)
    if kind not in INSTANT_FUNCTIONS:
        return None
    function = INSTANT_FUNCTIONS[kind][list(ON_DATES).index(type(node))]
    arguments = {key: value for key, value in node.args.items() if key in ("this", "expression", "unit")}
    call_of_kind = function(**{key: value.copy() for key, value in arguments.items()})
    return typed(call_of_kind, "INT64") if function in DIFFS else in_range(call_of_kind, kind)


@rule("TIMESTAMP_ADD and TIMESTAMP_SUB of a DATE or DATETIME are a DATETIME", exp.TimestampAdd, exp.TimestampSub)
def on_local_times(node: exp.Expr, facts: Facts) -> Node | None:
    if of(node.this) not in ("DATE", "DATETIME"):
        return None
    function = exp.DatetimeAdd if isinstance(node, exp.TimestampAdd) else exp.DatetimeSub
    local = typed(node.this.copy(), "DATETIME")
    moved = function(this=local, expression=node.expression.copy(), unit=node.args["unit"].copy())
    return in_range(moved, "DATETIME")


@rule("CURRENT_TIMESTAMP is the function, also beside an alias of that name", exp.CurrentTimestamp, exp.CurrentDate)
def current_moment(node: exp.CurrentTimestamp | exp.CurrentDate, facts: Facts) -> Node | None:
    if node.this or node.find_ancestor(exp.ColumnConstraint, exp.Version):
        return None
    now = typed(call("now"), "TIMESTAMP")
    return now if isinstance(node, exp.CurrentTimestamp) else typed(call("timezone", "UTC", now), "DATE")


@rule(
    "PARSE_TIMESTAMP and the like know %E*S, %E3S, %s and %%, and take any STRING as their format",
    exp.StrToTime,
    exp.ParseDatetime,
    exp.StrToDate,
    exp.ParseTime,
)
def parsed_instants(node: exp.Expr, facts: Facts) -> Node | None:
    template = original(node.args["format"])
    if isinstance(template, exp.Literal) and not re.search(r"%E[*\d]S|%s|%%", template.this):
        return None
    local = call("make_timestamp", call("_parse_instant", template, node.this, node.args.get("zone") or "UTC"))
    for kind, function in PARSED.items():
        if isinstance(node, function):
            return typed(local, kind)
    return typed(call("timezone", "UTC", local), "TIMESTAMP")
