"""A table's profile: its figures under the names of dbt_profiler, and how Dagster shows and keeps them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import dagster as dg

from orchestrator.profiles.query import LONGEST, TOP_VALUES, Column

PROFILE, TABLE, PREFIX, PROBLEM = "profile", "profile_table", "profile/", "profile_problem"
"""The names in Dagster's metadata: the profile as JSON, as a table, each plotted figure, why there is no profile."""
PLOTTED = ("not_null_proportion", "distinct_count", "avg", "avg_length")
ALSO_PLOTTED = ("min", "max", "median", "std_dev_population", "distinct_proportion", "min_length", "max_length")
PLOTS = 80
"""Dagster's page shows the plots of the first 100 numbers of an asset."""
LARGEST_INT = 2**31 - 1
"""Dagster's API has no larger integers; a larger number is kept as a double."""
SHOWN = (
    *("data_type", "not_null_proportion", "distinct_proportion", "distinct_count", "is_unique", "min", "max"),
    *("avg", "median", "std_dev_population", "min_length", "max_length", "top_values"),
)

type Number = int | float
type Profile = dict[str, Any]


def column_profile(column: Column, found: Mapping[str, Any]) -> Profile:
    """Return the figures of one column; those that its type or its values do not have are absent."""
    rows, known, distinct = int(found["row_count"]), int(found["known"]), found.get("distinct")
    profile: Profile = {"column_name": column.name, "data_type": column.type, "row_count": rows}
    if rows:
        profile["not_null_proportion"] = known / rows
    if distinct is not None:
        profile |= {"distinct_count": int(distinct), "is_unique": distinct == rows}
        if rows:
            profile["distinct_proportion"] = distinct / rows
    quartiles = found.get("quartiles") or [None] * 5
    names = {
        **{"min": found.get("min"), "max": found.get("max"), "avg": found.get("avg")},
        **{"q1": quartiles[1], "median": quartiles[2], "q3": quartiles[3]},
        **{"std_dev_population": found.get("deviation"), "min_length": found.get("shortest")},
        **{"max_length": found.get("longest"), "avg_length": found.get("length")},
    }
    if found.get("trues") is not None and known:
        names["avg"] = found["trues"] / known
    profile |= {name: shown for name, value in names.items() if (shown := _shown(value)) is not None}
    top = [
        {"value": each["value"], "count": each["count"]} for each in found.get("top") or [] if each["value"] is not None
    ]
    if top and top[0]["count"] > 1:  # of unique values, none is frequent
        profile["top_values"] = top[:TOP_VALUES]
    return profile


def _shown(value: Any) -> Number | str | None:
    """Return a figure as JSON has it; a number that a double does not keep is text."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if abs(value) <= 2**53 else str(value)
    if isinstance(value, Decimal):
        if value == value.to_integral_value() and abs(value) <= 2**53:
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else f"{value:f}"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)[:LONGEST]


def numbers(profile: Profile, limit: int) -> dict[str, float]:
    """Return the numeric figures by name: `row_count`, `<column>/<figure>`; at most `limit`, the telling ones first."""
    found: dict[str, float] = {"row_count": profile["row_count"]}
    for names in (PLOTTED, ALSO_PLOTTED):
        for column in profile["columns"]:
            for name in names:
                value = column.get(name)
                if isinstance(value, int | float) and len(found) < limit:
                    found[f"{column['column_name']}/{name}"] = value
    return found


def metadata(profile: Profile) -> dict[str, Any]:
    """Return a profile as the metadata of a Dagster event."""
    plots = {
        f"{PREFIX}{name}": value if isinstance(value, int) and abs(value) <= LARGEST_INT else float(value)
        for name, value in numbers(profile, PLOTS).items()
    }
    return {PROFILE: dg.MetadataValue.json(profile), TABLE: dg.MetadataValue.md("\n".join(_table(profile))), **plots}


def _table(profile: Profile) -> Iterator[str]:
    """Yield the lines of the profile as a Markdown table, a line for each column."""
    sample = f", {profile['rows_read']} of them read (a sample)" if profile["is_sample"] else ""
    yield f"{profile['row_count']} rows{sample}"
    yield ""
    yield f"| column | {' | '.join(SHOWN)} |"
    yield f"|{'---|' * (len(SHOWN) + 1)}"
    for column in profile["columns"]:
        yield f"| {' | '.join(_cell(column.get(name)) for name in ('column_name', *SHOWN))} |"
    if profile["columns_left_out"]:
        yield ""
        yield f"{profile['columns_left_out']} more columns are not profiled."


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        value = ", ".join(f"{each['value']} ({each['count']})" for each in value)
    return str(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("\r", " ")


def table_profile(table: str, columns: Sequence[Profile], *, read: int, rows: int | None, left_out: int) -> Profile:
    """Return a table's profile from `read` rows; `rows` is the number of all rows if these are a sample of them."""
    return {
        **{"version": 1, "table": table, "row_count": read if rows is None else rows},
        **{"rows_read": read, "is_sample": rows is not None},
        **{"columns": list(columns), "columns_left_out": left_out},
    }
