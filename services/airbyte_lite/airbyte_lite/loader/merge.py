"""The SQL statements that write new versions of rows into a deduplicated table."""

import json
import re

from google.cloud import bigquery

from airbyte_lite.loader import layout
from airbyte_lite.loader.rows import nulled
from airbyte_lite.loader.tables import TablePlan
from airbyte_lite.loader.widening import widened

_ROW_NUMBER = "_airbyte_row_number"
# What source-s3 reads as a boolean, unless its configuration has other words.
_TRUE, _FALSE = ("y", "yes", "t", "true", "on", "1"), ("n", "no", "f", "false", "off", "0")
LOST_KEY = re.compile(r"no row has the key <(.+?)>")
"""The error of a statement that reads rows without a value in a column of the key, and the column."""
REWRITTEN_KEY = re.compile(r'the key ("(?:[^"\\]|\\.)*") is now ("(?:[^"\\]|\\.)*")')
"""The error of a statement that finds a key of the table in another text: the old one and the new one, as JSON."""

# The names in these statements need no escaping: names.py makes them, or they are names of existing columns.


def insert_sql(plan: TablePlan, target: str, source: str) -> str:
    """Return the statement that fills an empty table with the newest row of each key. Cheaper than a MERGE."""
    return f"INSERT INTO `{target}` ({', '.join(_columns(plan))})\n{_newest(plan, source)}"


def merge_sql(plan: TablePlan, target: str, source: str) -> str:
    """Return the statement that merges the newest row of each key into the table.

    A row replaces the table's row with the same key if its cursor is greater or, with equal cursors, if it was
    extracted later. Null is a valid key: two rows with a null key have the same key.
    """
    newer = f"t.{layout.EXTRACTED_AT} < s.{layout.EXTRACTED_AT}"
    if plan.cursor:
        cursor = f"`{plan.cursor}`"
        newer = (
            f"t.{cursor} < s.{cursor} OR (t.{cursor} IS NULL AND s.{cursor} IS NOT NULL) "
            f"OR (t.{cursor} IS NOT DISTINCT FROM s.{cursor} AND {newer})"
        )
    same = " AND ".join(_same(f"t.`{key}`", f"s.`{key}`") for key in plan.keys)
    every = _columns(plan)
    return f"""
MERGE `{target}` AS t
USING ({_newest(plan, source)}) AS s
ON {same}
WHEN MATCHED AND ({newer}) THEN UPDATE SET {", ".join(f"{name} = s.{name}" for name in every)}
WHEN NOT MATCHED THEN INSERT ({", ".join(every)}) VALUES ({", ".join(f"s.{name}" for name in every)})
"""  # noqa: S608


def noted_sql(plan: TablePlan, target: str, source: str) -> str:
    """Return the statement that notes, in the table's rows, the source's records whose cursor does not fit its type.

    Such a record does not replace a row, so that nothing in the table would tell of it. The statement finds the rows by
    their raw ids: a table that was appended to before has several rows with one key.
    """
    field = next(column.field for column in plan.columns if column.name == plan.cursor)
    keys = ", ".join(f"`{key}`" for key in plan.keys)
    same = " AND ".join(_same(f"t.`{key}`", f"s.`{key}`") for key in plan.keys)
    meta = f"t.{layout.META}"  # old Airbyte releases write {"errors": []}
    noting = f"IF(JSON_QUERY({meta}, '$.changes') IS NULL, JSON_SET({meta}, '$.changes', JSON '[]'), {meta})"
    appended = f"JSON_ARRAY_APPEND({noting}, '$.changes', PARSE_JSON({_literal(json.dumps(nulled(field)))}))"
    return f"""
MERGE `{target}` AS r
USING (
  SELECT t.{layout.RAW_ID}, {appended} AS _airbyte_noted
  FROM `{target}` AS t
  JOIN (SELECT DISTINCT {keys} FROM `{source}` WHERE `{plan.cursor}` IS NULL AND {_has_note("", field)}) AS s
  ON {same}
  WHERE NOT {_has_note("t.", field)}
) AS s
ON r.{layout.RAW_ID} = s.{layout.RAW_ID}
WHEN MATCHED THEN UPDATE SET {layout.META} = s._airbyte_noted
"""  # noqa: S608


def _has_note(table: str, field: str) -> str:
    """Return the condition that a row notes a change of a field."""
    changes = f"UNNEST(JSON_QUERY_ARRAY({table}{layout.META}, '$.changes'))"
    return f"EXISTS (SELECT 1 FROM {changes} AS c WHERE JSON_VALUE(c, '$.field') = {_literal(field)})"  # noqa: S608


def rewritten_sql(plan: TablePlan, existing: bigquery.Table, target: str, source: str) -> str:
    """Return the query that fails if a retyped key has another text in the source than in the table: `007` and `7`.

    The row would stay beside its new version. Run it before the table gets the new types.
    """
    casts = {column.name: column.cast() for column in widened(existing, plan.schema)}
    old = ", ".join(f"{casts.get(key, f'`{key}`')} AS `{key}`" for key in plan.keys)
    sides = {key: (f"t.`{key}`", f"s.`{key}`") for key in plan.keys}
    same = " AND ".join(
        _same(*(_value(side, plan.retyped_keys.get(key)) for side in both)) for key, both in sides.items()
    )
    differ = " OR ".join(f"{old_} != {new}" for old_, new in (sides[key] for key in plan.retyped_keys))
    shown = [", ', ', ".join(f"COALESCE({sides[key][at]}, 'NULL')" for key in plan.retyped_keys) for at in (0, 1)]
    texts = [f"TO_JSON_STRING(CONCAT({text}))" for text in shown]  # an error may end at a line break
    return f"""
SELECT ERROR(CONCAT('the key ', {texts[0]}, ' is now ', {texts[1]}))
FROM (SELECT {old} FROM `{target}`) AS t
JOIN `{source}` AS s ON {same}
WHERE {differ}
"""  # noqa: S608


def _literal(text: str) -> str:
    """Return the text as SQL."""
    return "'" + "".join(c if c.isascii() and c.isalnum() else rf"\U{ord(c):08x}" for c in text) + "'"


def _same(one: str, other: str) -> str:
    """Return the comparison in which null equals null. BigQuery can use a hash join for it, which is fast."""
    return f"({one} = {other} OR ({one} IS NULL AND {other} IS NULL))"


def _value(text: str, type_: str | None) -> str:
    """Return the expression for a text in the form that BigQuery writes for its value, or as it is."""
    if type_ == "BOOL":
        word = f"LOWER(TRIM({text}))"
        return f"CASE WHEN {word} IN {_TRUE} THEN 'true' WHEN {word} IN {_FALSE} THEN 'false' ELSE {text} END"
    return f"COALESCE(CAST(SAFE_CAST(TRIM({text}) AS {type_}) AS STRING), {text})" if type_ else text


def _newest(plan: TablePlan, source: str) -> str:
    """Return the query for the newest row of each key, by cursor, then time of extraction, then raw id.

    The query fails with an error that LOST_KEY matches if no row has a value in a column of the key: another query for
    that would cost a job, and BigQuery bills at least 10 MB for it.
    """
    cursor = [f"`{plan.cursor}` IS NULL", f"`{plan.cursor}` DESC"] if plan.cursor else []
    order = [*cursor, f"{layout.EXTRACTED_AT} DESC", f"{layout.RAW_ID} DESC"]
    keys = ", ".join(f"`{key}`" for key in plan.keys)
    numbered = f"SELECT *, ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY {', '.join(order)}) AS {_ROW_NUMBER}"
    newest = f"SELECT {', '.join(_columns(plan))} FROM ({numbered} FROM `{source}`) WHERE {_ROW_NUMBER} = 1"  # noqa: S608
    return " AND ".join([newest, *(_has_values(key, source) for key in plan.keys)])


def _has_values(key: str, source: str) -> str:
    count = f"(SELECT COUNT(`{key}`) FROM `{source}`)"  # noqa: S608
    return f"IF({count} > 0, TRUE, ERROR('no row has the key <{key}>'))"


def _columns(plan: TablePlan) -> list[str]:
    return [f"`{item.name}`" for item in plan.schema]
