"""BigQuery's types: their names, what is coerced to what, and the common type of several values."""

from collections.abc import Iterable

from sqlglot import exp

T = exp.DataType.Type

KINDS = {
    **dict.fromkeys((T.TEXT, T.VARCHAR, T.CHAR, T.NVARCHAR), "STRING"),
    **dict.fromkeys((T.BIGINT, T.INT, T.SMALLINT, T.TINYINT), "INT64"),
    **dict.fromkeys((T.DOUBLE, T.FLOAT), "FLOAT64"),
    **dict.fromkeys((T.BINARY, T.VARBINARY), "BYTES"),
    **dict.fromkeys((T.TIMESTAMP, T.DATETIME), "DATETIME"),
    **dict.fromkeys((T.TIMESTAMPTZ, T.TIMESTAMPLTZ), "TIMESTAMP"),
    T.DECIMAL: "NUMERIC",
    T.BIGDECIMAL: "BIGNUMERIC",
    T.BOOLEAN: "BOOL",
    **{kind: kind.name for kind in (T.DATE, T.TIME, T.INTERVAL, T.JSON, T.ARRAY, T.STRUCT, T.RANGE, T.NULL)},
}
NUMBERS = frozenset({"INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64"})
INSTANTS = frozenset({"DATE", "DATETIME", "TIMESTAMP", "TIME"})
COERCED = {
    "INT64": {"NUMERIC", "BIGNUMERIC", "FLOAT64"},
    "NUMERIC": {"BIGNUMERIC", "FLOAT64"},
    "BIGNUMERIC": {"FLOAT64"},
    "DATE": {"DATETIME"},
}
LITERALS = {  # what a literal is coerced to besides
    "STRING": INSTANTS | {"INTERVAL"},
    "FLOAT64": {"NUMERIC", "BIGNUMERIC"},
}
ORDER = ("INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64")  # a number's common type with another is the later one


def kind(datatype: exp.DataType | None) -> str | None:
    """Return the name of a type without its parameters; None for an unknown one."""
    if datatype is None or not isinstance(datatype.this, exp.DataType.Type):
        return None
    return KINDS.get(datatype.this)


def name(datatype: exp.DataType | None) -> str:
    """Return a type as BigQuery's messages write it."""
    if datatype is None:
        return "?"
    if datatype.this == T.NULL:
        return "NULL"
    return datatype.sql(dialect="bigquery")


def build(text: str) -> exp.DataType:
    """Return the type that BigQuery writes as `text`: `ARRAY<STRUCT<a INT64>>`."""
    return exp.DataType.build(text, dialect="bigquery")


def coerced(source: str, target: str, literal: bool = False) -> bool:
    """Whether a value of the type `source` is coerced to `target` without a CAST."""
    if source in (target, "NULL") or target in COERCED.get(source, ()):
        return True
    return literal and target in LITERALS.get(source, ())


def supertype(kinds: Iterable[str]) -> str | None:
    """Return the type that values of these types have in common; None where there is none."""
    found = {kind for kind in kinds if kind != "NULL"}
    if len(found) <= 1:
        return found.pop() if found else "NULL"
    if found <= NUMBERS:
        return max(found, key=ORDER.index)
    return "DATETIME" if found == {"DATE", "DATETIME"} else None
