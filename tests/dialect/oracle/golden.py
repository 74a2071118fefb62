"""Writes the golden tables: GoogleSQL's answers to the generated expressions and to the queries of queries.sql.

`python -m tests.dialect.oracle.golden`, in the environment `oracle`. It takes about two minutes.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from tests.dialect.generator import SEED, expressions
from tests.dialect.oracle.answers import Answer, Oracle
from tests.dialect.oracle.evaluator import VERSION
from tests.dialect.queries import queries

FOLDER = Path(__file__).parent.parent
COUNT = (
    5000  # statements in the table of generated expressions; some more are asked, as not all answers can be compared
)
# The evaluator lacks some functions, and the build for WebAssembly lacks ICU's data. Nothing is known about those.
UNKNOWN = re.compile(r"Code: 1[23], |Function not found: `?(COLLATE|CONTAINS_SUBSTR|MAX_BY|MIN_BY)\b")

# Known gaps in the documentation's table, and what the reference evaluator computes in another way than BigQuery:
# a key in single quotes in a JSONPath, infinite values in an average.
GAPS = re.compile(r"JSON_(VALUE|QUERY)\w*\(.*\['a\.b'\]|AVG\(x\).*inf")


def known(answer: Answer) -> bool:
    """Return whether an answer can be compared with BigQuery's.

    BigQuery writes no array with a NULL element into a result: such a result is an error there.
    """
    if "broken" in answer or UNKNOWN.search(str(answer.get("error", ""))):
        return False
    return "error" in answer or not _has_null_element(answer)


def _has_null_element(answer: Answer) -> bool:
    types, rows = answer["types"], answer["rows"]
    assert isinstance(types, list)
    assert isinstance(rows, list)
    return any(
        kind.startswith("ARRAY") and None in value for row in rows for kind, value in zip(types, row, strict=True)
    )


def refusal(answer: Answer) -> str:
    """Return GoogleSQL's words without the status code and the list of signatures."""
    return re.sub(r"^Code: \d+, Message: ", "", str(answer["error"])).split("\n")[0]


def write(file: Path, lines: Iterable[list[object]]) -> None:
    """Write a golden table: a line about its origin, then a JSON list a line."""
    header = {"oracle": VERSION, "seed": SEED}
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in (header, *lines))
    file.write_text(text + "\n")


def main() -> None:
    """Ask GoogleSQL and write both tables."""
    oracle = Oracle()
    generated = ((expression, oracle.answer(f"SELECT {expression}")) for expression in expressions(COUNT * 11 // 10))
    rows: list[list[object]] = []
    for expression, answer in generated:
        if not known(answer) or GAPS.search(expression):
            continue
        if "error" in answer:
            rows.append([expression, refusal(answer)])
        else:
            rows.append([expression, answer["types"][0], answer["rows"][0][0]])  # type: ignore[index]
    write(FOLDER / "generated.jsonl", rows)
    answers = ((sql, oracle.answer(sql)) for sql in queries())
    write(
        FOLDER / "queries.jsonl",
        [
            [sql, refusal(answer)] if "error" in answer else [sql, answer["names"], answer["types"], answer["rows"]]
            for sql, answer in answers
            if known(answer)
        ],
    )


if __name__ == "__main__":
    main()
