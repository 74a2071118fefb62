"""Repairs what sqlglot parses in another shape than BigQuery means, before anything looks at a statement's tree."""

import itertools
import re
from typing import Any

from local_bigquery.sql import params
from local_bigquery.sql.dialect import BigQueryDialect
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from warehouse.semantics.nodes import Node

PLAIN = re.compile(r"[A-Za-z_]\w*")


def repair(tree: Node, context: Any) -> None:
    """Change `tree` to the shape that BigQuery means."""
    for table in tree.find_all(exp.Table):
        for part in table.parts:
            if isinstance(part, exp.Identifier) and "-" in part.name:
                part.set("quoted", True)  # in `CREATE SCHEMA my-project.x`
    for parsed in list(tree.find_all(exp.ParseJSON)):  # JSON '[1]'[0] is parsed as JSON ('[1]'[0])
        subscript = parsed.this
        if isinstance(subscript, exp.Bracket) and isinstance(subscript.this, exp.Literal):
            literal = exp.ParseJSON(this=subscript.this.copy(), is_literal=True)
            parsed.replace(exp.Bracket(this=literal, expressions=[e.copy() for e in subscript.expressions]))
    _join_dotted_aliases(tree)
    _name_parameters(tree, context)


def _join_dotted_aliases(tree: Node) -> None:
    """Read `a.b`.c as column c of the table with the alias `a.b`: sqlglot reads table b of dataset a."""
    aliases = {table.alias for table in tree.find_all(exp.Table) if "." in table.alias}
    for column in list(tree.find_all(exp.Column)) if aliases else []:
        path = [part.name for part in column.parts[:-1]]
        if ".".join(path) in aliases and len(path) > 1:
            column.replace(exp.column(column.this.copy(), exp.to_identifier(".".join(path), quoted=True)))


def _name_parameters(tree: Node, context: Any) -> None:
    """Give parameters the names under which their values are bound; number each `?` by its place in the text."""
    names = {name.casefold(): name for name in context.parameters}
    for parameter in tree.find_all(exp.Parameter):
        name = bound_name(parameter.name)
        if isinstance(parameter.this, exp.Expr) and not isinstance(parameter.this, exp.Parameter):
            parameter.set("this", exp.Var(this=names.get(name.casefold(), name)))
    questions = [node for node in tree.find_all(exp.Placeholder) if node.name in ("", "?")]
    for question in sorted(questions, key=lambda node: int(node.meta.get("start", 0))):
        question.replace(exp.Parameter(this=exp.Var(this=f"p{context.position}")))
        context.position += 1


def bound_name(name: str) -> str:
    """Return a name of a parameter that DuckDB accepts: letters, digits and `_`."""
    return name if PLAIN.fullmatch(name) else f"_{name.encode().hex()}"


def parameter_names() -> None:
    """Bind parameters whose names have digits in front or colons (`@1`, @`a:b`); keep the places of each `?`."""
    upstream = params.bind

    def bind(parameters: list[Any]) -> Any:
        named = [p.replace(name=bound_name(p.name)) if p.name else p for p in parameters]
        return upstream(named)

    params.bind = bind

    def placeholder(parser: Any) -> exp.Placeholder:
        node = exp.Placeholder()
        node.meta["start"] = parser._prev.start
        return node

    parsers = BigQueryDialect.Parser.PLACEHOLDER_PARSERS
    BigQueryDialect.Parser.PLACEHOLDER_PARSERS = {**parsers, TokenType.PLACEHOLDER: placeholder}


def time_formats() -> None:
    """Keep the text of a format of dates and times: sqlglot writes it as Python's, and takes `%%e` for a `%e`."""
    upstream = BigQueryDialect.format_time.__func__

    def format_time(cls: Any, expression: Any) -> Any:
        found = upstream(cls, expression)
        if isinstance(expression, exp.Literal):
            found.meta["format"] = expression.this
        return found

    BigQueryDialect.format_time = classmethod(format_time)


def written_casts() -> None:
    """Keep the FORMAT of a CAST as it is written, and know CAST(STRUCT(…) AS …) from STRUCT<…>(…).

    sqlglot makes functions that parse Python's formats of CAST('…' AS DATE FORMAT '…').
    """
    parser = BigQueryDialect.Parser
    upstream = parser._parse_cast

    def cast(self: Any, strict: bool, safe: bool | None = None) -> Any:
        start = self._index
        found = upstream(self, strict, safe)
        kind, model = self._type, _model(self._tokens[start : self._index])
        parsed = found.find(exp.StrToDate, exp.StrToTime) if model and isinstance(found, exp.Expr) else None
        if parsed is not None and not (isinstance(found, exp.Cast) and found.args.get("format")):
            zone = parsed.args.get("zone") or _zone(found)
            written: Node = exp.Literal.string(model)
            if zone is not None:
                written = exp.AtTimeZone(this=written, zone=zone.copy())
            found = (exp.TryCast if safe else exp.Cast)(this=parsed.this.copy(), to=kind.copy(), format=written)
        if isinstance(found, exp.Cast):
            found.meta["cast"] = True
        return found

    parser._parse_cast = cast


def _model(tokens: Any) -> str:
    """Return the literal after the FORMAT of a CAST; nothing where it has none."""
    depth, found = 0, ""
    for token, following in itertools.pairwise(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth <= 1 and token.text.upper() == "FORMAT" and following.token_type == TokenType.STRING:
            found = following.text
    return found


def _zone(found: Node) -> Node | None:
    zoned = found.find(exp.AtTimeZone)
    return zoned.args["zone"] if zoned is not None else None


def joined_arrays() -> None:
    """Read `FROM (UNNEST(…) AS a JOIN …)` as a subquery: sqlglot knows only tables there."""
    parser = BigQueryDialect.Parser
    upstream = parser._parse_wrapped_select

    def wrapped(self: Any, table: bool = False) -> Any:
        start = self._index
        if table and (array := self._parse_unnest()):
            joined = self._parse_query_modifiers(exp.select("*").from_(array))
            if joined.args.get("joins"):
                return joined
            self._retreat(start)
        return upstream(self, table)

    parser._parse_wrapped_select = wrapped


def original(template: Node) -> Node:
    """Return a format of dates and times as it stands in the statement."""
    text = template.meta.get("format")
    return template if text is None else exp.Literal.string(text)
