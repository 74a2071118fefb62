"""Values that Airbyte's own connector changes, and airbyte-lite's repairs of it do not: a part of `values_were_cast`.

Whether a connector has the repairs, or whether a newer release needs none, is not known. So the rows of the file say
what has happened.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from orchestrator.checks.table import URL, TableFacts, literal
from orchestrator.reading.exact import LossKind
from orchestrator.reading.facts import FileFacts, Loss
from orchestrator.reading.names import bears
from orchestrator.warehouse import Warehouse

KINDS: frozenset[LossKind] = frozenset({"days", "durations", "precision", "years"})
NUMBERS: frozenset[LossKind] = frozenset({"durations", "precision"})
MOST_FILES = 20
"""So many files with such a value are compared for each column: the program that wrote them is mostly the same."""


def confirmed(facts: Mapping[str, FileFacts], table: TableFacts, warehouse: Warehouse) -> dict[str, FileFacts]:
    """Return the facts without the losses that the rows of their files do not have.

    The warehouse is asked only if a file has such a value. If its rows have neither the changed nor the right value,
    the loss is not sure: in a deduplicated table, a row of another file may stand for the record.
    """
    places: dict[tuple[str, str], list[tuple[str, Loss]]] = {}
    for file, fact in facts.items():
        for loss in fact.losses:
            if loss.kind in KINDS:
                places.setdefault((loss.column, loss.kind), []).append((file, loss))
    if not places:
        return dict(facts)
    half = MOST_FILES // 2
    compared = [
        each for found in places.values() for each in (found if len(found) <= half else found[:half] + found[-half:])
    ]
    sure = _sure(compared, table, warehouse)
    result = dict(facts)
    for file in {file for found in places.values() for file, _ in found}:
        others = [loss for loss in facts[file].losses if loss.kind not in KINDS]
        own = [
            loss.model_copy(update={"is_sure": sure[file, loss.column, loss.kind] is not None})
            for loss in facts[file].losses
            if sure.get((file, loss.column, loss.kind), False) is not False
        ]
        result[file] = facts[file].model_copy(update={"losses": others + own})
    return result


def _sure(
    compared: Iterable[tuple[str, Loss]], table: TableFacts, warehouse: Warehouse
) -> dict[tuple[str, str, str], bool | None]:
    """Return by file, column and kind whether the rows have the changed value: None if they have neither value."""
    found: dict[tuple[str, str, str], bool | None] = {}
    measures: list[str] = []
    asked: list[tuple[str, Loss, int]] = []
    for file, loss in compared:
        found[file, loss.column, loss.kind] = None
        names = [name for column, (name, _) in table.columns.items() if bears(column, loss.column)]
        if URL in table.columns and names:
            asked.append((file, loss, len(measures)))
            measures += [_count(names[0], each) for each in (forms(loss, loss.loaded), forms(loss, loss.text))]
    if not asked:
        return found
    parts = ", ".join(f"{measure} as n_{at}" for at, measure in enumerate(measures))
    urls = ", ".join(literal(file) for file in sorted({file for file, *_ in asked}))
    query = f"select {URL} as url, {parts} from {table.scope} where {URL} in ({urls}) group by 1"  # noqa: S608
    rows = {row["url"]: row for row in warehouse.query(query)}
    for file, loss, at in asked:
        changed, right = (rows.get(file, {}).get(f"n_{each}", 0) for each in (at, at + 1))
        found[file, loss.column, loss.kind] = True if changed else False if right else None
    return found


def _count(column: str, forms: Iterable[str]) -> str:
    """Return the number of rows with one of the forms. A text, a time and JSON are all read as JSON."""
    tests = " or ".join(f"regexp_contains(to_json_string(`{column}`), {literal(form)})" for form in forms)
    return f"countif({tests})"


def forms(loss: Loss, text: str) -> list[str]:
    """Return patterns of a value in JSON, as the table may write it: they match no part of another value."""
    if loss.kind not in NUMBERS:
        return [_pattern(text.replace(" ", "T", 1) if loss.kind == "years" else text)]
    return [_pattern(form) for form in sorted({text, f"{Decimal(text):f}"})]


def _pattern(text: str) -> str:
    zeros = ""
    if not re.search("[eE]", text):  # BigQuery writes fractions of seconds with 0, 3 or 6 digits
        text, _, fraction = text.partition(".")
        fraction = fraction.rstrip("0")
        text, zeros = (f"{text}.{fraction}", "0*") if fraction else (text, r"(?:\.0+)?")
    return rf"(?:^|[^0-9.+-]){re.escape(text)}{zeros}(?:[^0-9.eE]|$)"
