"""What changes one `dbt build`: the options of Dagster's launchpad, and the tables whose deleted rows are marked."""

import json
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

MACRO = ".is_deleted"


class BuildOptions(dg.Config):
    """The configuration of the step dbt_build. By default, incremental models process only new rows."""

    full_refresh: bool = Field(
        default=False, description="Build the incremental models from scratch. A snapshot keeps its history."
    )
    from_date: str = Field(
        default="", description="Also build the rows of these days again: the first, as YYYY-MM-DD (needs to_date)."
    )
    to_date: str = Field(default="", description="The last of these days, as YYYY-MM-DD (needs from_date).")

    def arguments(self, marked: Collection[str] = ()) -> list[str]:
        """Return the arguments of `dbt build`; raises Failure when the dates are not a range."""
        variables: dict[str, Any] = {}
        if marked:
            variables["deletions_marked"] = sorted(marked)
        if self.from_date or self.to_date:
            variables |= {"from_date": self.from_date, "to_date": self.to_date}
            if not (_is_day(self.from_date) and _is_day(self.to_date) and self.from_date <= self.to_date):
                raise dg.Failure(
                    f"from_date is {self.from_date!r} and to_date is {self.to_date!r}: not two days in the form "
                    "YYYY-MM-DD, the earlier one first. Correct both in the launchpad, or leave both empty."
                )
        # Other variables than at the last parse make dbt parse the whole project again, so none is passed by default.
        return [
            *(["--full-refresh"] if self.full_refresh else []),
            *(["--vars", json.dumps(variables)] if variables else []),
        ]


def check_marked(marked: Collection[str], manifest: Path) -> None:
    """Raise ValueError for a source with `deletions: mark` if no model marks its rows: nothing would be deleted."""
    if not marked:
        return
    content = json.loads(manifest.read_text())
    marking = [node["depends_on"] for node in content["nodes"].values() if _marks(node)]
    for name in marked:
        ids = [key for key in content["sources"] if key.endswith(f".{name}")]
        if not any(key in parents["nodes"] for key in ids for parents in marking):
            source, table = name.split(".")
            raise ValueError(
                f"connections.yaml has deletions: mark for {name}, but no dbt model marks its deleted rows. Add the "
                f"column `{{{{ is_deleted('{source}', '{table}') }}}} as is_deleted` to the staging model, and leave "
                "such rows out of the models after it; or set deletions: keep."
            )


def _marks(node: dict[str, Any]) -> bool:
    return any(macro.endswith(MACRO) for macro in node["depends_on"].get("macros", ()))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
