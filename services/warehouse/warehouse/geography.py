"""GEOGRAPHY without DuckDB's spatial extension, which would be downloaded."""

import re
from typing import Any

from local_bigquery.errors import BigQueryError
from local_bigquery.sql.translate import NODE_RULES
from sqlglot import exp

# DuckDB itself can read and write well-known text, and nothing else of these functions.
MACROS = (
    "CREATE MACRO bq.main.st_geogfromtext(wkt) AS CAST(wkt AS GEOMETRY)",
    "CREATE MACRO bq.main.st_geogpoint(longitude, latitude) AS "
    "CASE WHEN longitude IS NULL OR latitude IS NULL THEN NULL "
    "WHEN abs(latitude) > 90 THEN CAST(error('Latitude must be between -90 and 90 degrees') AS GEOMETRY) "
    "ELSE CAST('POINT(' || longitude || ' ' || latitude || ')' AS GEOMETRY) END",
    r"CREATE MACRO bq.main.st_astext(g) AS regexp_replace(CAST(g AS VARCHAR), '([A-Z]) \(', '\1(', 'g')",
)
SUPPORTED = {"st_geogfromtext", "st_geogpoint", "st_astext"}
FUNCTION = re.compile(r"(?:bq\.main\.)?(st_\w+|s2_\w+)", re.IGNORECASE)


def refused_functions() -> None:
    """Refuse the geography functions that need DuckDB's spatial extension, with a sentence."""
    NODE_RULES.insert(0, _refuse)


def _refuse(node: exp.Expression, context: Any) -> exp.Expression:  # noqa: ARG001 the signature of a rule
    if isinstance(node, exp.Anonymous) and (match := FUNCTION.fullmatch(str(node.this))):
        name = match[1].lower()
        if name not in SUPPORTED and not isinstance(node.parent, exp.Dot):
            raise BigQueryError(
                "invalidQuery",
                f"{name.upper()} is not supported: of the geography functions, the emulator has "
                f"{', '.join(sorted(SUPPORTED)).upper()}",
            )
    return node
