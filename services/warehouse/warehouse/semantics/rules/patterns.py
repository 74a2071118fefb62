"""Paths, patterns and names that mean nothing."""

from sqlglot import exp

from warehouse.semantics import text_functions
from warehouse.semantics.nodes import Node, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule


@rule("JSON_EXTRACT and JSON_QUERY of a STRING are STRINGs", exp.JSONExtract)
def json_of_text(node: exp.JSONExtract, facts: Facts) -> Node | None:
    return typed(node.copy(), "STRING") if of(node.this) == "STRING" else None


@rule("an extraction has at most one capturing group", exp.RegexpExtract, exp.RegexpExtractAll, exp.RegexpInstr)
def capturing_groups(node: Node, facts: Facts) -> None:
    pattern = node.expression
    if isinstance(pattern, exp.Literal | exp.RawString):
        try:
            text_functions.grouped_once(pattern.this)
        except ValueError as error:
            raise refuse(str(error), place(node)) from error


@rule("a column that a subquery has twice has no meaning", exp.Column)
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
