"""Analyses a statement: gives its nodes types, then applies the rules."""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
from local_bigquery.engine import database
from local_bigquery.sql import native, translate
from local_bigquery.sql.rules import typing
from sqlglot import exp

from warehouse.semantics import catalog, functions, shapes
from warehouse.semantics.annotate import annotate, complete
from warehouse.semantics.nodes import Node, of
from warehouse.semantics.quick import absent_element
from warehouse.semantics.rule import Facts, Rule
from warehouse.semantics.rules import RULES

ANALYSED = (exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create)
MACROS = [Path(__file__).with_name(name) for name in ("functions.sql", "corrected.sql")]


def by_node(rules: Iterable[Rule]) -> dict[type[exp.Expr], list[Rule]]:
    """Return the rules that look at each kind of node, in their order."""
    found: dict[type[exp.Expr], list[Rule]] = {}
    for rule in rules:
        for kind in rule.nodes:
            found.setdefault(kind, []).append(rule)
    return found


rules_of = by_node((*RULES, absent_element))


def analyse(tree: Node, context: Any) -> Node:
    """Return the statement with BigQuery's meaning written out. Raises BigQueryError for what BigQuery refuses."""
    shapes.repair(tree, context)
    if not isinstance(tree, ANALYSED):
        return tree
    context.__dict__.pop("columns", None)
    facts = Facts(tree, annotate(tree, context), context)
    facts.ctes = {cte.alias_or_name.casefold() for cte in tree.find_all(exp.CTE)}
    if isinstance(tree, exp.Create) and isinstance(tree.this, exp.UserDefinedFunction):
        catalog.declare(tree, context)
    for node in reversed(list(tree.walk())):
        tree = _apply(node, tree, facts)
    return tree


def _apply(node: Node, tree: Node, facts: Facts) -> Node:
    """Apply the first rule that replaces `node`; return the tree."""
    for rule in rules_of.get(type(node), ()):
        replacement = rule.apply(node, facts)
        if replacement is None:
            continue
        if isinstance(node.parent, exp.SafeFunc) and isinstance(replacement, exp.Cast):
            replacement = replacement.this  # SAFE. takes a call
        if node is tree:
            return replacement
        node.replace(replacement)
        break
    return tree


def statements() -> None:
    """Analyse each statement before local-bigquery translates it, and define the functions that the rules call."""
    upstream_connect, upstream_register = database._connect, native.register

    def connect() -> duckdb.DuckDBPyConnection:
        connection: duckdb.DuckDBPyConnection = upstream_connect()
        for file in MACROS:
            connection.execute(file.read_text())
        return connection

    def register(connection: Any) -> None:
        upstream_register(connection)
        functions.register(connection)

    native.register = register
    database._connect = functools.cache(connect)
    rules = translate.STATEMENT_RULES
    rules[rules.index(typing.annotate)] = _complete
    rules.insert(0, analyse)


def _complete(tree: Node, context: Any) -> Node:
    """Give the rewritten statement types for local-bigquery's own rules, in place of its own, later typing."""
    complete(tree)
    for bracket in tree.find_all(exp.Bracket):
        bracket.meta["json"] = of(bracket.this) == "JSON"
    return tree
