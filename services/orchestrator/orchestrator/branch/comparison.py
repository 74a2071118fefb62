"""Compares a table of the branch with the one in the main datasets: one query, whatever the number of columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.branch.build import Model

NESTED = {"STRUCT", "RECORD", "JSON", "GEOGRAPHY", "ARRAY"}
"""Types whose values BigQuery cannot compare directly."""
Columns = Mapping[str, str]
"""Name of each column → its type."""


@dataclass
class Comparison:
    """What differs."""

    rows_before: int | None
    rows_now: int
    only_before: int | None = None
    """Rows whose key the branch does not have; None: there is no key to compare by."""
    only_now: int | None = None
    columns: list[str] = field(default_factory=list)
    """A text for each column that differs."""

    @property
    def is_equal(self) -> bool:
        """Whether the tables have the same rows."""
        return self.rows_before == self.rows_now and not (self.only_before or self.only_now or self.columns)


def query(model: Model, before: Columns | None, now: Columns) -> str:
    """Return the query of a model. Its result has one row; `compared` says which columns it compares."""
    if before is None or model.main is None:
        return f"select count(*) as rows_now from `{model.branch}`"  # noqa: S608 -- names come from dbt's manifest
    counts = (
        f"(select count(*) from `{model.main}`) as rows_before, (select count(*) from `{model.branch}`) as rows_now"  # noqa: S608
    )
    common = compared(before, now)
    key = _named(model.key, common)
    if key is None:
        sums = [
            f"(select sum(cast(farm_fingerprint(to_json_string({_quoted(name)})) as numeric)) from `{model.main}`) "  # noqa: S608
            f"is distinct from (select sum(cast(farm_fingerprint(to_json_string({_quoted(name)})) as numeric)) "
            f"from `{model.branch}`) as c{number}"
            for number, name in enumerate(common)
        ]
        return "select " + ",\n  ".join([counts, *sums])
    quoted = _quoted(key)
    both = f"a.{quoted} is not null and b.{quoted} is not null"
    differences = [
        f"countif({both} and {_value('a', name, kind)} is distinct from {_value('b', name, kind)}) as c{number}"
        for number, (name, kind) in enumerate((name, now[name]) for name in common)
    ]
    only = [f"countif(b.{quoted} is null) as only_before", f"countif(a.{quoted} is null) as only_now"]
    selected = ",\n  ".join([counts, *only, *differences])
    return f"select {selected}\nfrom `{model.main}` as a full join `{model.branch}` as b on a.{quoted} = b.{quoted}"


def compared(before: Columns, now: Columns) -> list[str]:
    """Return the columns that both tables have with the same type, in the order of the branch's table."""
    return [name for name, kind in now.items() if before.get(name) == kind]


def read(row: Mapping[str, Any], before: Columns | None, now: Columns) -> Comparison:
    """Return what the row of the query says, with the columns that are new, gone or of another type."""
    if before is None:
        return Comparison(None, int(row["rows_now"]))
    found = Comparison(int(row["rows_before"]), int(row["rows_now"]), row.get("only_before"), row.get("only_now"))
    found.columns += [f"+ {name} {kind}" for name, kind in now.items() if name not in before]
    found.columns += [f"- {name}" for name in before if name not in now]
    found.columns += [
        f"{name}: {before[name]} is now {kind}" for name, kind in now.items() if before.get(name, kind) != kind
    ]
    for number, name in enumerate(compared(before, now)):
        value = row[f"c{number}"]
        if value is True:
            found.columns.append(f"{name}: other values")
        elif value:
            found.columns.append(f"{name}: {value:,} rows")
    return found


def _named(key: str | None, columns: list[str]) -> str | None:
    """Return the column of the key in the tables; None if one of them does not have it."""
    return next((name for name in columns if key and name.lower() == key.strip('`"').lower()), None)


def _quoted(name: str) -> str:
    return f"`{name}`"


def _value(table: str, name: str, kind: str) -> str:
    column = f"{table}.{_quoted(name)}"
    return f"to_json_string({column})" if kind.split("<")[0] in NESTED else column
