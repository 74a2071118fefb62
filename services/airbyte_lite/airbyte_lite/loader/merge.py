"""The SQL statements that write new versions of rows into a deduplicated table."""

import re

from airbyte_lite.loader import layout
from airbyte_lite.loader.tables import TablePlan

_ROW_NUMBER = "_airbyte_row_number"
LOST_KEY = re.compile(r"no row has the key <(.+?)>")
"""The error of a statement that reads rows without a value in a column of the key, and the column."""

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
    # In this comparison, null equals null. BigQuery can use a hash join for it, which is fast.
    same = " AND ".join(f"(t.`{key}` = s.`{key}` OR (t.`{key}` IS NULL AND s.`{key}` IS NULL))" for key in plan.keys)
    every = _columns(plan)
    return f"""
MERGE `{target}` AS t
USING ({_newest(plan, source)}) AS s
ON {same}
WHEN MATCHED AND ({newer}) THEN UPDATE SET {", ".join(f"{name} = s.{name}" for name in every)}
WHEN NOT MATCHED THEN INSERT ({", ".join(every)}) VALUES ({", ".join(f"s.{name}" for name in every)})
"""  # noqa: S608


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
