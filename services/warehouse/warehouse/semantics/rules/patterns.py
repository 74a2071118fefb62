"""Paths, patterns and names that mean nothing."""

from sqlglot import exp

from warehouse.semantics import json_functions, text_functions
from warehouse.semantics.nodes import Node, call, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule


@rule(
    "functions on the JSON text in a STRING give STRINGs, and numbers as they are written",
    exp.JSONExtract,
    exp.JSONExtractScalar,
    exp.JSONExtractArray,
    exp.JSONValueArray,
)
def json_of_text(node: Node, facts: Facts) -> Node | None:
    if of(node.this) != "STRING" or (
        isinstance(node.this, exp.Literal) and not json_functions.has_fraction(node.this.this)
    ):
        return typed(node.copy(), "STRING") if isinstance(node, exp.JSONExtract) and of(node.this) == "STRING" else None
    marked = node.copy()
    marked.set("this", typed(call("bq.main._marked_numbers", node.this), "STRING"))
    if isinstance(node, exp.JSONExtractScalar):
        return typed(call("replace", marked, json_functions.MARK, ""), "STRING")
    if isinstance(node, exp.JSONExtract):
        return typed(call("bq.main._unmarked_numbers", typed(marked, "STRING")), "STRING")
    label = exp.to_identifier("e")
    unmarked = exp.Lambda(this=call("bq.main._unmarked_numbers", exp.column(label.copy())), expressions=[label])
    if isinstance(node, exp.JSONValueArray):
        unmarked = exp.Lambda(this=call("replace", exp.column("e"), json_functions.MARK, ""), expressions=[label])
    return typed(call("list_transform", typed(marked, "ARRAY<STRING>"), unmarked), "ARRAY<STRING>")


@rule("an extraction has at most one capturing group", exp.RegexpExtract, exp.RegexpExtractAll, exp.RegexpInstr)
def capturing_groups(node: Node, facts: Facts) -> None:
    pattern = node.expression
    if isinstance(pattern, exp.Literal | exp.RawString):
        try:
            text_functions.grouped_once(pattern.this)
        except ValueError as error:
            raise refuse(str(error), place(node)) from error


REGEXPS: dict[type[exp.Expr], tuple[str, str | None]] = {  # the result's type, and what makes it of characters
    exp.RegexpLike: ("BOOL", None),
    exp.RegexpInstr: ("INT64", None),
    exp.RegexpExtract: ("BYTES", "_bytes_of_characters"),
    exp.RegexpReplace: ("BYTES", "_bytes_of_characters"),
    exp.RegexpExtractAll: ("ARRAY<BYTES>", "_list_of_bytes"),
}


@rule("regular expressions match BYTES byte by byte", *REGEXPS)
def regexps_of_bytes(node: Node, facts: Facts) -> Node | None:
    if of(node.this) != "BYTES":
        return None
    kind, function = REGEXPS[type(node)]
    searched = node.copy()
    for key in ("this", "expression", "replacement"):
        if (part := node.args.get(key)) is not None:
            searched.set(key, typed(call("_characters_of_bytes", part), "STRING"))
    return typed(call(function, searched) if function else searched, kind)


@rule("a column name that a subquery has twice is ambiguous", exp.Column)
def ambiguous_columns(node: exp.Column, facts: Facts) -> None:
    select = node.find_ancestor(exp.Select)
    if select is None or isinstance(node.this, exp.Star):
        return
    sources = [part.this for part in (select.args.get("from_"), *(select.args.get("joins") or [])) if part is not None]
    for source in sources:
        if not isinstance(source, exp.Subquery) or not isinstance(source.this, exp.Select):
            continue
        if node.table and node.table.casefold() != source.alias.casefold():
            continue
        names = [item.alias_or_name.casefold() for item in source.this.expressions]
        if names.count(node.name.casefold()) > 1:
            raise refuse(f"Column name {node.name} is ambiguous", place(node))
