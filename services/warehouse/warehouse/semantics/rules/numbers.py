"""Numbers: NUMERIC's exact arithmetic, FLOAT64's NaN and overflow."""

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, call, exact_literal, macro, of, typed
from warehouse.semantics.rule import Facts, rule


@rule("NUMERIC arithmetic is exact, rounds to nine decimals and overflows at 29 digits", exp.Mul, exp.Div)
def numeric_arithmetic(node: exp.Binary, facts: Facts) -> Node | None:
    if types.kind(node.type) != "NUMERIC":
        return None
    function = "_numeric_multiply" if isinstance(node, exp.Mul) else "_numeric_divide"
    return typed(macro(function, exact_literal(node.left, "NUMERIC"), exact_literal(node.right, "NUMERIC")), "NUMERIC")


@rule("SAFE_DIVIDE of NUMERIC is NUMERIC", exp.SafeDivide)
def numeric_safe_divide(node: exp.SafeDivide, facts: Facts) -> Node | None:
    if types.kind(node.type) != "NUMERIC":
        return None
    divided = macro("_numeric_divide", exact_literal(node.this, "NUMERIC"), exact_literal(node.expression, "NUMERIC"))
    zero = exp.EQ(this=node.expression.copy(), expression=exp.Literal.number(0))
    return typed(exp.Case(ifs=[exp.If(this=zero, true=exp.null())], default=divided), "NUMERIC")


@rule("NaN is equal to nothing", exp.EQ)
def nan_equals_nothing(node: exp.EQ, facts: Facts) -> Node | None:
    if of(node.this) != "FLOAT64" or of(node.expression) != "FLOAT64" or isinstance(node.parent, exp.Update):
        return None
    number = exp.Not(this=call("isnan", node.this))
    return exp.Paren(this=exp.And(this=node.copy(), expression=number))


@rule("a result that is too large for FLOAT64 is an error", exp.Exp)
def float_overflow(node: exp.Exp, facts: Facts) -> Node | None:
    return typed(macro("_finite", node.this, node.copy(), "EXP"), "FLOAT64")
