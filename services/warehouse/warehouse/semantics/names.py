"""Names: aliases of the SELECT list, what FROM makes visible, duplicate names, reserved words."""

from local_bigquery.errors import BigQueryError
from sqlglot import exp

from warehouse.semantics.nodes import Node, refuse
from warehouse.semantics.rule import Facts, rule

RESERVED = frozenset(
    [
        "ALL",
        "AND",
        "ANY",
        "ARRAY",
        "AS",
        "ASC",
        "ASSERT_ROWS_MODIFIED",
        "AT",
        "BETWEEN",
        "BY",
        "CASE",
        "CAST",
        "COLLATE",
        "CONTAINS",
        "CREATE",
        "CROSS",
        "CUBE",
        "CURRENT",
        "DEFAULT",
        "DEFINE",
        "DESC",
        "DISTINCT",
        "ELSE",
        "END",
        "ENUM",
        "ESCAPE",
        "EXCEPT",
        "EXCLUDE",
        "EXISTS",
        "EXTRACT",
        "FALSE",
        "FETCH",
        "FOLLOWING",
        "FOR",
        "FROM",
        "FULL",
        "GROUP",
        "GROUPING",
        "GROUPS",
        "HASH",
        "HAVING",
        "IF",
        "IGNORE",
        "IN",
        "INNER",
        "INTERSECT",
        "INTERVAL",
        "INTO",
        "IS",
        "JOIN",
        "LATERAL",
        "LEFT",
        "LIKE",
        "LIMIT",
        "LOOKUP",
        "MERGE",
        "NATURAL",
        "NEW",
        "NO",
        "NOT",
        "NULL",
        "NULLS",
        "OF",
        "ON",
        "OR",
        "ORDER",
        "OUTER",
        "OVER",
        "PARTITION",
        "PRECEDING",
        "PROTO",
        "QUALIFY",
        "RANGE",
        "RECURSIVE",
        "RESPECT",
        "RIGHT",
        "ROLLUP",
        "ROWS",
        "SELECT",
        "SET",
        "SOME",
        "STRUCT",
        "TABLESAMPLE",
        "THEN",
        "TO",
        "TREAT",
        "TRUE",
        "UNBOUNDED",
        "UNION",
        "UNNEST",
        "USING",
        "WHEN",
        "WHERE",
        "WINDOW",
        "WITH",
        "WITHIN",
    ]
)


def aliases(select: exp.Select) -> dict[str, tuple[int, Node]]:
    """Return the aliases of the SELECT list, in small letters, each with its position (from 1) and its expression."""
    return {
        item.alias.casefold(): (index, item.this)
        for index, item in enumerate(select.expressions, 1)
        if isinstance(item, exp.Alias)
    }


@rule("GROUP BY c means the SELECT list's alias c before a column c", exp.Select)
def group_by_alias(select: exp.Select, facts: Facts) -> None:
    group, named = select.args.get("group"), aliases(select)
    stars = any(item.is_star for item in select.expressions)
    for item in list(group.find_all(exp.Column)) if group else []:
        index, value = named.get(item.name.casefold(), (0, None))
        if value is None or item.table or value == item or value.find(exp.AggFunc, exp.Window):
            continue
        if isinstance(item.parent, exp.Group) and not stars:
            item.replace(exp.Literal.number(index))
        else:
            item.replace(value.copy())


@rule("an alias of the SELECT list is not visible in WHERE, in ON or beside itself", exp.Select)
def alias_scope(select: exp.Select, facts: Facts) -> None:
    named = aliases(select)
    if not named or (visible := _visible(select, facts)) is None:
        return
    where = select.args.get("where")
    for part in [*([where] if where else []), *select.expressions]:
        for column in part.find_all(exp.Column):
            key = column.name.casefold()
            if column.table or key not in named or key in visible or column.find_ancestor(exp.Select) is not select:
                continue
            raise refuse(f"Unrecognized name: {column.name}", column.this)


def _visible(select: exp.Select, facts: Facts) -> set[str] | None:
    """Return every name that FROM makes visible, in small letters; None where that is not known."""
    found: set[str] = set()
    sources = [select.args.get("from_"), *(select.args.get("joins") or [])]
    if select.find_ancestor(exp.Select) is not None or any(sources) is False:
        return None  # correlated: names of the outer query are visible too
    for source in (s.this for s in sources if s is not None):
        if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Select):
            if any(item.is_star for item in source.this.expressions):
                return None
            found |= {item.alias_or_name.casefold() for item in source.this.expressions}
        elif isinstance(source, exp.Table) and (columns := facts.columns(source)):
            found |= {column.casefold() for column in columns}
        else:
            return None
        if source.alias_or_name:
            found.add(source.alias_or_name.casefold())
    return found


@rule("the columns of a query's result have different names", exp.Select)
def duplicate_names(select: exp.Select, facts: Facts) -> None:
    if select is not facts.tree:
        return
    items = [item for item in select.expressions if isinstance(item, exp.Alias | exp.Column | exp.Dot)]
    names = [item.alias_or_name.casefold() for item in items if not item.is_star]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise BigQueryError(
            "invalidQuery",
            "Duplicate column names in the result are not supported when a destination table is present. "
            f"Found duplicate(s): {', '.join(repeated)}",
        )


@rule("a reserved word is a name only in backquotes or after a dot", exp.Alias, exp.TableAlias, exp.ColumnDef)
def reserved_words(node: Node, facts: Facts) -> None:
    word = node.args.get("alias") if isinstance(node, exp.Alias) else node.this
    if isinstance(word, exp.Identifier) and not word.quoted and word.name.upper() in RESERVED:
        raise refuse(f"Syntax error: Unexpected keyword {word.name.upper()}", word)
