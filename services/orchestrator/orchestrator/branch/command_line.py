"""The command line of `make branch-dataset`. tools/local/branch.py calls it."""

import argparse
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from connections_file import ConnectionsFileError, load
from orchestrator.branch.build import Branch, BranchError, Built, Model
from orchestrator.branch.comparison import Columns, Comparison, query, read
from orchestrator.settings import Settings
from platform_kit.settings import SettingsError

NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")


def compare(client: Any, model: Model) -> Comparison:
    """Return what differs in a model; sends one query."""
    before, now = _columns(client, model.main), _columns(client, model.branch)
    [row] = client.query_and_wait(query(model, before, now or {}), job_config=_limit())
    return read(dict(row.items()), before, now or {})


def _columns(client: Any, table: str | None) -> Columns | None:
    """Return the columns of a table; None if it does not exist."""
    from google.api_core.exceptions import NotFound

    if table is None:
        return None
    try:
        found = client.get_table(table)
    except NotFound:
        return None
    return {
        item.name: f"ARRAY<{item.field_type}>" if item.mode == "REPEATED" else item.field_type for item in found.schema
    }


def _limit() -> Any:
    from google.cloud.bigquery import QueryJobConfig

    limit = Settings.read().maximum_bytes_billed
    return QueryJobConfig(maximum_bytes_billed=limit) if limit else QueryJobConfig()


def table_lines(compared: list[tuple[str, Comparison]]) -> list[str]:
    """Return the comparison as an aligned table."""
    header = ("model", "rows before", "rows now", "only before", "only now", "columns that differ")
    rows = [header]
    for name, found in compared:
        numbers = (found.rows_before, found.rows_now, found.only_before, found.only_now)
        texts = ["" if number is None else f"{number:,}" for number in numbers]
        if found.rows_before is None:
            texts[0] = "new"
        rows.append((name, *texts, "; ".join(found.columns) or ("equal" if found.is_equal else "")))  # type: ignore[arg-type]
    widths = [max(len(row[at]) for row in rows) for at in range(len(header) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    ]


def build(branch: Branch, base: str) -> int:
    """Build the branch, and show what differs. Return 1 if a model or a test failed."""
    from platform_kit import bigquery

    settings = Settings.read()
    built = branch.build(base)
    if not built.models and not built.failures:
        print(f"No model differs from {base}.")
    emulator = settings.emulator if settings.warehouse == "emulator" else None
    client = bigquery.client(settings.project, settings.location, emulator=emulator)
    compared, failures = _compared(client, built)
    if compared:
        print("\n".join(table_lines(compared)))
        print(
            f"The tables are in {', '.join(branch.datasets())}. "
            f"To remove them: make branch-dataset name={branch.name} drop=1"
        )
    for name in built.removed:
        print(f"{name}: the model is not in this checkout any more; its table stays")
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _compared(client: Any, built: Built) -> tuple[list[tuple[str, Comparison]], list[str]]:
    """Return what differs in each model, and what failed in dbt or was refused by the warehouse."""
    from google.api_core.exceptions import GoogleAPICallError

    compared, failures = [], [*built.failures]
    for model in built.models:
        try:
            compared.append((model.name, compare(client, model)))
        except GoogleAPICallError as error:
            failures.append(f"{model.name} was built, but cannot be compared: {error.message}")
    return compared, failures


def drop(branch: Branch) -> int:
    """Delete the datasets of the branch; the main ones stay."""
    from platform_kit import bigquery

    settings = Settings.read()
    emulator = settings.emulator if settings.warehouse == "emulator" else None
    client = bigquery.client(settings.project, settings.location, emulator=emulator)
    for dataset in branch.datasets():
        client.delete_dataset(dataset, delete_contents=True, not_found_ok=True)
        print(f"deleted {dataset}")
    shutil.rmtree(branch.folder)  # a second drop is told that there is nothing
    return 0


def main(given: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="branch")
    parser.add_argument("--name", required=True)
    parser.add_argument("--base", default="main")
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--drop", action="store_true")
    arguments = parser.parse_args(given)
    if not NAME.fullmatch(arguments.name):
        print(f"name={arguments.name}: a name has lower case letters, digits and _ (at most 30).", file=sys.stderr)
        return 1
    checkout = arguments.checkout.resolve()
    try:
        settings = Settings.read()
        streams = [stream for each in load(settings.connections_file).connections for stream in each.streams]
        marked = [stream.dbt_source for stream in streams if stream.deletions == "mark"]
        branch = Branch(arguments.name, checkout, settings.dbt_project, arguments.dataset, marked)
        return drop(branch) if arguments.drop else build(branch, arguments.base)
    except (BranchError, ConnectionsFileError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
