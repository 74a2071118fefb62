"""Values of several types that become one: branches, lists, comparisons, the columns of a set operation."""

from collections.abc import Sequence

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, datatype, exact_literal, is_literal, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule
from warehouse.semantics.rules.casts import renamed
from warehouse.semantics.rules.refusals import no_signature

COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
ANYTHING = tuple(types.KINDS.values())


def common(values: Sequence[Node]) -> str | None:
    """Return the common type of `values`; None where there is none. Values of unknown types are left out."""
    return types.common([(kind, is_literal(value)) for value in values if (kind := of(value))], ANYTHING)


def _coerce(values: Sequence[Node], target: str | None) -> None:
    """Write the coercion to the common type, where DuckDB would choose another type."""
    first = next((datatype(v) for v in values if of(v) == target), None)
    if any(of(value) is None for value in values):
        return
    for value in values:
        kind = of(value)
        if target == "STRUCT" and kind == "STRUCT" and first is not None:
            if (struct := renamed(value, first)) is not None:
                value.replace(struct)
        elif target is not None and kind not in (target, "NULL", "INT64"):
            value.replace(exact_literal(value, target))


@rule("branches, lists and comparisons have a common type; a literal takes the type of the others", exp.Coalesce)
def coalesced(node: exp.Coalesce, facts: Facts) -> None:
    values = [node.this, *node.expressions]
    _coerce(values, common(values))


@rule("the branches of IF have a common type", exp.If)
def if_branches(node: exp.If, facts: Facts) -> None:
    if isinstance(node.parent, exp.Case):
        return
    values = [value for key in ("true", "false") if (value := node.args.get(key)) is not None]
    _coerce(values, common(values))


@rule("CASE: results have a common type, conditions are BOOL or compare with the value of CASE", exp.Case)
def case_branches(node: exp.Case, facts: Facts) -> None:
    results = [branch.args["true"] for branch in node.args["ifs"]]
    results += [node.args["default"]] if node.args.get("default") else []
    conditions = [branch.this for branch in node.args["ifs"]]
    compared = [node.this, *conditions] if node.this else []
    for values in (results, compared):
        if values and (target := common(values)) is None:
            raise no_signature(node, "CASE", values, operator=True)
        _coerce(values, target if values else None)
    if not compared and any(of(condition) not in ("BOOL", "NULL", None) for condition in conditions):
        raise no_signature(node, "CASE", conditions, operator=True)


@rule("the elements of an array have a common type", exp.Array)
def elements(node: exp.Array, facts: Facts) -> None:
    values = node.expressions
    if len(values) < 2 or any(isinstance(value, exp.Query) for value in values):
        return
    if (target := common(values)) is None:
        found = ", ".join(dict.fromkeys(types.name(datatype(value)) for value in values))
        raise refuse(f"Array elements of types {{{found}}} do not have a common supertype", place(node))
    _coerce(values, target)


@rule("compared values have a common type", *COMPARISONS, exp.In, exp.Between, exp.Greatest, exp.Least, exp.Nullif)
def compared(node: Node, facts: Facts) -> None:
    if isinstance(node.parent, exp.Update) and node.arg_key == "expressions":
        return  # SET a = b is no comparison
    if isinstance(node, exp.Between):
        values, name = [node.this, node.args["low"], node.args["high"]], "BETWEEN"
    elif isinstance(node, exp.In):
        values, name = [node.this, *node.expressions], "IN"
    elif isinstance(node, exp.Greatest | exp.Least):
        values, name = [node.this, *node.expressions], type(node).__name__.upper()
    else:
        values, name = [node.this, node.args["expression"]], COMPARISONS.get(type(node), "NULLIF")
    target = common(values)
    if target is None:
        raise no_signature(node, name, values, operator=name in COMPARISONS.values())
    if target != "STRUCT":
        _coerce(values, target)
    if isinstance(node, exp.Nullif) and target not in ("NULL", of(node.this)) and of(node.this):
        node.set("this", typed(node.this.copy(), target))


@rule(
    "the columns of a set operation have a common type, and the names of the first query",
    exp.Union,
    exp.Intersect,
    exp.Except,
)
def set_operations(node: exp.SetOperation, facts: Facts) -> None:
    if isinstance(node.parent, exp.SetOperation) or node.args.get("by_name"):
        return  # the outermost looks at all queries
    selects = list(_selects(node))
    if any(item.is_star for select in selects for item in select.expressions):
        return
    name = f"{type(node).__name__.upper()} {'DISTINCT' if node.args.get('distinct') else 'ALL'}"
    counts = [len(select.expressions) for select in selects]
    if len(set(counts)) > 1:
        raise refuse(f"Queries in {name} have mismatched column count; query 1 has {counts[0]} columns", place(node))
    for index, column in enumerate(zip(*(select.expressions for select in selects), strict=True), 1):
        values = [item.this if isinstance(item, exp.Alias) else item for item in column]
        if (target := common(values)) is None:
            found = ", ".join(types.name(datatype(value)) for value in values)
            raise refuse(f"Column {index} in {name} has incompatible types: {found}", place(column[-1]))
        for item, value in zip(column, values, strict=True):
            if isinstance(item, exp.Column) and of(value) not in (target, "NULL", "INT64", None):
                item.replace(exp.alias_(item.copy(), item.name))
        _coerce(
            [
                item.this if isinstance(item, exp.Alias) else item
                for s in selects
                for item in [s.expressions[index - 1]]
            ],
            target,
        )


def _selects(query: Node) -> list[exp.Select]:
    """Return the SELECTs of a set operation from left to right."""
    if isinstance(query, exp.SetOperation):
        return [*_selects(query.left), *_selects(query.right)]
    if isinstance(query, exp.Subquery | exp.Paren):
        return _selects(query.this)
    return [query] if isinstance(query, exp.Select) else []
