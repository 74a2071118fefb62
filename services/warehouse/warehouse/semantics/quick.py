"""The same value in less time, where DuckDB's own way is slow."""

from sqlglot import exp

from warehouse.semantics.nodes import Node, call, of, typed
from warehouse.semantics.rule import Facts, rule


@rule("an element of an array is not looked for in a document without elements", exp.JSONExtract)
def absent_element(node: exp.JSONExtract, facts: Facts) -> Node | None:
    """Parse only documents that have elements, which takes a fifth of the time of parsing all of them.

    If the only bracket of a document is in `[]}` at its end, it has no array with elements. Airbyte's column
    _airbyte_meta has such documents: {"sync_id":1,"changes":[]}.
    """
    document, path = node.this, node.expression
    if of(document) != "JSON" or not isinstance(document, exp.Column) or not isinstance(path, exp.JSONPath):
        return None
    if not any(isinstance(step, exp.JSONPathSubscript) and isinstance(step.this, int) for step in path.expressions):
        return None
    place = exp.Sub(this=call("strlen", document), expression=exp.Literal.number(2))
    is_last = exp.And(
        this=call("ends_with", document, "[]}"), expression=exp.EQ(this=call("instr", document, "["), expression=place)
    )
    return typed(exp.Case(ifs=[exp.If(this=exp.Not(this=exp.Paren(this=is_last)), true=node.copy())]), "JSON")
