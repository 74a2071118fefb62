"""The statement that brings new versions of rows into a deduplicated table."""

from airbyte_lite.loader import names
from airbyte_lite.loader.tables import TablePlan


def merge_sql(plan: TablePlan, target: str, source: str) -> str:
    """Return a MERGE of the newest row of each key: by cursor, then time of extraction, then order of arrival (raw id).

    A missing key is a key like any other. A row that is not newer than the table's leaves the table's as it is.
    """
    every = [_quoted(item.name) for item in plan.schema]
    keys = [_quoted(key) for key in plan.keys]
    cursor = _quoted(plan.cursor) if plan.cursor else None
    order = [f"{name} DESC" for name in (names.EXTRACTED_AT, names.RAW_ID)]
    newer = f"t.{names.EXTRACTED_AT} < s.{names.EXTRACTED_AT}"
    if cursor and plan.cursor != names.EXTRACTED_AT:
        order.insert(0, f"{cursor} IS NULL, {cursor} DESC")
        newer = (
            f"t.{cursor} < s.{cursor} OR (t.{cursor} IS NULL AND s.{cursor} IS NOT NULL) "
            f"OR (t.{cursor} IS NOT DISTINCT FROM s.{cursor} AND {newer})"
        )
    return f"""
MERGE `{target}` AS t
USING (
  SELECT {", ".join(every)}
  FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY {", ".join(keys)} ORDER BY {", ".join(order)}) AS _airbyte_row_number
    FROM `{source}`
  )
  WHERE _airbyte_row_number = 1
) AS s
ON {" AND ".join(f"t.{key} IS NOT DISTINCT FROM s.{key}" for key in keys)}
WHEN MATCHED AND ({newer}) THEN UPDATE SET {", ".join(f"{name} = s.{name}" for name in every)}
WHEN NOT MATCHED THEN INSERT ({", ".join(every)}) VALUES ({", ".join(f"s.{name}" for name in every)})
"""  # noqa: S608 - nothing but names that names.py and BigQuery have made


def _quoted(name: str) -> str:
    return f"`{name}`"
