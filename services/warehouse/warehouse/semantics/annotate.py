"""Gives every node of a statement its BigQuery type, with the schemas of the statement's tables."""

import contextlib
from typing import Any

import duckdb
import sqlglot
from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.engine import types as stored
from local_bigquery.errors import BigQueryError
from local_bigquery.sql.rules.tables import resolve
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from warehouse.semantics import signatures, types
from warehouse.semantics.nodes import Node, is_literal, of
from warehouse.semantics.rule import Schema

T = exp.DataType.Type
# What sqlglot raises for a statement that it cannot resolve: types of what needs no name remain.
UNRESOLVED = (SqlglotError, AttributeError, KeyError, IndexError, TypeError, ValueError, AssertionError)


def annotate(tree: Node, context: Any) -> Schema:
    """Set the type of every node of `tree`; return the schemas that were used.

    The typing is done on a copy, which sqlglot's qualify may change as it likes: every node carries its number there.
    """
    nodes = list(tree.walk())
    for index, node in enumerate(nodes):
        node.meta["node"] = index
        node.type = None
    copy = tree.copy()
    schema = _schema(copy, context)
    _give_values_types(copy, context)
    with contextlib.suppress(*UNRESOLVED):
        copy = qualify(
            copy,
            dialect="bigquery",
            schema=schema,
            expand_stars=False,
            expand_alias_refs=False,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
    try:
        copy = annotate_types(copy, schema=schema, expression_metadata=METADATA, dialect="bigquery")
    except UNRESOLVED:
        return schema
    for node in copy.walk():
        number = node.meta.get("node")
        if number is None:
            continue  # made by sqlglot
        if node.type is not None and type(node) in (type(nodes[number]), exp.Cast):
            nodes[number].type = node.type
            for key in ("parameter", "json"):
                if key in node.meta:
                    nodes[number].meta[key] = node.meta[key]
    return schema


def _schema(tree: Node, context: Any) -> Schema:
    """Return the columns of every table that `tree` names, by project, dataset and table; qualify those names."""
    schema: Schema = {}
    ctes = {cte.alias_or_name.casefold() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        reference = resolve(table, context, ctes)
        if reference is None or not all(reference):
            continue
        for key, part in zip(("catalog", "db", "this"), reference, strict=True):
            table.set(key, exp.to_identifier(part, quoted=True))
        project, dataset, name = reference
        if columns := _columns(reference, context):
            schema.setdefault(project, {}).setdefault(dataset, {})[name] = columns
    return schema


def _columns(reference: tuple[str, str, str], context: Any) -> dict[str, str]:
    """Return the types of a table's columns by name, looked up once for each statement; nothing for a missing table."""
    known: dict[tuple[str, str, str], dict[str, str]] = context.__dict__.setdefault("columns", {})
    if reference not in known:
        known[reference] = {}
        with contextlib.suppress(BigQueryError, duckdb.Error), database.cursor() as cursor:
            found = cursor.sql(f"SELECT * FROM {tables.name(*reference)} LIMIT 0")  # noqa: S608 quoted names
            fields = (stored.field(name, kind) for name, kind in zip(found.columns, found.types, strict=True))
            known[reference] = {f.name: stored.bigquery_type(f) for f in fields if f.name != tables.INGESTION_TIME}
    return known[reference]


def _give_values_types(tree: Node, context: Any) -> None:
    """Put NULLs of their types in the places of the query's parameters."""
    for parameter in list(tree.find_all(exp.Parameter)):
        if text := context.parameters.get(parameter.name):
            value = sqlglot.parse_one(text, dialect="duckdb")
            if isinstance(value, exp.Cast):
                typed = exp.Cast(this=exp.null(), to=value.to)
                typed.meta.update(node=parameter.meta.get("node"), parameter=True)
                parameter.replace(typed)


# ------------------------------------------------------------------------------------- where sqlglot's types are wrong


def _by_signature(annotator: Any, node: Node) -> Node:
    """Take the type from the table of signatures; where it leaves it open, sqlglot's."""
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


METADATA: dict[type[exp.Expr], dict[str, Any]] = {
    **BigQuery.EXPRESSION_METADATA,
    **{node: {"annotator": _by_signature} for node, _ in signatures.functions()},
    **{node: {"annotator": _branches} for node in (exp.Case, exp.Array, exp.If)},
    exp.Tuple: {"annotator": _tuple},
    exp.DPipe: {"annotator": _concatenation},
    exp.Concat: {"annotator": _concatenation},
    **{node: {"annotator": _arithmetic} for node in (exp.Add, exp.Sub, exp.Mul, exp.Div)},
}
