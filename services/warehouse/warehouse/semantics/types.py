"""BigQuery's types: their names, what is coerced to what, and the common type of several values."""

import functools
from collections.abc import Iterable, Sequence

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
    "STRING": INSTANTS,
    "FLOAT64": {"NUMERIC", "BIGNUMERIC"},
}


CASTS: dict[str, frozenset[str]] = {  # what a type can be cast to
    "INT64": NUMBERS | {"BOOL", "STRING"},
    **dict.fromkeys(("NUMERIC", "BIGNUMERIC", "FLOAT64"), NUMBERS | {"STRING"}),
    "BOOL": frozenset({"BOOL", "INT64", "STRING"}),
    "STRING": NUMBERS | INSTANTS | {"BOOL", "STRING", "BYTES", "RANGE", "INTERVAL"},
    "BYTES": frozenset({"BYTES", "STRING"}),
    "DATE": frozenset({"STRING", "DATE", "DATETIME", "TIMESTAMP"}),
    "DATETIME": INSTANTS | {"STRING"},
    "TIMESTAMP": INSTANTS | {"STRING"},
    "TIME": frozenset({"STRING", "TIME"}),
    "INTERVAL": frozenset({"STRING", "INTERVAL"}),
    "RANGE": frozenset({"STRING", "RANGE"}),
    "ARRAY": frozenset({"ARRAY"}),
    "STRUCT": frozenset({"STRUCT"}),
    "JSON": frozenset({"JSON"}),
}


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
    return _parsed(text, "bigquery").copy()


def stored(text: str) -> exp.DataType:
    """Return the type that DuckDB writes as `text`: `DECIMAL(38, 9)`."""
    return _parsed(text, "duckdb").copy()


@functools.cache
def _parsed(text: str, dialect: str) -> exp.DataType:
    return exp.DataType.build(text, dialect=dialect)


def coerced(source: str, target: str, literal: bool = False) -> bool:
    """Whether a value of the type `source` is coerced to `target` without a CAST."""
    if source in (target, "NULL") or target in COERCED.get(source, ()):
        return True
    return literal and target in LITERALS.get(source, ())


def assignable(source: exp.DataType, target: exp.DataType, literal: bool) -> bool:
    """Whether a value can be stored in a column: it is coerced, and so are its elements and fields."""
    given, wanted = kind(source), kind(target)
    if given is None or wanted is None:
        return True
    if given != wanted:
        return coerced(given, wanted, literal)
    inner, outer = source.expressions, target.expressions
    if given not in ("ARRAY", "STRUCT") or not inner or not outer:
        return True
    pairs = zip((_element(part) for part in inner), (_element(part) for part in outer), strict=False)
    same = len(inner) == len(outer)
    return same and all(a is None or b is None or assignable(a, b, literal=True) for a, b in pairs)


def _element(part: exp.Expr) -> exp.DataType | None:
    found = part.args.get("kind") if isinstance(part, exp.ColumnDef) else part
    return found if isinstance(found, exp.DataType) else None


def supertype(kinds: Iterable[str]) -> str | None:
    """Return the type that values of these types have in common; None where there is none."""
    return common([(kind, False) for kind in kinds], tuple(KINDS.values()))


def common(values: Sequence[tuple[str, bool]], allowed: Sequence[str]) -> str | None:
    """Return the common type of values, each a type and whether it is a literal; None where there is none.

    It is one of `allowed`: the type that one of the values has and to which the others are coerced, else the first to
    which all are coerced. Literals give way to other values.
    """
    present = [(kind, literal) for kind, literal in values if kind != "NULL"]
    if not present:
        return "NULL"
    own = [kind for kind, literal in present if not literal] or [kind for kind, _ in present]
    for target in [*dict.fromkeys(own), *dict.fromkeys(kind for kind, _ in present)]:
        if target in allowed and all(coerced(kind, target, literal) for kind, literal in present):
            return target
    for target in allowed:
        if all(coerced(kind, target, literal and kind == "STRING") for kind, literal in present):
            return target
    return None
