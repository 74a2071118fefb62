"""Functions in Python for what DuckDB cannot compute exactly: macros of functions.sql call them off their fast path."""

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

FUNCTIONS: dict[str, tuple[Any, Any, str]] = {
    "_parse_instant": (instants.parse, ["VARCHAR", "VARCHAR", "VARCHAR"], "BIGINT"),
    "_zone_name": (instants.zone_name, ["DOUBLE", "VARCHAR"], "VARCHAR"),  # in place of local-bigquery's
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
