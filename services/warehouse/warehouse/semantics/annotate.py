"""Gives every node of a statement its BigQuery type, with the schemas of the statement's tables."""

import contextlib
from typing import Any

import sqlglot
from local_bigquery.catalog import tables
from local_bigquery.engine.database import quote
from local_bigquery.sql.rules.tables import resolve
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import TypeAnnotator, annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from warehouse.semantics import catalog, types
from warehouse.semantics.inference import METADATA
from warehouse.semantics.names import labels, visible
from warehouse.semantics.nodes import Node, datatype, of
from warehouse.semantics.rule import Facts, Schema
from warehouse.semantics.typed_before import typed_before

NO_TABLES = MappingSchema(dialect="bigquery")
# The nodes of `SELECT * FROM t LIMIT 10`: no rule needs their types, and `*` may stand for thousands of columns.
UNTYPED = (
    exp.Select,
    exp.Star,
    exp.From,
    exp.Table,
    exp.Identifier,
    exp.TableAlias,
    exp.Limit,
    exp.Offset,
    exp.Literal,
)
NESTED = 4  # UNNESTs of fields of UNNESTs, one in the other
# What sqlglot raises for a statement that it cannot resolve: types of what needs no name remain.
UNRESOLVED = (SqlglotError, AttributeError, KeyError, IndexError, TypeError, ValueError, AssertionError)


def annotate(tree: Node, context: Any) -> Schema:
    """Set the type of every node of `tree`; return the schemas that were used.

    The types come from a copy, because sqlglot's qualify changes the tree. Each node of the copy carries its number.
    """
    nodes = list(tree.walk())
    for index, node in enumerate(nodes):
        node.meta["node"] = index
        node.type = None
    copy = _as_query(tree.copy())
    schema = _schema(copy, context)
    if all(isinstance(node, UNTYPED) for node in nodes):
        return schema
    if context.variables:
        _columns_before_variables(copy, nodes, schema, context)
    _give_values_types(copy, context)
    typed_before.give(nodes, copy, schema, lambda: _annotate_nested(copy, nodes, schema))
    return schema


def _annotate_nested(copy: Node, nodes: list[Node], schema: Schema) -> None:
    """Give `nodes` the types of their copies, and to columns that are fields of an UNNEST the types of these."""
    fields: dict[int, exp.DataType] = {}
    for _ in range(NESTED):
        _annotate(copy.copy(), nodes, fields, schema)
        found = _unnested_fields(nodes[0])
        if found.keys() <= fields.keys():
            break
        fields |= found


def _annotate(copy: Node, nodes: list[Node], fields: dict[int, exp.DataType], schema: Schema) -> None:
    """Give `nodes` the types of their copies; `fields` are the types of columns that sqlglot does not find."""
    for column in list(copy.find_all(exp.Column)) if fields else []:
        if (kind := fields.get(column.meta.get("node", -1))) is not None:
            _replace(column, kind)
    with contextlib.suppress(*UNRESOLVED):
        copy = qualify(
            copy,
            dialect="bigquery",
            schema=schema,
            expand_stars=True,
            expand_alias_refs=False,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
    with contextlib.suppress(*UNRESOLVED):
        copy = annotate_types(copy, schema=schema, expression_metadata=METADATA, dialect="bigquery")
        found = {node.meta["node"]: node for node in copy.walk() if "node" in node.meta}
        for original in nodes:
            _transfer(original, found)


def _unnested_fields(tree: Node) -> dict[int, exp.DataType]:
    """Return the types of the columns that are fields of an UNNEST, by the numbers of their nodes."""
    found: dict[int, exp.DataType] = {}
    for unnest in tree.find_all(exp.Unnest):
        array = datatype(unnest.expressions[0]) if len(unnest.expressions) == 1 else None
        element = array.expressions[0] if array is not None and array.expressions else None
        select = unnest.find_ancestor(exp.Select)
        if (
            element is None
            or types.kind(element) != "STRUCT"
            or select is None
            or not isinstance(unnest.parent, exp.From | exp.Join)
        ):
            continue
        fields = {f.name.casefold(): f.args["kind"] for f in element.expressions if isinstance(f, exp.ColumnDef)}
        for column in select.find_all(exp.Column):
            kind = fields.get(column.name.casefold())
            if kind is not None and types.kind(kind) and not column.table and of(column) is None:
                found[column.meta["node"]] = kind
    return found


def _transfer(original: Node, found: dict[int, Node]) -> None:
    """Give a node the type of its copy. `s.x` of a STRUCT is another node in the copy, at the same place."""
    node = found.get(original.meta["node"])
    if node is None and isinstance(original, exp.Column) and original.parent is not None:
        parent = found.get(original.parent.meta["node"])
        key = original.arg_key or ""
        value, before = (parent.args.get(key) if parent is not None else None), original.parent.args.get(key)
        if isinstance(value, list) and isinstance(before, list) and original.index is not None:
            value = value[original.index] if len(value) == len(before) else None  # stars are more columns in the copy
        if isinstance(value, exp.Alias) and not isinstance(original, exp.Alias):
            value = value.this
        node = value if isinstance(value, exp.Dot | exp.TableColumn) else None
    elif type(node) not in (type(original), exp.Cast):
        return
    if node is not None and node.type is not None:
        original.type = node.type
        if node.meta.get("parameter"):
            original.meta["parameter"] = True


def complete(tree: Node) -> None:
    """Set the types of the nodes that have none yet: those that were put into `tree` after it was annotated."""
    annotator = TypeAnnotator(NO_TABLES, expression_metadata=METADATA, overwrite_types=False)
    for node in reversed(list(tree.walk())):
        if node.type is None or node.type.this == exp.DataType.Type.UNKNOWN:
            with contextlib.suppress(*UNRESOLVED):
                annotator.annotate_expression(node)


def _as_query(tree: Node) -> Node:
    """Return an UPDATE or DELETE as a SELECT of its expressions: sqlglot gives only queries types."""
    if not isinstance(tree, exp.Update | exp.Delete) or not isinstance(tree.this, exp.Table):
        return tree
    parts = [side for item in tree.expressions if isinstance(item, exp.EQ) for side in (item.this, item.expression)]
    query = exp.Select(expressions=parts or [exp.Literal.number(1)], from_=exp.From(this=tree.this))
    if source := tree.args.get("from_"):
        query.append("joins", exp.Join(this=source.this))
    for key in ("where", "with_"):
        query.set(key, tree.args.get(key))
    return query


def _schema(tree: Node, context: Any) -> Schema:
    """Return the columns of every table that `tree` names, by project, dataset and table; qualify those names."""
    schema: Schema = {}
    ctes = {cte.alias_or_name.casefold() for cte in tree.find_all(exp.CTE)}
    known: dict[str, catalog.Columns] = context.__dict__.setdefault("columns", {})
    for table in tree.find_all(exp.Table):
        reference = resolve(table, context, ctes)
        if not table.db and table.name.casefold() in context.temporary - ctes:
            reference, name = ("temp", "main", table.name), quote("temp", "main", table.name)
        elif reference is None or not all(reference):
            continue
        else:
            name = tables.name(*reference)
        for key, part in zip(("catalog", "db", "this"), reference, strict=True):
            table.set(key, exp.to_identifier(part, quoted=True))
        if name not in known:  # looked up once for each statement
            known[name] = catalog.columns_of_table(name, context)
        if known[name]:
            schema.setdefault(reference[0], {}).setdefault(reference[1], {})[reference[2]] = known[name]
    return schema


def _columns_before_variables(copy: Node, nodes: list[Node], schema: Schema, context: Any) -> None:
    """Mark the names of variables that are columns, where FROM has a column of that name: a column comes first."""
    facts = Facts(copy, schema, context)
    for column in copy.find_all(exp.Column):
        select, name = column.find_ancestor(exp.Select), column.name.casefold()
        if column.table or name not in context.variables or not isinstance(select, exp.Select):
            continue
        if name in labels(select) | (visible(select, facts, variables=False) or set()):
            column.meta["column"] = nodes[column.meta["node"]].meta["column"] = True


def _give_values_types(tree: Node, context: Any) -> None:
    """Put NULLs of their types in the places of parameters, variables, arguments and calls of the user's functions."""
    for parameter in list(tree.find_all(exp.Parameter, exp.Placeholder)):
        if text := context.parameters.get(parameter.name):
            value = sqlglot.parse_one(text, dialect="duckdb")
            kind = value.to if isinstance(value, exp.Cast) else catalog.only_column(text, context)
            if kind is not None:
                _replace(parameter, kind).meta["parameter"] = True
    arguments = {}
    if isinstance(tree, exp.Create) and isinstance(tree.this, exp.UserDefinedFunction):
        arguments = {c.name.casefold(): c.kind for c in tree.this.expressions if isinstance(c, exp.ColumnDef)}
    for column in list(tree.find_all(exp.Column)) if arguments or context.variables else []:
        if column.meta.get("column"):
            continue
        first = (column.table or column.name).casefold()
        kind = arguments.get(first) or catalog.variable(first, context)
        if kind is not None and column.table:
            fields = {f.name.casefold(): f.args["kind"] for f in kind.expressions if isinstance(f, exp.ColumnDef)}
            kind = fields.get(column.name.casefold())
        if kind is not None and types.kind(kind):
            _replace(column, kind)
    for call in list(tree.find_all(exp.Anonymous)):
        path: Node = call.parent if isinstance(call.parent, exp.Dot) and call.parent.expression is call else call
        names = [part.name for part in path.parts] if isinstance(path, exp.Dot) else [call.name]
        if "bq" not in names and (kind := catalog.returned(tuple(names), context)) is not None:
            _replace(path, kind)


def _replace(node: Node, kind: exp.DataType) -> Node:
    typed = exp.Cast(this=exp.null(), to=kind.copy())
    typed.meta["node"] = node.meta.get("node")
    node.replace(typed)
    return typed
