"""Statements that change tables."""

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, call, datatype, is_literal, place, refuse, typed
from warehouse.semantics.rule import Facts, rule

NAMED = exp.Alias | exp.Column | exp.Dot | exp.Paren | exp.Bracket


@rule("the columns of a new table have names", exp.Create)
def table_column_names(create: exp.Create, facts: Facts) -> None:
    if create.args.get("kind") == "TABLE" and not isinstance(create.this, exp.Schema):
        check_column_names(create.expression)


def check_column_names(query: Node | None) -> None:
    """Raise BigQueryError when a column of a query that fills a new table has no name."""
    for index, item in enumerate(query.expressions if isinstance(query, exp.Select) else [], 1):
        if not item.is_star and not isinstance(item, NAMED):
            raise refuse(f"CREATE TABLE columns must be named, but column {index} has no name", place(item))


@rule("INSERT coerces no more than BigQuery: INT64 to wider numbers, literals to dates", exp.Insert)
def insert_types(insert: exp.Insert, facts: Facts) -> None:
    target, source = insert.this, insert.expression
    table = target.this if isinstance(target, exp.Schema) else target
    columns = facts.columns(table) if isinstance(table, exp.Table) else {}
    lookup = {"_partitiontime": "TIMESTAMP"} | {column.casefold(): kind for column, kind in columns.items()}
    named = [c.name for c in target.expressions] if isinstance(target, exp.Schema) else list(columns)
    if not columns or table.name.startswith("__"):
        return
    if missing := [name for name in named if name.casefold() not in lookup]:
        raise refuse(f"Column {missing[0]} is not present in table {table.sql(dialect='bigquery')}", place(insert))
    in_values = isinstance(source, exp.Values) or _of_merge(source)
    for row in _rows(source):
        if len(row) != len(named):
            raise refuse(f"Inserted row has wrong column count; Has {len(row)}, expected {len(named)}", place(insert))
        for index, (column, value) in enumerate(zip(named, row, strict=True), 1):
            kind, wanted = datatype(value), types.build(lookup[column.casefold()])
            if kind is None or types.assignable(kind, wanted, in_values and is_literal(value)):
                continue
            raise refuse(
                f"{'Value' if in_values else f'Query column {index}'} has type {types.name(kind)} which cannot be "
                f"inserted into column {column}, which has type {types.name(wanted)}",
                place(value),
            )


def _of_merge(source: Node) -> bool:
    """Whether a query stands for the VALUES of a MERGE, which local-bigquery runs as statements of its own."""
    return any(table.name.startswith("__merge") for table in source.find_all(exp.Table))


def _rows(source: Node) -> list[list[Node]]:
    """Return the rows of values of an INSERT, or the SELECT list of its query; nothing where they are not known."""
    if isinstance(source, exp.Values):
        return [row.expressions if isinstance(row, exp.Tuple) else [row] for row in source.expressions]
    if isinstance(source, exp.Select) and not any(item.is_star for item in source.expressions):
        return [[item.this if isinstance(item, exp.Alias) else item for item in source.expressions]]
    return []


@rule("UPDATE coerces no more than INSERT", exp.Update)
def update_types(update: exp.Update, facts: Facts) -> None:
    for item in update.expressions:
        wanted, kind = datatype(item.this), datatype(item.expression)
        if wanted is None or kind is None or types.assignable(kind, wanted, is_literal(item.expression)):
            continue
        raise refuse(
            f"Value of type {types.name(kind)} cannot be assigned to {item.this.name}, which has type "
            f"{types.name(wanted)}",
            place(item.expression),
        )


@rule("UPDATE ... FROM: a row with two matches is an error", exp.Update)
def one_match(update: exp.Update, facts: Facts) -> None:
    source, where = update.args.get("from_"), update.args.get("where")
    if source is None or where is None:
        return
    label = update.this.alias_or_name
    if any(table.alias_or_name.startswith("__") for table in update.find_all(exp.Table)):
        return  # a part of local-bigquery's MERGE, which counts the matches itself
    matches = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(update.this.copy())
    for joined in [source.this, *(source.this.args.get("joins") or [])]:
        matches = matches.join(joined.copy(), join_type="cross")
    matches = matches.where(where.this.copy()).group_by(exp.column("rowid", label))
    worst = exp.GT(this=exp.Max(this=exp.column("n")), expression=exp.Literal.number(1))
    error = call("_raise", "UPDATE/MERGE must match at most one source row for each target row")
    verdict = exp.Case(ifs=[exp.If(this=worst, true=typed(error, "BOOL"))], default=exp.true())
    check = exp.Subquery(this=exp.select(verdict).from_(matches.subquery("_m")))
    where.set("this", exp.And(this=exp.Paren(this=where.this.copy()), expression=check))
