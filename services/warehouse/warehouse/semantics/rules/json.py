"""JSON."""

import itertools
from collections.abc import Iterator

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, call, datatype, macro, of, typed
from warehouse.semantics.rule import Facts, rule

WRITERS = {  # the macro that writes a value as BigQuery's JSON has it, where DuckDB's to_json differs
    "NUMERIC": "_json_numeric",
    "BIGNUMERIC": "_json_numeric",
    "INT64": "_json_integer",
    "FLOAT64": "_json_float",
    "TIMESTAMP": "_json_instant",
    "DATETIME": "_json_datetime",
    "BYTES": "_json_bytes",
    "TIME": "_fraction_string",
    "INTERVAL": "_interval_json",
    "JSON": "_json_document",
}
MANY_FIELDS = 16
"""A struct with more fields is named once: DuckDB plans an expression that repeats it in quadratic time."""


@rule("TO_JSON and TO_JSON_STRING write each type as JSON in BigQuery's form", exp.Anonymous)
def to_json_string(node: exp.Anonymous, facts: Facts) -> Node | None:
    function = node.name.lower().removeprefix("bq.main.")
    if function not in ("to_json", "to_json_string"):
        return None
    value, options = node.expressions[0], node.expressions[1:]
    if (of_type := datatype(value)) is None or (options and function == "to_json"):
        return None
    document = call("to_json", _json(value.copy(), of_type, itertools.count(), wide=function == "to_json"))
    if function == "to_json":
        return typed(exp.func("COALESCE", document, call("json", "null")), "JSON")
    written: Node = exp.cast(document, "VARCHAR")
    if options:
        pretty = exp.cast(macro("_json_pretty", document), "VARCHAR")
        written = exp.Case(ifs=[exp.If(this=options[0].copy(), true=pretty)], default=written)
    return typed(exp.func("COALESCE", written, exp.Literal.string("null")), "STRING")


def _json(value: Node, of_type: exp.DataType, names: Iterator[int], wide: bool = False) -> Node:
    """Return `value` so that DuckDB's to_json writes it in BigQuery's form."""
    kind = types.kind(of_type)
    if kind == "STRUCT" and of_type.expressions and all(isinstance(f, exp.ColumnDef) for f in of_type.expressions):
        if (parts := _literal_fields(value)) or len(of_type.expressions) <= MANY_FIELDS:
            return _json_fields(parts or value, of_type, names, wide)
        label = exp.to_identifier(f"j{next(names)}")
        written = _json_fields(exp.column(label.copy()), of_type, names, wide)
        named = call("list_transform", exp.Array(expressions=[value]), exp.Lambda(this=written, expressions=[label]))
        return call("list_extract", named, 1)
    if kind == "ARRAY" and of_type.expressions:
        label = exp.to_identifier(f"j{next(names)}")
        element = _json(exp.column(label.copy()), of_type.expressions[0], names, wide)
        return call("list_transform", value, exp.Lambda(this=element, expressions=[label]))
    if wide and kind in ("INT64", "NUMERIC", "BIGNUMERIC"):
        return macro("_json_wide", value) if kind != "INT64" else value
    return macro(WRITERS[kind], value) if kind in WRITERS else value


def _json_fields(struct: Node | list[Node], of_type: exp.DataType, names: Iterator[int], wide: bool) -> Node:
    """Return a struct, or a struct of these values, with the fields as `_json` returns them."""
    fields = []
    for at, field in enumerate(of_type.expressions):
        value = struct[at] if isinstance(struct, list) else call("struct_extract", struct, field.name)
        written = _json(value, field.args["kind"], names, wide)
        fields.append(exp.PropertyEQ(this=exp.to_identifier(field.name, quoted=True), expression=written))
    return exp.Struct(expressions=fields)


def _literal_fields(value: Node) -> list[Node]:
    """Return the values of `struct(1 as a, 2 as b)`; nothing if `value` is something else."""
    fields = value.expressions if isinstance(value, exp.Struct) else []
    return [field.expression for field in fields] if all(isinstance(f, exp.PropertyEQ) for f in fields) else []


@rule("a STRING that is not JSON has no value", exp.JSONExtractScalar)
def json_of_no_json(node: exp.JSONExtractScalar, facts: Facts) -> Node | None:
    if of(node.this) != "STRING":
        return None
    return typed(exp.Case(ifs=[exp.If(this=call("json_valid", node.this), true=node.copy())]), "STRING")
