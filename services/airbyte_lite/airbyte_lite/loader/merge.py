"""The statements that bring new versions of rows into a deduplicated table."""

from airbyte_lite.loader import names
from airbyte_lite.loader.tables import TablePlan

_ROW_NUMBER = "_airbyte_row_number"

# The names in these statements are identifiers that names.py made, or that BigQuery already holds: nothing to escape.


def insert_sql(plan: TablePlan, target: str, source: str) -> str:
    """Return the statement that fills an empty table with the newest row of each key: cheaper than a MERGE."""
    return f"INSERT INTO `{target}` ({', '.join(_columns(plan))})\n{_newest(plan, source)}"


def merge_sql(plan: TablePlan, target: str, source: str) -> str:
    """Return a MERGE of the newest row of each key, where it is newer than the table's by cursor, then by extraction.

    A missing key is a key like any other.
    """
    newer = f"t.{names.EXTRACTED_AT} < s.{names.EXTRACTED_AT}"
    if plan.cursor:
        cursor = f"`{plan.cursor}`"
        newer = (
            f"t.{cursor} < s.{cursor} OR (t.{cursor} IS NULL AND s.{cursor} IS NOT NULL) "
            f"OR (t.{cursor} IS NOT DISTINCT FROM s.{cursor} AND {newer})"
        )
    # BigQuery joins by hash on this form of a comparison that takes two nulls for equal.
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
    """Return the newest row of each key: by cursor, then time of extraction, then order of arrival (raw id)."""
    cursor = [f"`{plan.cursor}` IS NULL", f"`{plan.cursor}` DESC"] if plan.cursor else []
    order = [*cursor, f"{names.EXTRACTED_AT} DESC", f"{names.RAW_ID} DESC"]
    keys = ", ".join(f"`{key}`" for key in plan.keys)
    numbered = f"SELECT *, ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY {', '.join(order)}) AS {_ROW_NUMBER}"
    return f"SELECT {', '.join(_columns(plan))} FROM ({numbered} FROM `{source}`) WHERE {_ROW_NUMBER} = 1"  # noqa: S608


def _columns(plan: TablePlan) -> list[str]:
    return [f"`{item.name}`" for item in plan.schema]
