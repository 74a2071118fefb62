"""BigQuery's semantics: each statement of `semantics/*.sql` runs with all rules, and without the rule that it tests."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tools.local.platform import ROOT

from .running import RunningPlatform

FOLDER = Path(__file__).with_name("semantics")
MARKS = ("-->", "--:", "--!", "--@")
DOCS = ROOT / "docs" / "warehouse-sql.md"


@dataclass(frozen=True)
class Case:
    """A statement and what is expected: rows (and types), or words of a refusal.

    `rule` is the rule that the statement tests; `-` stands for a change of how statements are parsed or bound.
    """

    place: str
    rule: str
    sql: str
    rows: list[Any] = field(default_factory=list)
    types: str = ""
    error: str = ""
    parameters: list[Any] = field(default_factory=list)

    def answered_by(self, answer: dict[str, Any]) -> bool:
        """Whether the answer is the expected one."""
        if self.error or "error" in answer:
            return bool(self.error) and self.error.casefold() in answer.get("error", "").casefold()
        return self.rows == answer["rows"] and self.types in ("", ", ".join(answer["types"]))


def read(path: Path) -> list[Case]:
    """Read the cases of a file, separated by empty lines.

    A case is `-- rule`, the statement, and `--> row` for each row, `--: types` or `--! words of a refusal`; `--@`
    are the query parameters in the form of the REST API.
    """
    cases, line = [], 1
    for block in path.read_text().split("\n\n"):
        first, *rest = block.strip().splitlines()
        expected = [text for text in rest if text[:3] in MARKS]
        marks = {mark: [text[4:] for text in expected if text.startswith(mark)] for mark in MARKS}
        cases.append(
            Case(
                place=f"{path.name}:{line}",
                rule=first.removeprefix("-- ").partition(":")[0],
                sql="\n".join(text for text in rest if text not in expected),
                rows=[json.loads(row) for row in marks["-->"]],
                types="".join(marks["--:"]),
                error="".join(marks["--!"]),
                parameters=json.loads("".join(marks["--@"]) or "[]"),
            )
        )
        line += block.count("\n") + 2
    return cases


CASES = [case for path in sorted(FOLDER.glob("*.sql")) if path.stem != "setup" for case in read(path)]


@dataclass(frozen=True)
class Answers:
    """The rules with their reasons, the answers to CASES in their order, the cost of an analysis. See answers.py."""

    rules: dict[str, str]
    answers: list[dict[str, Any]]
    cost: float


@pytest.fixture(scope="module")
def answers(local_platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What the warehouse answers, from one process."""
    setup = [statement for statement in (FOLDER / "setup.sql").read_text().split(";\n") if statement.strip()]
    request = tmp_path_factory.mktemp("semantics") / "request.json"
    request.write_text(json.dumps({"setup": setup, "cases": [asdict(case) for case in CASES]}))
    printed = local_platform.run_program("warehouse", FOLDER / "answers.py", str(request))
    rules, *found, cost = map(json.loads, printed.splitlines())
    return Answers(rules, found, cost)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.place for case in CASES])
def test_a_statement_is_answered_as_by_bigquery(answers: Answers, number: int) -> None:
    case, answer = CASES[number], answers.answers[number]["with"]
    assert case.answered_by(answer), f"{case.sql}\nexpected {case.error or case.rows} {case.types}, got {answer}"


def test_each_rule_is_needed_by_one_of_its_statements(answers: Answers) -> None:
    pairs = [(case, answer) for case, answer in zip(CASES, answers.answers, strict=True) if "without" in answer]
    needed = {case.rule for case, answer in pairs if not case.answered_by(answer["without"])}
    assert set(answers.rules) - needed == set()


def test_statements_name_rules_that_exist(answers: Answers) -> None:
    assert {case.rule for case in CASES} - set(answers.rules) == {"-"}


def test_each_rule_is_documented(answers: Answers) -> None:
    text = DOCS.read_text()
    assert [name for name, because in answers.rules.items() if f"| {because} |" not in text] == []


def test_the_analysis_of_a_query_takes_at_most_thirty_times_as_long_as_its_parsing(answers: Answers) -> None:
    assert answers.cost < 30  # usually 12
