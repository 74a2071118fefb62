"""CAST and SAFE_CAST."""

import itertools
import re

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, call, datatype, is_literal, macro, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule
from warehouse.semantics.rules.dates import interval

TEXTS = {  # the macro that writes a value as BigQuery does, where DuckDB's cast differs
    "FLOAT64": "_float_string",
    "NUMERIC": "_numeric_string",
    "BIGNUMERIC": "_numeric_string",
    "TIMESTAMP": "_instant_string",
    "DATETIME": "_fraction_string",
    "TIME": "_fraction_string",
    "INTERVAL": "_interval_string_3",
}
DAY = r"\d{1,4}-\d{1,2}-\d{1,2}"
CLOCK = r"([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d(\.\d{0,6})?"
STRICT = {  # what a STRING must look like to become the type, and the words for one that does not
    "FLOAT64": (r"^\s*[+-]?(?i:(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)\s*$", "Bad double value: %s"),
    "NUMERIC": (r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$", "Invalid NUMERIC value: %s"),
    "BIGNUMERIC": (r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$", "Invalid BIGNUMERIC value: %s"),
    "DATETIME": (rf"^{DAY}([ Tt]{CLOCK})?$", 'Invalid datetime string "%s"'),
    "TIME": (rf"^{CLOCK}$", 'Invalid time string "%s"'),
    "TIMESTAMP": (
        rf"^{DAY}([ Tt]{CLOCK}([Zz]| ?[+-]\d{{1,2}}(:\d{{2}})?| [A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*)?)?$",
        "Invalid timestamp: '%s'",
    ),
    "INT64": (r"^\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*$", "Bad int64 value: %s"),
    "BOOL": (r"^(?i:(true|false))$", "Bad bool value: %s"),
    "DATE": (rf"^{DAY}$", "Invalid date: '%s'"),
}
SHORT_OFFSET = re.compile(r"([+-])(\d)(:\d{1,2})?$")  # DuckDB wants two digits
labels = itertools.count()  # names of elements in the SQL of casts
INTERVAL = re.compile(r"-?\d+-\d+ -?\d+ -?\d+:\d+:\d+(\.\d+)?")


def text(value: Node, kind: str | None) -> Node | None:
    """Return `value` as BigQuery casts it to STRING; None where DuckDB's cast does the same."""
    if kind == "BYTES":
        return call("decode", value)
    return macro(TEXTS[kind], value) if kind in TEXTS else None


@rule("FLOAT64, NUMERIC, TIMESTAMP, INTERVAL and BYTES are written as STRING in BigQuery's form", exp.Cast, exp.TryCast)
def cast_to_string(node: exp.Cast, facts: Facts) -> Node | None:
    if of(node) != "STRING" or node.args.get("format"):
        return None
    written = text(node.this, of(node.this)) if of(node.this) else macro("_any_string", node.this)
    if isinstance(node, exp.TryCast) and of(node.this) == "BYTES":
        written = exp.func("TRY", written)
    return typed(written, "STRING") if written is not None else None


@rule("a STRING that is not written like the type is not a value of the type", exp.Cast, exp.TryCast)
def cast_from_string(node: exp.Cast, facts: Facts) -> Node | None:
    kind, value = of(node), node.this
    if of(value) != "STRING" or node.args.get("format"):
        return None
    if kind == "BYTES":
        return typed(call("encode", value), "BYTES")
    if kind == "INTERVAL" and isinstance(value, exp.Literal) and INTERVAL.fullmatch(value.this):
        return interval(value.this, "YEAR")
    if kind not in STRICT or value.meta.get("strict"):
        return None
    pattern = STRICT[kind][0]
    if (
        isinstance(value, exp.Literal)
        and re.search(pattern, value.this)
        and value.this == value.this.strip()
        and value.this[1:3].lower() != "0x"
        and kind != "BIGNUMERIC"
    ):
        if kind == "TIMESTAMP":
            node.set("this", exp.Literal.string(SHORT_OFFSET.sub(r"\g<1>0\2\3", value.this)))
        return None
    node.set("this", strict(node.this, kind, isinstance(node, exp.TryCast)))
    return None


def strict(value: Node, kind: str, safe: bool) -> Node:
    """Return a STRING that is written like a value of the type: for another one, NULL when `safe`, else an error."""
    pattern, words = STRICT[kind]
    checked = macro("_like", value, pattern, exp.null() if safe else words)
    if kind == "TIMESTAMP":
        checked = macro("_two_digit_offset", checked)
    if kind == "BIGNUMERIC":
        checked = macro("_bignumeric_text", checked)
    if kind == "INT64":
        checked = macro("_signed_hexadecimal", checked)
    checked.meta["strict"] = True
    return checked


@rule("the TIME of a TIMESTAMP is that of UTC", exp.Cast, exp.TryCast)
def time_of_timestamp(node: exp.Cast, facts: Facts) -> None:
    if of(node) == "TIME" and of(node.this) == "TIMESTAMP":
        node.set("this", typed(node.this.copy(), "DATETIME"))


@rule("STRUCT<a INT64>(x) gives each field its name and type", exp.Cast)
def typed_struct(node: exp.Cast, facts: Facts) -> Node | None:
    if of(node) != "STRUCT" or not isinstance(node.this, exp.Struct | exp.Tuple) or not node.to.expressions:
        return None
    values, fields = node.this.expressions, node.to.expressions
    if len(values) != len(fields):
        raise refuse(f"STRUCT type has {len(fields)} fields but constructor call has {len(values)} fields", place(node))
    struct = exp.Struct()
    for value, field in zip(values, fields, strict=True):
        given = value.expression if isinstance(value, exp.PropertyEQ) else value
        wanted = field.args["kind"] if isinstance(field, exp.ColumnDef) else field
        kind, target = of(given), types.kind(wanted)
        if kind and target and not node.meta.get("cast") and not types.coerced(kind, target, is_literal(given)):
            raise refuse(f"Struct field has type {kind} which does not coerce to {types.name(wanted)}", place(given))
        cast = converted(given, wanted, facts)
        named = isinstance(field, exp.ColumnDef)
        struct.append("expressions", exp.PropertyEQ(this=field.this.copy(), expression=cast) if named else cast)
    struct.type = node.to.copy()
    return struct


def converted(value: Node, wanted: exp.DataType, facts: Facts) -> Node:
    """Cast a value inside another cast, by the rules of casts. Raises BigQueryError if there is no such cast."""
    cast = exp.Cast(this=value.copy(), to=wanted.copy())
    if types.kind(wanted) == "STRUCT":
        return renamed(value, wanted, facts) or cast
    if types.kind(wanted) == "ARRAY":
        return cast_array.apply(cast, facts) or cast
    for each in (invalid_casts, cast_to_string, cast_from_string, time_of_timestamp):
        if (found := each.apply(cast, facts)) is not None:
            return found
    return cast


@rule("a STRUCT is cast field by field in order, whatever the names", exp.Cast)
def cast_struct(node: exp.Cast, facts: Facts) -> None:
    if of(node) == "STRUCT" and (struct := renamed(node.this, node.to, facts)) is not None:
        node.this.replace(struct)


@rule("an ARRAY is cast element by element, by the rules of its elements", exp.Cast)
def cast_array(node: exp.Cast, facts: Facts) -> Node | None:
    source = datatype(node.this)
    if of(node) != "ARRAY" or source is None or types.kind(source) != "ARRAY" or isinstance(node, exp.TryCast):
        return None
    given, wanted = source.expressions, node.to.expressions
    if not given or not wanted or not types.kind(given[0]) or given == wanted:
        return None
    label = exp.to_identifier(f"e{next(labels)}")
    element = exp.column(label.copy())
    element.type = given[0]
    transform = exp.Lambda(this=converted(element, wanted[0], facts), expressions=[label])
    array = exp.Cast(this=call("list_transform", node.this, transform), to=node.to.copy())
    array.type = node.to.copy()
    return array


def renamed(value: Node, wanted: exp.DataType, facts: Facts | None = None) -> Node | None:
    """Return a STRUCT with the names of the fields of `wanted`, and with `facts` cast to their types.

    Return None where it has them, or types are not known.
    """
    source = datatype(value)
    if source is None or types.kind(source) != "STRUCT" or isinstance(value, exp.Tuple):
        return None
    fields, names = source.expressions, wanted.expressions
    if len(fields) != len(names) or not all(isinstance(field, exp.ColumnDef) for field in [*fields, *names]):
        return None
    same_names = [f.name.casefold() for f in fields] == [n.name.casefold() for n in names]
    same_types = all(f.args["kind"] == n.args["kind"] for f, n in zip(fields, names, strict=True))
    if same_names and (facts is None or same_types):
        return None
    values = []
    for field, name in zip(fields, names, strict=True):
        part: Node = call("struct_extract", value, field.name)
        if facts is not None:
            part.type = field.args["kind"]
            part = converted(part, name.args["kind"], facts)
        values.append(exp.PropertyEQ(this=name.this.copy(), expression=part))
    missing = exp.Is(this=value.copy(), expression=exp.null())
    struct = exp.Case(ifs=[exp.If(this=missing, true=exp.null())], default=exp.Struct(expressions=values))
    struct.type = wanted.copy()
    return struct


@rule("only some types are cast to others", exp.Cast, exp.TryCast)
def invalid_casts(node: exp.Cast, facts: Facts) -> None:
    source, target = of(node.this), of(node)
    if source in types.CASTS and target is not None and target not in types.CASTS[source]:
        raise refuse(f"Invalid cast from {types.name(datatype(node.this))} to {types.name(node.to)}", place(node.this))
