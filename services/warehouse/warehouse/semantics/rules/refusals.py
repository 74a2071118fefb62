"""Refusals: what BigQuery does not accept because of its types or its form."""

from collections.abc import Sequence

from local_bigquery.errors import BigQueryError
from sqlglot import exp

from warehouse.semantics import signatures, types
from warehouse.semantics.nodes import Node, datatype, of, place, refuse
from warehouse.semantics.rule import Facts, rule

COMPARISONS = {exp.EQ: "=", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
NOT_A_CONDITION = types.NUMBERS | {"STRING", "BYTES", "DATE"}
APART = frozenset({"NUMBER", "STRING", "BOOL", "BYTES"})  # of these no two have a common type


def no_signature(node: Node, name: str, arguments: Sequence[Node], operator: bool = False) -> BigQueryError:
    """Return BigQuery's error for arguments of the wrong type."""
    kind = "operator" if operator else "function"
    found = ", ".join("NULL" if isinstance(a, exp.Null) else types.name(datatype(a)) for a in arguments)
    return refuse(f"No matching signature for {kind} {name} for argument types: {found}", place(node))


@rule("SELECT DISTINCT takes no ARRAY; WHERE needs FROM", exp.Select)
def impossible_selects(select: exp.Select, facts: Facts) -> None:
    if select.args.get("distinct"):
        for item in select.expressions:
            if of(item) == "ARRAY":
                raise refuse(f"Column {item.alias_or_name} of type ARRAY cannot be used in SELECT DISTINCT", item)
    if select.args.get("where") and not select.args.get("from_"):
        raise refuse("Query without FROM clause cannot have a WHERE clause", select.args["where"])


@rule(
    "arguments of the wrong type are refused",
    *(node for node in signatures.by_node() if not isinstance(node, str)),
    exp.Anonymous,
)
def argument_types(node: Node, facts: Facts) -> None:
    function = signatures.find(node)
    if function is not None and not function.takes(node):
        raise no_signature(node, function.name, function.arguments(node), function.operator)


@rule("TIMESTAMP and TIME compare with nothing else", *COMPARISONS)
def comparisons(node: exp.Binary, facts: Facts) -> None:
    kinds = {of(node.left), of(node.right)}
    if len(kinds) == 2 and kinds <= types.INSTANTS and kinds != {"DATE", "DATETIME"}:
        raise no_signature(node, COMPARISONS[type(node)], [node.left, node.right], operator=True)


@rule("WHERE and HAVING take BOOL", exp.Where, exp.Having)
def conditions(node: exp.Where | exp.Having, facts: Facts) -> None:
    if of(node.this) in NOT_A_CONDITION:
        clause, found = type(node).__name__.upper(), types.name(datatype(node.this))
        raise refuse(f"{clause} clause should return type BOOL, but returns {found}", place(node.this))


@rule("the values of COALESCE and CASE have a common type", exp.Coalesce, exp.Case)
def common_type(node: exp.Coalesce | exp.Case, facts: Facts) -> None:
    if isinstance(node, exp.Coalesce):
        values, function = [node.this, *node.expressions], "COALESCE"
    else:
        values, function = [branch.args.get("true") for branch in node.args["ifs"]] + [node.args.get("default")], "CASE"
    given = [value for value in values if value is not None]
    if _apart(given):
        raise no_signature(node, function, given)


@rule("the columns of a UNION have a common type", exp.Union)
def set_operations(node: exp.Union, facts: Facts) -> None:
    sides = [node.left, node.right]
    if any(not isinstance(side, exp.Select) or side.is_star for side in sides) or node.args.get("by_name"):
        return
    for index, pair in enumerate(zip(sides[0].expressions, sides[1].expressions, strict=False), 1):
        if _apart(pair):
            found = ", ".join(types.name(datatype(item)) for item in pair)
            operation = "UNION DISTINCT" if node.args.get("distinct") else "UNION ALL"
            raise refuse(f"Column {index} in {operation} has incompatible types: {found}", place(pair[1]))


def _apart(values: Sequence[Node]) -> bool:
    families = {"NUMBER" if (kind := of(value)) in types.NUMBERS else kind for value in values}
    families -= {None, "NULL"}
    return len(families) > 1 and families <= APART
