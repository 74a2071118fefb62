"""Bridges for STRUCT values."""

from typing import Any

from local_bigquery.sql import translate
from sqlglot import exp


def field_names() -> None:
    """Name the fields of `STRUCT(a, t.b)` after their columns, as BigQuery does: local-bigquery gives them no names."""
    translate.STATEMENT_RULES.insert(0, _named)


def _named(tree: exp.Expression, context: Any) -> exp.Expression:  # noqa: ARG001 the signature of a rule
    for struct in list(tree.find_all(exp.Struct)):
        if isinstance(struct.parent, exp.Cast):  # in STRUCT<a INT64>(x) the type has the names already
            continue
        for field in list(struct.expressions):
            if isinstance(field, exp.Column | exp.Dot) and field.name and not isinstance(field.this, exp.Star):
                field.replace(exp.PropertyEQ(this=exp.to_identifier(field.name), expression=field.copy()))
    return tree
