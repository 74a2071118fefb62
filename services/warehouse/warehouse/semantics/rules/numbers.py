"""Numbers: NUMERIC's exact arithmetic, FLOAT64's NaN and overflow."""

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, call, exact_literal, is_literal, macro, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule


@rule("NUMERIC arithmetic is exact, rounds to nine decimals and overflows at 29 digits", exp.Mul, exp.Div)
def numeric_arithmetic(node: exp.Binary, facts: Facts) -> Node | None:
    if types.kind(node.type) != "NUMERIC":
        return None
    function = "_numeric_multiply" if isinstance(node, exp.Mul) else "_numeric_divide"
    return typed(macro(function, exact_literal(node.left, "NUMERIC"), exact_literal(node.right, "NUMERIC")), "NUMERIC")


@rule("BIGNUMERIC has 38 decimals, in the emulator 18", exp.Cast)
def long_literals(node: exp.Cast, facts: Facts) -> None:
    if node.to.this != exp.DataType.Type.DECIMAL or len(node.to.expressions) != 2:
        return
    if int(node.to.expressions[1].name) <= 18:
        return
    above = node.parent  # a literal that is a column of the result is shown as it stands
    while isinstance(above, exp.Alias | exp.Paren):
        above = above.parent
    if not isinstance(above, exp.Select) or above.parent is not None:
        raise refuse("the emulator has no BIGNUMERIC with more than 18 decimals", place(node))


@rule("SAFE_DIVIDE of NUMERIC is NUMERIC", exp.SafeDivide)
def numeric_safe_divide(node: exp.SafeDivide, facts: Facts) -> Node | None:
    if types.kind(node.type) != "NUMERIC":
        return None
    divided = macro("_numeric_divide", exact_literal(node.this, "NUMERIC"), exact_literal(node.expression, "NUMERIC"))
    zero = exp.EQ(this=node.expression.copy(), expression=exp.Literal.number(0))
    return typed(exp.Case(ifs=[exp.If(this=zero, true=exp.null())], default=divided), "NUMERIC")


@rule("NaN is equal to nothing, and neither less nor greater", exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
def nan_compares_with_nothing(node: exp.Binary, facts: Facts) -> Node | None:
    floats = [side for side in (node.this, node.expression) if of(side) == "FLOAT64" and not is_literal(side)]
    numbers = {of(node.this), of(node.expression)} <= types.NUMBERS
    if not floats or not numbers or isinstance(node.parent, exp.Update):
        return None
    missing = exp.or_(*(call("isnan", side) for side in floats))
    if isinstance(node, exp.NEQ):
        return exp.Paren(this=exp.Or(this=node.copy(), expression=exp.Paren(this=missing)))
    return exp.Paren(this=exp.And(this=node.copy(), expression=exp.Not(this=exp.Paren(this=missing))))


@rule("NaN is the greatest and the least of all", exp.Greatest, exp.Least)
def nan_wins(node: exp.Greatest | exp.Least, facts: Facts) -> Node | None:
    values = [node.this, *node.expressions]
    floats = [value for value in values if of(value) == "FLOAT64" and not is_literal(value)]
    if types.kind(node.type) != "FLOAT64" or not floats or any(of(value) not in types.NUMBERS for value in values):
        return None
    nan = exp.or_(*(call("isnan", value) for value in floats))
    present = exp.and_(*(exp.Not(this=exp.Is(this=value.copy(), expression=exp.null())) for value in values))
    return exp.Case(
        ifs=[exp.If(this=exp.and_(present, nan), true=typed(exp.Literal.string("nan"), "FLOAT64"))], default=node.copy()
    )


@rule("a result that is too large for FLOAT64 is an error", exp.Exp)
def float_overflow(node: exp.Exp, facts: Facts) -> Node | None:
    return typed(macro("_finite", node.this, node.copy(), "EXP"), "FLOAT64")
