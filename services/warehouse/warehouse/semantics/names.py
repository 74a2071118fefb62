"""What names a query sees: the columns of its FROM clause, the columns of a query, the aliases of a SELECT list.

All names are in small letters, because upper and lower case are the same in them. A result of None means that the names
are not known, for example those of a table function; no rule may then say that a name is missing.
"""

from collections.abc import Iterator

from sqlglot import exp

from warehouse.semantics.nodes import Node, datatype
from warehouse.semantics.rule import Facts

Names = set[str] | None
PSEUDO = frozenset({"_partitiontime", "_partitiondate", "_table_suffix", "_file_name", "rowid"})


def aliases(select: exp.Select) -> dict[str, tuple[int, Node]]:
    """Return the aliases of the SELECT list, each with its position (from 1) and its expression."""
    return {
        item.alias.casefold(): (index, item.this)
        for index, item in enumerate(select.expressions, 1)
        if isinstance(item, exp.Alias)
    }


def own_columns(part: Node, select: exp.Select) -> Iterator[exp.Column]:
    """Yield the column names without a table in `part` of `select`, but not those in subqueries."""
    for column in part.find_all(exp.Column):
        if not column.table and not column.is_star and column.find_ancestor(exp.Select) is select:
            yield column


def in_subqueries(part: Node, select: exp.Select) -> Iterator[exp.Column]:
    """Yield the column names without a table in the subqueries of `part`."""
    for column in part.find_all(exp.Column):
        inner = column.find_ancestor(exp.Select)
        if not column.table and not column.is_star and inner is not None and inner is not select:
            yield column


def visible(select: exp.Select, facts: Facts, variables: bool = True) -> Names:
    """Return every name that an expression of `select` may use, besides aliases of its SELECT list."""
    found = {name.casefold() for name in facts.context.variables if variables} | arguments(facts.tree)
    for source in sources(select):
        columns = source_columns(source, facts)
        if columns is None:
            return None
        found |= {*columns, *PSEUDO, source.alias_or_name.casefold()}
        if isinstance(source, exp.Unnest):
            found |= _labels(source)
    outer = _outer(select)
    if outer is None:
        return found
    around = visible(outer, facts, variables) if isinstance(outer, exp.Select) else None
    return None if around is None else found | around


def arguments(tree: Node) -> set[str]:
    """Return the names of the arguments of CREATE FUNCTION; none for another statement."""
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.UserDefinedFunction):
        return set()
    return {each.name.casefold() for each in tree.this.expressions}


def labels(select: exp.Select) -> set[str]:
    """Return the names that the FROM clause gives to its sources."""
    found = {source.alias_or_name.casefold() for source in sources(select)}
    return found.union(*(_labels(source) for source in sources(select) if isinstance(source, exp.Unnest)))


def sources(select: exp.Select) -> list[Node]:
    """Return the tables, subqueries and UNNESTs of the FROM clause."""
    joined = [select.args.get("from_"), *(select.args.get("joins") or [])]
    found: list[Node] = []
    for part in joined:
        if part is not None:
            found.append(part.this)
            found += [join.this for join in part.this.args.get("joins") or []]
    return found


def source_columns(source: Node, facts: Facts) -> list[str] | None:
    """Return the columns of one source of a FROM clause."""
    if source.args.get("pivots"):
        return None
    if isinstance(source, exp.Unnest):
        return _unnested(source)
    if isinstance(source, exp.Subquery):
        return columns(source.this, facts)
    if not isinstance(source, exp.Table) or not isinstance(source.this, exp.Identifier):
        return None
    if not source.db and (cte := _cte(source)) is not None:
        return columns(cte.this, facts) if cte.args.get("this") else None
    return [name.casefold() for name in facts.columns(source)] or None


def columns(query: Node, facts: Facts) -> list[str] | None:
    """Return the names of the columns of a query's result, in order; a name may be there twice."""
    if isinstance(query, exp.SetOperation):
        return None if query.args.get("by_name") else columns(query.left, facts)
    if isinstance(query, exp.Subquery | exp.Paren):
        return columns(query.this, facts)
    if not isinstance(query, exp.Select) or query.args.get("kind"):
        return None
    found: list[str] = []
    for item in query.expressions:
        named = star_columns(item, query, facts) if item.is_star else [item.alias_or_name.casefold()]
        if named is None:
            return None
        found += named
    return found


def star_columns(star: Node, select: exp.Select, facts: Facts) -> list[str] | None:
    """Return the columns that `*` or `t.*` stands for."""
    wanted = star.table.casefold() if isinstance(star, exp.Column) else ""
    options = star.this if isinstance(star, exp.Column) else star
    if isinstance(star, exp.Dot) or any(join.args.get("method") for join in select.args.get("joins") or []):
        return None
    left_out = {name.name.casefold() for name in options.args.get("except_") or []}
    shared = {name.name.casefold() for join in select.args.get("joins") or [] for name in join.args.get("using") or []}
    found: list[str] = []
    for source in sources(select):
        if wanted and source.alias_or_name.casefold() != wanted:
            continue
        inner = source_columns(source, facts)
        if inner is None:
            return None
        found += [name for name in inner if wanted or name not in shared or name not in found]
        if isinstance(source, exp.Unnest) and not wanted:
            found += sorted(_labels(source) - ({source.alias_or_name.casefold()} if inner else set()))
    return [name for name in found if name not in left_out]


def _labels(unnest: exp.Unnest) -> set[str]:
    """Return the names that `UNNEST(…) AS x WITH OFFSET AS y` gives: x and y."""
    alias, offset = unnest.args.get("alias"), unnest.args.get("offset")
    found = {column.name.casefold() for column in alias.columns} | {alias.name.casefold()} if alias else set()
    if offset:
        found.add(offset.name.casefold() if isinstance(offset, exp.Identifier) else "offset")
    return found - {""}


def _unnested(unnest: exp.Unnest) -> list[str] | None:
    array = datatype(unnest.expressions[0]) if len(unnest.expressions) == 1 else None
    if array is None or not array.expressions or not isinstance(array.expressions[0], exp.DataType):
        return None
    element = array.expressions[0]
    if element.this == exp.DataType.Type.UNKNOWN:
        return None
    if element.this != exp.DataType.Type.STRUCT:
        return []
    return [field.name.casefold() if isinstance(field, exp.ColumnDef) else "" for field in element.expressions]


def _cte(table: exp.Table) -> exp.CTE | None:
    """Return the WITH query that a table's name means."""
    node: Node | None = table
    name = table.name.casefold()
    while node is not None:
        clause = node.args.get("with_")
        if clause is not None and clause.args.get("recursive"):
            return exp.CTE()
        for cte in clause.expressions if isinstance(clause, exp.With) else []:
            if isinstance(cte, exp.CTE) and cte.alias.casefold() == name:
                return cte
        node = node.parent
    return None


def _outer(select: exp.Select) -> Node | None:
    """Return the statement whose names a subquery sees besides its own; None when it sees no others."""
    node: Node = select
    while node.parent is not None:
        if isinstance(node.parent, exp.CTE | exp.From | exp.Create | exp.Insert | exp.SetOperation):
            if not isinstance(node.parent, exp.SetOperation):
                return None
        elif isinstance(node.parent, exp.Join) and node.arg_key == "this":
            return None
        elif isinstance(node.parent, exp.Select | exp.Update | exp.Delete | exp.Merge):
            return node.parent
        node = node.parent
    return None
