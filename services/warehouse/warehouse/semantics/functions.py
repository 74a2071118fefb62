"""Functions in Python for what DuckDB cannot compute exactly: macros of functions.sql call them off their fast path."""

import decimal
import functools
from typing import Any

import duckdb
from duckdb.func import SPECIAL

from warehouse.semantics import (
    bytes_functions,
    format_function,
    format_models,
    instant_formats,
    instants,
    json_functions,
    number_functions,
    text_functions,
)

LIMIT = decimal.Decimal("99999999999999999999999999999.999999999")
EXACT = decimal.Context(prec=100, rounding=decimal.ROUND_HALF_UP)
NINTH = decimal.Decimal("1e-9")
NUMERIC = "DECIMAL(38, 9)"


def _numeric(value: decimal.Decimal, operator: str) -> decimal.Decimal:
    value = value.quantize(NINTH, context=EXACT)
    if value.copy_abs() > LIMIT:  # abs() would round to 28 digits
        raise ValueError(f"numeric overflow in {operator}")
    return value


def multiply(a: decimal.Decimal, b: decimal.Decimal) -> decimal.Decimal:
    """Return the product, rounded to nine decimals. Raises ValueError from 10^29 on."""
    return _numeric(EXACT.multiply(a, b), "*")


def divide(a: decimal.Decimal, b: decimal.Decimal) -> decimal.Decimal:
    """Return the quotient, rounded to nine decimals. Raises ValueError from 10^29 on, and for a division by zero."""
    if not b:
        raise ValueError(f"division by zero: {a.normalize():f} / 0")
    return _numeric(EXACT.divide(a, b), "/")


FUNCTIONS: dict[str, tuple[Any, Any, str]] = {
    "_numeric_multiply_exact": (multiply, [NUMERIC, NUMERIC], NUMERIC),
    "_parse_instant": (instants.parse, ["VARCHAR", "VARCHAR", "VARCHAR"], "BIGINT"),
    "_zone_name": (instants.zone_name, ["DOUBLE", "VARCHAR"], "VARCHAR"),  # in place of local-bigquery's
    "_numeric_divide_exact": (divide, [NUMERIC, NUMERIC], NUMERIC),
    **bytes_functions.FUNCTIONS,
    **format_function.FUNCTIONS,
    **format_models.FUNCTIONS,
    **instant_formats.FUNCTIONS,
    **json_functions.FUNCTIONS,
    **number_functions.FUNCTIONS,
    **text_functions.FUNCTIONS,
}


NULL_RESULTS = ("_format", "_numeric_safe_multiply")  # may return None for values that are not NULL


def _strict(function: Any) -> Any:
    """Return a function that gives None for an argument None, as DuckDB does by itself for the other functions."""

    @functools.wraps(function)  # DuckDB counts the parameters
    def strict(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return strict


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the functions on the connection."""
    connection.remove_function("_zone_name")
    for name, (function, parameters, result) in FUNCTIONS.items():
        if name in NULL_RESULTS:
            connection.create_function(name, _strict(function), list[Any](parameters), result, null_handling=SPECIAL)
        else:
            connection.create_function(name, function, list[Any](parameters), result)
