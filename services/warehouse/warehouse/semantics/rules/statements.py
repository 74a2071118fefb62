"""Statements that change tables."""

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, call, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule

NAMED = exp.Alias | exp.Column | exp.Dot | exp.Paren | exp.Bracket
UNCHECKED = frozenset({"NULL", "ARRAY", "STRUCT", "JSON"})


@rule("the columns of a new table have names", exp.Create)
def table_column_names(create: exp.Create, facts: Facts) -> None:
    query = create.expression
    if create.args.get("kind") != "TABLE" or not isinstance(query, exp.Select) or isinstance(create.this, exp.Schema):
        return
    for index, item in enumerate(query.expressions, 1):
        if not item.is_star and not isinstance(item, NAMED):
            raise refuse(f"CREATE TABLE columns must be named, but column {index} has no name", place(item))


def _inserted(insert: exp.Insert, facts: Facts) -> tuple[list[tuple[str, str]], list[list[Node]]]:
    """Return the columns (name, type) and the rows of values that an INSERT gives them."""
    target = insert.this
    table = target.this if isinstance(target, exp.Schema) else target
    columns = facts.columns(table)
    named = [c.name for c in target.expressions] if isinstance(target, exp.Schema) else list(columns)
    lookup = {column.casefold(): kind for column, kind in columns.items()}
    source = insert.expression
    rows: list[list[Node]] = []
    if isinstance(source, exp.Values):
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in source.expressions]
    elif isinstance(source, exp.Select) and not any(item.is_star for item in source.expressions):
        rows = [[item.this if isinstance(item, exp.Alias) else item for item in source.expressions]]
    return [(column, lookup.get(column.casefold(), "")) for column in named], rows


@rule("INSERT coerces no more than BigQuery: INT64 to wider numbers, literals to dates", exp.Insert)
def insert_types(insert: exp.Insert, facts: Facts) -> None:
    columns, rows = _inserted(insert, facts)
    in_values = isinstance(insert.expression, exp.Values)
    for row in rows:
        for (column, target), value in zip(columns, row, strict=False):
            kind, wanted = of(value), target.partition("(")[0]
            if kind is None or kind in UNCHECKED or not wanted or "<" in wanted:
                continue
            if not types.coerced(kind, wanted, in_values and isinstance(value, exp.Literal)):
                raise refuse(
                    f"Value has type {kind} which cannot be inserted into column {column}, which has type {wanted}",
                    place(value),
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
