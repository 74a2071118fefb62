"""Numbers: NUMERIC's exact arithmetic, FLOAT64's NaN and overflow."""

from decimal import Decimal

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, call, exact_literal, is_literal, macro, of, place, refuse, typed
from warehouse.semantics.number_functions import EXACT, bignumeric_product, bignumeric_quotient
from warehouse.semantics.rule import Facts, rule


@rule("NUMERIC arithmetic is exact, rounds to nine decimals and overflows at 29 digits", exp.Mul, exp.Div)
def numeric_arithmetic(node: exp.Binary, facts: Facts) -> Node | None:
    if types.kind(node.type) != "NUMERIC":
        return None
    function = "_numeric_multiply" if isinstance(node, exp.Mul) else "_numeric_divide"
    return typed(macro(function, exact_literal(node.left, "NUMERIC"), exact_literal(node.right, "NUMERIC")), "NUMERIC")


@rule("products and quotients of BIGNUMERIC literals keep all their digits", exp.Mul, exp.Div)
def bignumeric_literals(node: exp.Binary, facts: Facts) -> Node | None:
    left, right = _bignumeric(node.left), _bignumeric(node.right)
    if left is None or not right:  # a division by zero is an error of the query's run
        return None
    compute = bignumeric_product if isinstance(node, exp.Mul) else bignumeric_quotient
    try:
        value = compute(left, right)
    except ValueError as error:
        raise refuse(str(error), place(node)) from error
    return typed(exp.Literal.string(f"{value:f}"), "BIGNUMERIC")


def _bignumeric(node: Node) -> Decimal | None:
    """Return the value of `CAST(1.5 AS BIGNUMERIC)` as it is written; None for any other node."""
    if of(node) != "BIGNUMERIC":
        return None
    while isinstance(node, exp.Paren) or (isinstance(node, exp.Cast) and of(node) == "BIGNUMERIC"):
        node = node.this
    return Decimal(node.this) if isinstance(node, exp.Literal) and node.is_number else None


@rule("BIGNUMERIC has 38 decimals, in the emulator 18", exp.Cast)
def long_literals(node: exp.Cast, facts: Facts) -> None:
    if node.to.this != exp.DataType.Type.DECIMAL or len(node.to.expressions) != 2:
        return
    if int(node.to.expressions[1].name) <= 18:
        return
    if not _is_column_of_result(node):
        raise refuse("the emulator has no BIGNUMERIC with more than 18 decimals", place(node))


@rule("CAST(1.5 AS BIGNUMERIC) keeps all the digits that are written", exp.Cast)
def exact_bignumeric(node: exp.Cast, facts: Facts) -> Node | None:
    value = _bignumeric(node)
    if value is None:
        return None
    above: Node | None = node.parent
    while isinstance(above, exp.Paren) or (isinstance(above, exp.Cast) and of(above) == "BIGNUMERIC"):
        above = above.parent
    if isinstance(above, exp.Mul | exp.Div) and None not in (_bignumeric(above.left), _bignumeric(above.right)):
        return None  # bignumeric_literals computes the whole
    text, decimals = f"{value:f}", -int(value.normalize(EXACT).as_tuple().exponent)
    if decimals <= 18:
        return typed(exp.Literal.string(text), "BIGNUMERIC")
    if not _is_column_of_result(node):
        raise refuse("the emulator has no BIGNUMERIC with more than 18 decimals", place(node))
    return exp.Cast(this=exp.Literal.string(text), to=exp.DataType.build(f"DECIMAL(38, {decimals})"))


def _is_column_of_result(node: Node) -> bool:
    """Whether a literal is a column of the statement's result, which is shown as it stands."""
    above = node.parent
    while isinstance(above, exp.Alias | exp.Paren):
        above = above.parent
    return isinstance(above, exp.Select) and above.parent is None


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


@rule("GREATEST and LEAST of values with a NaN are NaN", exp.Greatest, exp.Least)
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
