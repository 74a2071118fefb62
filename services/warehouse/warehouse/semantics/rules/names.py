"""Names: which column or alias a name means, duplicate names, reserved words."""

from local_bigquery.errors import BigQueryError
from sqlglot import exp

from warehouse.semantics.names import aliases, in_subqueries, own_columns, star_columns, visible
from warehouse.semantics.nodes import Node, refuse
from warehouse.semantics.rule import Facts, rule

WORDS = """
    ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT
    DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL
    GROUP GROUPING GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP
    MERGE NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE
    RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN
    WHERE WINDOW WITH WITHIN
    """
RESERVED = frozenset(WORDS.split())


@rule("GROUP BY c means the SELECT list's alias c before a column c", exp.Select)
def group_by_alias(select: exp.Select, facts: Facts) -> None:
    group, named = select.args.get("group"), aliases(select)
    stars = any(item.is_star for item in select.expressions)
    for item in list(group.find_all(exp.Column)) if group else []:
        index, value = named.get(item.name.casefold(), (0, None))
        if value is None or item.table or value == item or not _whole(item):
            continue
        if value.find(exp.Window):
            continue  # DuckDB refuses it
        if aggregate := _aggregate(value):
            raise refuse(
                f"Column {item.name} contains an aggregation function, which is not allowed in GROUP BY", aggregate
            )
        if isinstance(item.parent, exp.Group) and not stars:
            item.replace(exp.Literal.number(index))
        else:
            item.replace(value.copy())


def _whole(item: Node) -> bool:
    """Whether a column is all of an element of GROUP BY: in `GROUP BY c + 1`, c is never an alias."""
    parent = item.parent
    while isinstance(parent, exp.Paren | exp.Tuple):
        parent = parent.parent
    return isinstance(parent, exp.Group | exp.Rollup | exp.Cube | exp.GroupingSets)


def _aggregate(value: Node) -> Node | None:
    """Return an aggregate function in `value` that is no window function."""
    for found in value.walk(prune=lambda node: isinstance(node, exp.Window | exp.Query)):
        if isinstance(found, exp.AggFunc):
            return found
    return None


@rule("an alias of the SELECT list is not visible in WHERE, ON, window clauses or beside itself", exp.Select)
def alias_scope(select: exp.Select, facts: Facts) -> None:
    named = aliases(select)
    parts = [part for part in (select.args.get("where"), *select.expressions) if part is not None]
    parts += [join.args["on"] for join in select.args.get("joins") or [] if join.args.get("on")]
    group = select.args.get("group")
    parts += select.args.get("windows") or []
    used = [column for part in parts for column in own_columns(part, select) if column.name.casefold() in named]
    used += [c for c in own_columns(group, select) if c.name.casefold() in named and not _whole(c)] if group else []
    used += [c for part in parts for c in in_subqueries(part, select) if c.name.casefold() in named]
    for column in used:
        inner = column.find_ancestor(exp.Select)
        if not isinstance(inner, exp.Select) or (inner is not select and column.name.casefold() in aliases(inner)):
            continue
        if (seen := visible(inner, facts)) is not None and column.name.casefold() not in seen:
            raise refuse(f"Unrecognized name: {column.name}", column.this)


@rule("HAVING, QUALIFY and ORDER BY take a SELECT list's alias before a column of the same name", exp.Select)
def alias_first(select: exp.Select, facts: Facts) -> None:
    named = aliases(select)
    clauses = [clause for key in ("having", "qualify", "order") if (clause := select.args.get(key)) is not None]
    used = [c for clause in clauses for c in own_columns(clause, select) if c.name.casefold() in named]
    used = [c for c in used if not (isinstance(c.parent, exp.Ordered) and not c.find_ancestor(exp.Window))]
    if not used or ((seen := visible(select, facts)) is not None and not seen & set(named)):
        return
    for column in used:
        value = named[column.name.casefold()][1]
        if value == column or (select.args.get("distinct") and column.find_ancestor(exp.Order)):
            continue
        if seen is not None and column.name.casefold() not in seen:
            continue
        aggregated = column.find_ancestor(exp.AggFunc)
        if column.find_ancestor(exp.Having) and not aggregated:
            continue  # DuckDB takes the alias too
        if aggregated and _aggregate(value) and aggregated.find_ancestor(exp.Having):
            raise refuse("Aggregations of aggregations are not allowed", column.this)
        column.replace(exp.Paren(this=value.copy()) if isinstance(value, exp.Binary) else value.copy())


@rule("ORDER BY after a set operation sees the names of the first query only", exp.Union, exp.Intersect, exp.Except)
def set_operation_order(node: exp.SetOperation, facts: Facts) -> None:
    order, first = node.args.get("order"), node.left
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    if order is None or not isinstance(first, exp.Select) or any(item.is_star for item in first.expressions):
        return
    names = {item.alias_or_name.casefold() for item in first.expressions}
    for column in order.find_all(exp.Column):
        if not column.table and not column.find_ancestor(exp.Select) and column.name.casefold() not in names:
            raise refuse(f"Unrecognized name: {column.name}", column.this)


@rule("ORDER BY after SELECT DISTINCT sees the columns of the SELECT list only", exp.Select)
def distinct_order(select: exp.Select, facts: Facts) -> None:
    order = select.args.get("order")
    if not select.args.get("distinct") or order is None or any(item.is_star for item in select.expressions):
        return
    items = {item.alias_or_name.casefold() for item in select.expressions}
    values = [item.this if isinstance(item, exp.Alias) else item for item in select.expressions]
    for ordered in order.expressions:
        value = ordered.this
        if isinstance(value, exp.Column) and value.name.casefold() not in items and value not in values:
            raise refuse(
                f"ORDER BY clause expression references column {value.name} which is not visible after SELECT DISTINCT",
                value.this,
            )


@rule("the columns of a query's result have different names", exp.Select)
def duplicate_names(select: exp.Select, facts: Facts) -> None:
    if not _is_result(select, facts) or select.args.get("kind"):
        return
    names: list[str] = []
    for item in select.expressions:
        if item.is_star:
            names += star_columns(item, select, facts) or []
        elif isinstance(item, exp.Alias | exp.Column | exp.Dot):
            names.append(item.alias_or_name.casefold())
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise BigQueryError(
            "invalidQuery",
            "Duplicate column names in the result are not supported when a destination table is present. "
            f"Found duplicate(s): {', '.join(repeated)}",
        )


def _is_result(select: exp.Select, facts: Facts) -> bool:
    """Whether the names of `select` are those of the statement's result or of its new table."""
    query: Node = select
    while isinstance(query.parent, exp.SetOperation) and query.parent.this is query:
        query = query.parent
    return query is facts.tree or (query.parent is facts.tree and isinstance(facts.tree, exp.Create))


@rule(
    "a reserved word is a name only in backquotes or after a dot", exp.Alias, exp.TableAlias, exp.ColumnDef, exp.Column
)
def reserved_words(node: Node, facts: Facts) -> None:
    word = node.args.get("alias") if isinstance(node, exp.Alias) else node.this
    if isinstance(node, exp.Column) and (node.table or node.name.upper() == "DEFAULT"):
        return
    if isinstance(word, exp.Identifier) and not word.quoted and word.name.upper() in RESERVED:
        raise refuse(f"Syntax error: Unexpected keyword {word.name.upper()}", word)
