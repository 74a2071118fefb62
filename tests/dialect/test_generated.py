"""Every generated expression has GoogleSQL's answer, or is an error: none has silently another value or type."""

from collections import Counter
from pathlib import Path

import pytest

from tests.dialect.comparison import Golden, differences, read
from tests.dialect.emulator import Emulator

GENERATED = read(Path(__file__).with_name("generated.jsonl"))
PARTS = 12
MOST_ERRORS = 0.06  # the part of the answers that may be errors, as the documentation's table lists


@pytest.mark.parametrize("part", range(PARTS))
def test_no_generated_expression_differs_silently(emulator: Emulator, part: int) -> None:
    found = list(differences(emulator, GENERATED[part::PARTS]))
    silent = [difference for difference in found if difference.kind != "error"]
    assert not silent, "\n".join(map(str, silent))
    errors = Counter(difference.kind for difference in found)["error"]
    assert errors <= MOST_ERRORS * len(GENERATED) / PARTS, "\n".join(map(str, found))


def test_the_table_is_large_and_has_answers_and_refusals() -> None:
    assert len(GENERATED) >= 5000
    assert sum(1 for row in GENERATED if row.refusal) >= 500


def test_a_difference_is_seen(emulator: Emulator) -> None:
    wrong = [
        Golden("1 + 1", "INT64", 3),
        Golden("2", "FLOAT64", 2),
        Golden("3", refusal="no"),
        Golden("1 / 0", "INT64", 1),
    ]
    assert [difference.kind for difference in differences(emulator, wrong)] == ["lax", "value", "type", "error"]
