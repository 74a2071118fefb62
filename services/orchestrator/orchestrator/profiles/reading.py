"""Reads profiles from the warehouse: one query job for several tables, or one for each table if one of them fails."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from orchestrator.profiles.figures import Profile, column_profile, table_profile
from orchestrator.profiles.query import Column, Part, batches, parts, query
from orchestrator.warehouse import Warehouse

MOST_COLUMNS = 300
"""The columns of a table that are profiled: a profile of 300 columns is 150 kB in Dagster's database."""
MOST_BYTES = 10 * 2**30
"""What BigQuery may bill for one query: a view has no rows of its own, so no sample of it can be read."""
TECHNICAL = ("_airbyte_", "_ab_source_file_")
"""Airbyte's own columns are not profiled: each row has another id, each sync another time."""


def read_profiles(
    warehouse: Warehouse, tables: Sequence[str], sample_from: int, counted: Sequence[str] = ()
) -> dict[str, Profile | str]:
    """Return the profile of each table, or why it could not be read.

    Of a table with more than `sample_from` rows, a sample of about so many is read. The profiles of the views `counted`
    have their number of rows only.
    """
    found: dict[str, Profile | str] = {}
    plans: dict[str, _Plan | _Count] = {view: _Count(view) for view in counted}
    for table in tables:
        description = _attempt(lambda table=table: warehouse.described(table))  # type: ignore[misc]
        if isinstance(description, str):
            found[table] = description
        else:
            plans[table] = _Plan(table, description, sample_from)

    def ask(batch: Sequence[Part]) -> Mapping[str, Any] | str:
        return _attempt(lambda: warehouse.query(query(batch), most_bytes=MOST_BYTES)[0])

    answers: dict[str, list[tuple[Part, Mapping[str, Any]]]] = {table: [] for table in plans}
    profiled = [part for table, plan in plans.items() if table not in counted for part in plan.parts]
    counts = [part for view in counted for part in plans[view].parts]
    for batch in (*batches(profiled), *batches(counts)):
        answer = ask(batch)
        for at, part in enumerate(batch):
            row = answer[f"part_{at}"] if not isinstance(answer, str) else answer
            # Which table the answer is about is not known. Views are not counted one by one: that is a query for each.
            if isinstance(row, str) and len(batch) > 1 and part.table not in counted:
                alone = ask([part])
                row = alone if isinstance(alone, str) else alone["part_0"]
            if isinstance(row, str):
                found[part.table] = row
            else:
                answers[part.table].append((part, row))
    for table, plan in plans.items():
        if table not in found:
            found[table] = plan.profile(answers[table])
    return found


class _Plan:
    """What is read of one table."""

    def __init__(self, table: str, description: Any, sample_from: int) -> None:
        own = [field for field in description.schema if not field.name.startswith(TECHNICAL)]
        columns = [Column(field.name, field.field_type, field.mode == "REPEATED") for field in own[:MOST_COLUMNS]]
        self._table, self._left_out = table, len(own) - len(columns)
        self._rows = description.num_rows if description.table_type == "TABLE" else None
        is_large = self._rows is not None and self._rows > sample_from
        self.parts = parts(table, columns, percentage(sample_from, self._rows or 1) if is_large else None)

    def profile(self, answers: Sequence[tuple[Part, Mapping[str, Any]]]) -> Profile:
        columns = [column_profile(*found) for part, row in answers for found in part.figures(row)]
        return table_profile(
            self._table,
            columns,
            read=int(answers[0][1]["row_count"]),
            rows=self._rows if self.parts[0].sample is not None else None,
            left_out=self._left_out,
        )


class _Count:
    """Only the number of rows."""

    def __init__(self, view: str) -> None:
        self._view = view
        self.parts = [Part(view, ())]

    def profile(self, answers: Sequence[tuple[Part, Mapping[str, Any]]]) -> Profile:
        return table_profile(self._view, [], read=int(answers[0][1]["row_count"]), rows=None, left_out=0)


def percentage(part: int, whole: int) -> float:
    """Return how many percent a part is: a whole number if it is at least one."""
    percent = 100 * part / whole
    return math.ceil(percent) if percent >= 1 else round(percent, 6)


def _attempt[T](call: Callable[[], T]) -> T | str:
    """Return the result of a call to the warehouse, or the reason why there is none."""
    from google.api_core.exceptions import GoogleAPICallError

    try:
        return call()
    except (GoogleAPICallError, dg.Failure) as error:
        return str(getattr(error, "message", "") or getattr(error, "description", "") or error)
