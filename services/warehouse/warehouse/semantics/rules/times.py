"""Instants and their texts."""

from sqlglot import exp

from warehouse.semantics import instant_formats
from warehouse.semantics.nodes import Node, call, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule
from warehouse.semantics.rules.casts import strict
from warehouse.semantics.shapes import original

FORMATTED: dict[type[exp.Expr], str] = {  # what sqlglot wraps the value of a FORMAT_ function in
    exp.TsOrDsToDate: "DATE",
    exp.TsOrDsToDatetime: "DATETIME",
    exp.TsOrDsToTimestamp: "TIMESTAMP",
    exp.TsOrDsToTime: "TIME",
}
DAYS = frozenset("AaBbDdFGhjmQUuVWwxYy") | {"E4Y"}
CLOCK = frozenset("HIMpRSTX") | {f"E{digits}S" for digits in range(7)}
SAME = {  # elements that DuckDB and local-bigquery write as BigQuery does
    "DATE": DAYS,
    "TIME": CLOCK,
    "DATETIME": DAYS | CLOCK,
    "TIMESTAMP": DAYS | CLOCK | {"z", "Ez", "Z"},
}
YEARS = frozenset("DFGxYy") | {"E4Y"}  # before the year 1000, DuckDB writes them with fewer digits


@rule("STRING of an instant has parts of a second in threes", exp.String)
def instant_text(node: exp.String, facts: Facts) -> Node | None:
    function = {"DATETIME": "_fraction_string", "TIME": "_fraction_string", "TIMESTAMP": "_instant_string"}
    kind = of(node.this)
    if kind not in function or node.args.get("zone") is not None:
        return None
    return typed(call(f"bq.main.{function[kind]}", node.this), "STRING")


@rule(
    "FORMAT_DATE and the like write each element as BigQuery does, and leave those that the type lacks", exp.TimeToStr
)
def formatted_instants(node: exp.TimeToStr, facts: Facts) -> Node | None:
    kind = FORMATTED.get(type(node.this)) or of(node.this)
    if kind not in instant_formats.OF_KIND:
        return None
    value = typed((node.this.this if type(node.this) in FORMATTED else node.this).copy(), kind)
    micros = call("epoch_us", exp.Add(this=typed(exp.Literal.string("1970-01-01"), "DATE"), expression=value.copy()))
    if kind != "TIME":
        micros = call("epoch_us", value)
    template = node.args["format"]
    written = original(template)
    exact = typed(call("_instant_text", written, kind, micros, node.args.get("zone") or "UTC"), "STRING")
    if not isinstance(written, exp.Literal):
        return exact
    try:
        elements = set(instant_formats.elements(written.this))
    except ValueError as error:
        raise refuse(str(error), place(node)) from error
    if written.this.endswith("%") or not elements <= SAME[kind]:
        return exact
    if not elements & YEARS:
        return None
    # a TIMESTAMP of the first day of the year 1000 is in the year 999 in some time zones
    early = exp.LT(this=value, expression=typed(exp.Literal.string("1000-01-02"), kind))
    return exp.Case(ifs=[exp.If(this=early, true=exact)], default=node.copy())


@rule("CURRENT_TIME in a time zone is the time there", exp.CurrentTime)
def current_time(node: exp.CurrentTime, facts: Facts) -> Node | None:
    if node.this is None:
        return None
    return typed(call("timezone", node.this, exp.CurrentTimestamp()), "TIME")


@rule("TIMESTAMP, DATE, DATETIME and TIME of a STRING are as strict as its CAST", exp.Timestamp)
def timestamp_of_text(node: exp.Timestamp, facts: Facts) -> None:
    if of(node.this) == "STRING" and not node.this.meta.get("strict"):
        node.set("this", strict(node.this, "TIMESTAMP", safe=False))
