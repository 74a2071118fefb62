"""The emulator's SQL against GoogleSQL's answers: a sample of its expressions in tests/dialect, all its queries.

`make dialect` runs all expressions. `make oracle` asks GoogleSQL again.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dialect import documented, manual
from tests.dialect.comparison import differences, read, same
from tests.dialect.emulator import Emulator

from .running import Server

DIALECT = Path(manual.__file__).parent
SAMPLE = read(DIALECT / "generated.jsonl")[5::27]
REFUSED = [row for row in SAMPLE if row.refusal][::2]
ANSWERED = [row for row in SAMPLE if not row.refusal]
QUERIES = [json.loads(line) for line in (DIALECT / "queries.jsonl").read_text().splitlines()[1:]]
OTHERWISE = {row.sql for row in manual.MANUAL}

# Known gaps, in the table of docs/decisions/bigquery-emulator.md: columns of a PIVOT with several aggregates have their
# names the other way round; a path into an aliased subquery is an error, because the subquery is no table.
KNOWN = (
    "SELECT * FROM (SELECT 'a' AS k, 1 AS v UNION ALL SELECT 'b', 2) PIVOT (SUM(v) AS s, COUNT(*)",
    "SELECT k, x.a, o FROM (SELECT 1 AS k",
    "SELECT y FROM UNNEST([STRUCT([1, 2] AS a)]) AS x, x.a",
)


@pytest.fixture(scope="module")
def emulator(warehouse: Server) -> Iterator[Emulator]:
    emulator = Emulator(warehouse.url)
    yield emulator
    emulator.close()


def test_a_sample_of_generated_expressions_has_googlesqls_answers(emulator: Emulator) -> None:
    silent = [d for d in differences(emulator, [*REFUSED, *ANSWERED]) if d.kind != "error"]
    assert not silent, "\n".join(map(str, silent))


def test_queries_have_googlesqls_answers(emulator: Emulator) -> None:
    wrong = []
    for sql, *expected in QUERIES:
        if sql in OTHERWISE or sql.startswith(KNOWN):
            continue  # the manual says something else
        answer = emulator.ask(sql)
        if len(expected) == 1:
            if answer.error is None:
                wrong.append(f"{sql}\n    refused by GoogleSQL: {expected[0]}\n    got {answer.rows}")
            continue
        names, types, rows = expected
        named = all(name in ("", got) for name, got in zip(names, answer.names, strict=False))
        if answer.error or not named or answer.types != types or not same(rows, answer.rows):
            wrong.append(f"{sql}\n    expected {names} {types} {rows}\n    got {answer}")
    assert not wrong, "\n".join(wrong)


def test_queries_have_the_manuals_answers(emulator: Emulator) -> None:
    wrong = []
    for query in manual.MANUAL:
        answer = emulator.ask(query.sql)
        refused = query.rows is None
        if refused != (answer.error is not None) or not (
            refused or (answer.types, answer.rows) == (query.types, query.rows)
        ):
            wrong.append(f"{query.sql}\n    {query.source}: {query.types} {query.rows}\n    got {answer}")
    assert not wrong, "\n".join(wrong)


def test_missing_functions_are_refused_by_name(emulator: Emulator) -> None:
    answers = {name: emulator.ask(f"SELECT {name}('a', 'b')").error for name in documented.refused()[::3]}
    accepted = [name for name, error in answers.items() if error is None]
    assert not accepted
