"""Mathematics of NUMERIC, which DuckDB computes with doubles; BIGNUMERIC's products and quotients."""

import contextlib
import decimal
from collections.abc import Callable

Decimal = decimal.Decimal
EXACT = decimal.Context(prec=120, rounding=decimal.ROUND_HALF_UP)
NUMERIC, BIGNUMERIC = "DECIMAL(38, 9)", "DECIMAL(38, 18)"
LIMITS = {NUMERIC: Decimal("1e29"), BIGNUMERIC: Decimal("1e20")}
SCALES = {NUMERIC: Decimal("1e-9"), BIGNUMERIC: Decimal("1e-18")}


def rounded(value: Decimal, kind: str, words: str) -> Decimal:
    """Return `value` as the type stores it.

    Raises ValueError for one that is too large, and for a BIGNUMERIC that needs more than the 18 decimals of the
    emulator.
    """
    result = value.quantize(SCALES[kind], context=EXACT)
    if result.copy_abs() >= LIMITS[kind]:  # abs() would round to 28 digits
        raise ValueError(f"numeric overflow: {words}")
    if kind == BIGNUMERIC and result != value.quantize(Decimal("1e-38"), context=EXACT):
        raise ValueError(f"{words}: the emulator has no BIGNUMERIC with more than 18 decimals")
    return result


def _of_one(
    name: str, function: Callable[[Decimal], Decimal], undefined: Callable[[Decimal], bool]
) -> Callable[..., Decimal]:
    def compute(x: Decimal) -> Decimal:
        if undefined(x):
            raise ValueError(f"{name} is undefined for {x.normalize():f}")
        return rounded(function(x), NUMERIC, f"{name}({x.normalize():f})")

    return compute


def power(x: Decimal, y: Decimal) -> Decimal:
    """Return x to the power of y. Raises ValueError where it is not defined or too large."""
    words = f"POW({x.normalize():f}, {y.normalize():f})"
    if (x == 0 and y < 0) or (x < 0 and y != y.to_integral_value()):
        raise ValueError(f"{words} is not defined")
    if x == 0:
        return Decimal(0) if y else Decimal(1)
    if y * abs(x).log10(EXACT) > 30:
        raise ValueError(f"numeric overflow: {words}")
    return rounded(EXACT.power(x, y), NUMERIC, words)


def logarithm(x: Decimal, base: Decimal) -> Decimal:
    """Return the logarithm of x. Raises ValueError where it is not defined."""
    if x <= 0 or base <= 0 or base == 1:
        raise ValueError(f"LOG({x.normalize():f}, {base.normalize():f}) is not defined")
    return rounded(EXACT.divide(x.ln(EXACT), base.ln(EXACT)), NUMERIC, "LOG")


def cube_root(x: Decimal) -> Decimal:
    """Return the cube root of x."""
    root = EXACT.power(x.copy_abs(), Decimal(1) / Decimal(3)) if x else Decimal(0)
    return rounded(root.copy_sign(x), NUMERIC, "CBRT")


def product(a: Decimal, b: Decimal) -> Decimal:
    """Return the product of two NUMERICs, rounded to nine decimals. Raises ValueError from 10^29 on."""
    return rounded(EXACT.multiply(a, b), NUMERIC, "*")


def quotient(a: Decimal, b: Decimal) -> Decimal:
    """Return the quotient of two NUMERICs, rounded to nine decimals.

    Raises ValueError from 10^29 on, and for a division by zero.
    """
    if not b:
        raise ValueError(f"division by zero: {a.normalize():f} / 0")
    return rounded(EXACT.divide(a, b), NUMERIC, "/")


def bignumeric_product(a: Decimal, b: Decimal) -> Decimal:
    """Return a product. Raises ValueError when the emulator cannot store it."""
    return rounded(EXACT.multiply(a, b), BIGNUMERIC, "product of BIGNUMERIC")


def bignumeric_quotient(a: Decimal, b: Decimal) -> Decimal:
    """Return a quotient. Raises ValueError for a division by zero, and when the emulator cannot store it."""
    if not b:
        raise ValueError(f"division by zero: {a.normalize():f} / 0")
    return rounded(EXACT.divide(a, b), BIGNUMERIC, "quotient of BIGNUMERIC")


def bignumeric_text(text: str) -> str:
    """Return the text of a BIGNUMERIC. Raises ValueError for more than the 18 decimals of the emulator."""
    with contextlib.suppress(decimal.InvalidOperation):  # DuckDB's cast names what is not a number
        if int(Decimal(text).normalize(EXACT).as_tuple().exponent) < -18:
            raise ValueError(f"{text}: the emulator has no BIGNUMERIC with more than 18 decimals")
    return text


def round_to(x: Decimal, digits: int, mode: str) -> Decimal:
    """Return `x` rounded to a number of decimals, negative before the point. Raises ValueError for one too large."""
    if digits >= 9:
        return x
    unit = Decimal(1).scaleb(-digits)
    if digits < -38:
        return Decimal(0)
    units = EXACT.divide(x, unit).quantize(Decimal(1), rounding=mode, context=EXACT)
    return rounded(EXACT.multiply(units, unit), NUMERIC, "ROUND")


def product_or_null(a: Decimal, b: Decimal) -> Decimal | None:
    """Return the product of two NUMERICs; None for one that is too large (SAFE_MULTIPLY)."""
    try:
        return product(a, b)
    except ValueError:
        return None


N, B = NUMERIC, BIGNUMERIC
FUNCTIONS = {
    "_numeric_ln": (_of_one("LN", lambda x: x.ln(EXACT), lambda x: x <= 0), [N], N),
    "_numeric_sqrt": (_of_one("SQRT", lambda x: x.sqrt(EXACT), lambda x: x < 0), [N], N),
    "_numeric_exp": (_of_one("EXP", lambda x: x.exp(EXACT), lambda x: x > 70), [N], N),
    "_numeric_log10": (_of_one("LOG10", lambda x: x.log10(EXACT), lambda x: x <= 0), [N], N),
    "_numeric_log": (logarithm, [N, N], N),
    "_numeric_pow": (power, [N, N], N),
    "_numeric_cbrt": (cube_root, [N], N),
    "_numeric_multiply_exact": (product, [N, N], N),
    "_numeric_divide_exact": (quotient, [N, N], N),
    "_numeric_safe_multiply": (product_or_null, [N, N], N),
    "_numeric_round": (lambda x, digits: round_to(x, digits, decimal.ROUND_HALF_UP), [N, "BIGINT"], N),
    "_numeric_round_even": (lambda x, digits: round_to(x, digits, decimal.ROUND_HALF_EVEN), [N, "BIGINT"], N),
    "_numeric_trunc": (lambda x, digits: round_to(x, digits, decimal.ROUND_DOWN), [N, "BIGINT"], N),
    "_bignumeric_product": (bignumeric_product, [B, B], B),
    "_bignumeric_quotient": (bignumeric_quotient, [B, B], B),
    "_bignumeric_text": (bignumeric_text, ["VARCHAR"], "VARCHAR"),
}
