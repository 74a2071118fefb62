"""CAST and SAFE_CAST."""

import re

from sqlglot import exp

from warehouse.semantics.nodes import Node, call, datatype, macro, of, typed
from warehouse.semantics.rule import Facts, rule

TEXTS = {  # the macro that writes a value as BigQuery does, where DuckDB's cast differs
    "NUMERIC": "_numeric_string",
    "BIGNUMERIC": "_numeric_string",
    "TIMESTAMP": "_instant_string",
    "DATETIME": "_fraction_string",
    "TIME": "_fraction_string",
    "INTERVAL": "_interval_string_3",
}
STRICT = {  # what a STRING must look like to become the type, and the words for one that does not
    "INT64": (r"^\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*$", "Bad int64 value: "),
    "BOOL": (r"^(?i:\s*(true|false)\s*)$", "Bad bool value: "),
    "DATE": (r"^\s*\d{1,4}-\d{1,2}-\d{1,2}\s*$", "Invalid date: "),
}


def text(value: Node, kind: str | None) -> Node | None:
    """Return `value` as BigQuery casts it to STRING; None where DuckDB's cast does the same."""
    if kind == "BYTES":
        return call("decode", value)
    return macro(TEXTS[kind], value) if kind in TEXTS else None


@rule("NUMERIC, TIMESTAMP, INTERVAL and BYTES are written as STRING in BigQuery's form", exp.Cast, exp.TryCast)
def cast_to_string(node: exp.Cast, facts: Facts) -> Node | None:
    if of(node) != "STRING" or node.args.get("format"):
        return None
    written = text(node.this, of(node.this))
    return typed(written, "STRING") if written is not None else None


@rule("a STRING that is not written like the type is no value of it", exp.Cast, exp.TryCast)
def cast_from_string(node: exp.Cast, facts: Facts) -> Node | None:
    kind = of(node)
    if of(node.this) != "STRING" or node.args.get("format"):
        return None
    if kind == "BYTES":
        return typed(call("encode", node.this), "BYTES")
    if kind not in STRICT or node.this.meta.get("strict"):
        return None
    pattern, words = STRICT[kind]
    if (
        isinstance(node.this, exp.Literal)
        and re.search(pattern, node.this.this)
        and node.this.this == node.this.this.strip()
    ):
        return None
    checked = macro("_like", node.this, pattern, exp.null() if isinstance(node, exp.TryCast) else words)
    checked.meta["strict"] = True
    node.set("this", checked)
    return None


@rule("a STRUCT is cast field by field in order, whatever the names", exp.Cast)
def cast_struct(node: exp.Cast, facts: Facts) -> None:
    source = datatype(node.this)
    if of(node) != "STRUCT" or source is None or source.this != exp.DataType.Type.STRUCT:
        return
    fields, wanted = source.expressions, node.to.expressions
    if isinstance(node.this, exp.Tuple) or len(fields) != len(wanted):
        return
    if not all(isinstance(field, exp.ColumnDef) for field in [*fields, *wanted]):
        return
    if [f.name.casefold() for f in fields] == [w.name.casefold() for w in wanted]:
        return
    values = [
        exp.PropertyEQ(this=w.this.copy(), expression=call("struct_extract", node.this, f.name))
        for f, w in zip(fields, wanted, strict=True)
    ]
    node.this.replace(exp.Struct(expressions=values))
