"""Strings."""

import itertools
from collections.abc import Iterator

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.format_function import ANY, FORMS, UNKNOWN, Specifier, check
from warehouse.semantics.nodes import Node, call, datatype, macro, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule
from warehouse.semantics.rules.casts import text
from warehouse.semantics.rules.refusals import no_signature

WHITE_SPACE = " \t\n\v\f\r\x85\u00a0\u2003\u2028\u2029\u3000"
ALONE = frozenset({"BYTES", "ARRAY", "STRUCT", "JSON"})  # what is not written as STRING beside a STRING
LITERALS = frozenset({"DATE", "DATETIME", "TIMESTAMP", "TIME", "INTERVAL", "NUMERIC", "BIGNUMERIC", "JSON"})
DECIMALS = ("NUMERIC", "BIGNUMERIC")
PRINTED = frozenset({"INT64", *DECIMALS, "FLOAT64", "STRING", "NULL"})


@rule("TRIM without characters trims every white space", exp.Trim)
def trim_white_space(node: exp.Trim, facts: Facts) -> None:
    if node.expression is None and of(node.this) != "BYTES":
        node.set("expression", exp.Literal.string(WHITE_SPACE))


@rule("SUBSTR counts position 0 as 1, and from the start if it lies before it", exp.Substring)
def substring(node: exp.Substring, facts: Facts) -> Node | None:
    size = node.args.get("length")
    if of(node.this) == "BYTES":
        return typed(macro("_byte_substring", node.this, node.args["start"], size if size else exp.null()), "BYTES")
    if size:
        return typed(macro("_substring", node.this, node.args["start"], size), "STRING")
    return None


@rule(
    "concatenation (CONCAT and its operator) writes other types as STRING; BYTES and ARRAY take only their own type",
    exp.Concat,
    exp.DPipe,
)
def concatenated(node: exp.Concat | exp.DPipe, facts: Facts) -> None:
    operator = isinstance(node, exp.DPipe)
    parts = [node.left, node.right] if isinstance(node, exp.DPipe) else node.expressions
    kinds = {of(part) for part in parts}
    if operator and "NULL" in kinds:
        raise refuse("Operands of || cannot be literal NULL", place(node))
    alone = kinds & ALONE
    others = kinds - {"NULL", None} - (alone if operator else {"BYTES"})
    if (alone and others) or len(alone) > 1:
        raise no_signature(node, "||" if operator else "CONCAT", parts, operator)
    if alone or None in kinds:
        return
    for part in parts:
        if of(part) not in ("STRING", "NULL"):
            part.replace(text(part.copy(), of(part)) or typed(part.copy(), "STRING"))


@rule("FORMAT writes values as BigQuery shows them, and takes only values that fit its format", exp.Format)
def formats(node: exp.Format, facts: Facts) -> Node:
    arguments = list(node.expressions)
    kinds = [{"NULL": "INT64"}.get(found, found) if (found := of(value)) else UNKNOWN for value in arguments]
    if not isinstance(node.this, exp.Literal):
        texts = [_shown(value, letter) for value in arguments for letter in ("", "t", "T")]
        return typed(call("_format", node.this, call("list_value", *kinds), call("list_value", *texts)), "STRING")
    template = node.this.this
    try:
        parts = check(template, kinds)
    except ValueError as error:
        raise refuse(str(error), place(node)) from error
    places = [part for part in parts if isinstance(part, Specifier)]
    letters = "".join(part.letters() for part in places)
    shown = [_shown(value, letter) for value, letter in zip(arguments, letters, strict=True)]
    if all(map(Specifier.is_plain, places)) and not {UNKNOWN, *DECIMALS}.intersection(kinds):
        plain = "".join(part.replace("%", "%%") if isinstance(part, str) else part.of_printf() for part in parts)
        values = [
            text if letter in ANY else value for text, value, letter in zip(shown, arguments, letters, strict=True)
        ]
        return typed(call("printf", plain, *values), "STRING")
    texts = [text for text in shown for _ in range(FORMS)]
    return typed(call("_format", template, call("list_value", *kinds), call("list_value", *texts)), "STRING")


def _shown(value: Node, letter: str) -> Node:
    """Return the text of `value` for %t or %T, or its exact text for another letter."""
    if letter and letter in ANY:
        return _display(value, datatype(value), letter == "T", itertools.count())
    kind = of(value)
    if kind is None:
        return macro("_any_string", value)
    if kind == "JSON":
        return call("_json_sorted", exp.cast(value.copy(), "VARCHAR"))
    return exp.cast(value.copy() if kind in PRINTED else exp.null(), "VARCHAR")


def _display(value: Node, of_type: exp.DataType | None, quoted: bool, names: Iterator[int]) -> Node:
    """Return the text of `value` that FORMAT's %t, or %T when `quoted`, writes."""
    kind = types.kind(of_type) if not isinstance(value, exp.Null) else None
    shown: Node
    if kind == "ARRAY" and of_type is not None and of_type.expressions:
        label = exp.to_identifier(f"d{next(names)}")
        element = _display(exp.column(label.copy()), of_type.expressions[0], quoted, names)
        items = call("list_transform", value, exp.Lambda(this=element, expressions=[label]))
        shown = call("concat", "[", call("array_to_string", items, ", "), "]")
    elif kind == "STRUCT" and of_type is not None and of_type.expressions:
        parts: list[Node | str] = []
        for number, field in enumerate(of_type.expressions, 1):
            kept = field.args["kind"] if isinstance(field, exp.ColumnDef) else field
            item = _display(call("struct_extract_at", value, number), kept, quoted, names)
            parts += [", ", item] if parts else [item]
        shown = call("concat", "STRUCT(" if quoted and len(of_type.expressions) == 1 else "(", *parts, ")")
    elif kind == "RANGE":
        raise refuse("the emulator does not write a RANGE with FORMAT", place(value))
    elif kind == "BYTES":
        shown = call("_bytes_literal" if quoted else "_bytes_text", value)
    elif kind == "JSON":
        shown = call("_json_sorted", exp.cast(value.copy(), "VARCHAR"))
    elif kind == "STRING":
        shown = macro("_quoted", value) if quoted else value.copy()
    elif kind == "FLOAT64":
        shown = macro("_float_literal" if quoted else "_float_text", value)
    else:
        shown = text(value, kind) or exp.cast(value.copy(), "VARCHAR")
    if quoted and kind in LITERALS:
        suffix = " YEAR TO SECOND" if kind == "INTERVAL" else ""
        shown = call("concat", f"{kind} ", macro("_quoted", shown), suffix)
    missing = exp.Is(this=value.copy(), expression=exp.null())
    return exp.Case(ifs=[exp.If(this=missing, true=exp.Literal.string("NULL"))], default=shown)
