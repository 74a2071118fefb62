"""Builds and reads nodes of a statement's tree."""

from typing import Any

from local_bigquery.errors import BigQueryError, position
from sqlglot import exp

from warehouse.semantics import types

Node = exp.Expr

STORED = {"NUMERIC": "DECIMAL(38, 9)", "BIGNUMERIC": "DECIMAL(38, 18)"}  # DuckDB's types for these


def of(node: Any) -> str | None:
    """Return the BigQuery type of `node` without its parameters; None where it is not known."""
    if isinstance(node, exp.Alias | exp.Paren):
        return of(node.this)
    if isinstance(node, exp.Null):
        return "NULL"
    if isinstance(node, exp.Cast) and types.kind(node.to):
        return types.kind(node.to)
    return types.kind(node.type) if isinstance(node, exp.Expr) else None


def datatype(node: Node) -> exp.DataType | None:
    """Return the type of `node` with its fields and elements; None where it is not known."""
    if isinstance(node, exp.Alias | exp.Paren):
        return datatype(node.this)
    if isinstance(node, exp.Null):
        return types.build("NULL")
    found = node.to if isinstance(node, exp.Cast) and types.kind(node.to) else node.type
    return found if types.kind(found) else None


def is_literal(node: Node) -> bool:
    """Whether `node` is a literal, perhaps in parentheses or with a sign."""
    while isinstance(node, exp.Paren | exp.Neg | exp.Alias):
        node = node.this
    return isinstance(node, exp.Literal) or bool(node.meta.get("parameter"))


def typed(node: Node, kind: str) -> exp.Cast:
    """Cast `node` to a BigQuery type: later passes read types from casts."""
    target = types.stored(STORED[kind]) if kind in STORED else types.build(kind)
    cast = exp.Cast(this=node, to=target)
    cast.type = types.build(kind)
    return cast


def exact_literal(node: Node, kind: str) -> exp.Cast:
    """Cast `node` to a BigQuery type; a number that stands in the statement keeps all its digits."""
    value = node
    while isinstance(value, exp.Paren):
        value = value.this
    if isinstance(value, exp.Literal) and value.is_number:
        return typed(exp.Literal.string(value.this), kind)
    return typed(node.copy(), kind)


def call(function: str, *arguments: Any) -> exp.Anonymous:
    """Call a function of DuckDB; arguments that are no nodes become literals."""
    values = [a.copy() if isinstance(a, exp.Expr) else exp.convert(a) for a in arguments]
    return exp.Anonymous(this=function, expressions=values)


def macro(function: str, *arguments: Any) -> exp.Anonymous:
    """Call a macro of functions.sql."""
    return call(f"bq.main.{function}", *arguments)


def refuse(message: str, node: Node | None = None) -> BigQueryError:
    """Return the error for a statement that BigQuery refuses at `node`."""
    return BigQueryError("invalidQuery", f"{message} at [{position(node) if node is not None else '1:1'}]")


def place(node: Node) -> Node:
    """Return the first node with a known place in the text: `node` itself, or one below it."""
    return next((found for found in node.walk() if "line" in found.meta), node)
