"""How the type of a node follows from the types of its parts, where sqlglot's own rules differ from BigQuery's."""

from typing import Any

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery

from warehouse.semantics import signatures, types
from warehouse.semantics.nodes import Node, is_literal, of

T = exp.DataType.Type


def _by_signature(annotator: Any, node: Node) -> Node:
    """Take the type from the table of signatures; where the table leaves the type open, take sqlglot's."""
    called = signatures.find(node)
    found = called[0].result(called[1]) if called else None
    if found is not None:
        annotator._set_type(node, found)
    elif (usual := BigQuery.EXPRESSION_METADATA.get(type(node))) and "annotator" in usual:
        usual["annotator"](annotator, node)
    else:
        annotator._set_type(node, usual["returns"] if usual else T.UNKNOWN)
    return node


def _arithmetic(annotator: Any, node: exp.Binary) -> exp.Binary:
    """Numbers have their common type, a literal the type of the other side; NUMERIC / INT64 is NUMERIC."""
    left, right = of(node.left), of(node.right)
    if left not in types.NUMBERS or right not in types.NUMBERS:
        usual: Any = BigQuery.EXPRESSION_METADATA[type(node)]["annotator"]
        usual(annotator, node)
        return node
    kinds = {left, right}
    for side, other in ((node.left, right), (node.right, left)):
        if is_literal(side) and of(side) == "FLOAT64" and other in ("NUMERIC", "BIGNUMERIC"):
            kinds = {other}
    common = types.supertype(kinds) or "FLOAT64"
    if common == "INT64" and isinstance(node, exp.Div):
        common = "FLOAT64"
    annotator._set_type(node, types.build(common))
    return node


def _concatenation(annotator: Any, node: exp.DPipe | exp.Concat) -> Node:
    """BYTES and arrays stay what they are; everything else is written as STRING."""
    parts = [node.left, node.right] if isinstance(node, exp.DPipe) else node.expressions
    kept = [part.type for part in parts if of(part) in ("BYTES", "ARRAY")]
    unknown = not kept and any(of(part) is None for part in parts)
    annotator._set_type(node, kept[0] if kept else T.UNKNOWN if unknown else T.VARCHAR)
    return node


def _branches(annotator: Any, node: exp.Case | exp.If | exp.Array) -> Node:
    """The common type of all values; sqlglot's where one is not known."""
    if isinstance(node, exp.Case):
        values = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
    else:
        values = node.expressions if isinstance(node, exp.Array) else [node.args.get("true"), node.args.get("false")]
    given = [value for value in values if value is not None]
    kinds = [(kind, is_literal(value)) for value in given if (kind := of(value))]
    common = types.common(kinds, tuple(types.KINDS.values())) if len(kinds) == len(given) and kinds else None
    found = next((value.type for value in given if of(value) == common), None) if common else None
    if found is None or any(isinstance(value, exp.Query) for value in given):
        usual: Any = BigQuery.EXPRESSION_METADATA[type(node)]["annotator"]
        usual(annotator, node)
    elif isinstance(node, exp.Array):
        annotator._set_type(node, exp.DataType(this=T.ARRAY, expressions=[found.copy()], nested=True))
    else:
        annotator._set_type(node, found)
    return node


def _tuple(annotator: Any, node: exp.Tuple) -> Node:
    """`(1, 'a')` is a STRUCT whose fields have no names."""
    fields = [value.type.copy() for value in node.expressions if value.type is not None and of(value)]
    known = len(fields) == len(node.expressions) > 1
    found = exp.DataType(this=T.STRUCT, expressions=fields, nested=True) if known else T.UNKNOWN
    annotator._set_type(node, found)
    return node


def _in_json(annotator: Any, node: exp.Dot | exp.Bracket) -> Node:
    """A field or element of JSON is JSON."""
    if of(node.this) == "JSON":
        annotator._set_type(node, T.JSON)
    else:
        usual: Any = BigQuery.EXPRESSION_METADATA[type(node)]["annotator"]
        usual(annotator, node)
    return node


METADATA: dict[type[exp.Expr], dict[str, Any]] = {
    **BigQuery.EXPRESSION_METADATA,
    **{node: {"annotator": _by_signature} for node, _ in signatures.functions()},
    **{node: {"annotator": _branches} for node in (exp.Case, exp.Array, exp.If)},
    exp.Tuple: {"annotator": _tuple},
    exp.Dot: {"annotator": _in_json},
    exp.Bracket: {"annotator": _in_json},
    exp.DPipe: {"annotator": _concatenation},
    exp.Concat: {"annotator": _concatenation},
    **{node: {"annotator": _arithmetic} for node in (exp.Add, exp.Sub, exp.Mul, exp.Div)},
}
