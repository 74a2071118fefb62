"""JSON lines that are written in a usual way take linear time, and few of them are parsed."""

import io
import json
import time
from typing import Any

import pytest

from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.json_lines import scan_json_lines
from orchestrator.reading.json_shapes import Shapes


def scanned(text: str, sought: Sought) -> FileFacts:
    return scan_json_lines(io.BytesIO(text.encode()), sought)


def test_a_record_over_many_lines_takes_linear_time() -> None:
    record = json.dumps({"id": 1, "items": [{"n": at} for at in range(20_000)]}, indent=1)
    started = time.process_time()
    facts = scanned(f"{record}\n{record}\n", Sought())
    assert time.process_time() - started < 3  # it was more than 40 s: each line was tried as the last one
    assert (facts.records, facts.names, facts.faults) == (2, ["id", "items"], [])


@pytest.mark.parametrize("end", ["}", " }", "} ", "}\t", "\r\n}\r"])
def test_the_last_line_of_a_record_is_found(end: str) -> None:
    facts = scanned(f'{{"id":\n[\n1\n]\n{end}\n{{"id": 2}}\n', Sought())
    assert (facts.records, facts.faults) == (2, [])


@pytest.mark.parametrize("number", [10**15, 10**17 + 1, 10**18 + 1, 8 * 10**18 + 7, -(10**18) - 1])
def test_long_whole_numbers_are_not_parsed(number: int, parsed: list[str]) -> None:
    lines = "".join(f'{{"id": {number + at}, "n": {number}}}\n' for at in range(200))
    facts = scanned(lines, Sought(kinds={"id": "integer", "n": "number"}))
    assert (facts.records, facts.losses) == (200, [])
    assert len(parsed) <= 20


@pytest.mark.parametrize("number", [2**63, 10**19 - 1, 2**64, 10**20 + 1, -(2**63) - 1])
def test_a_longer_number_is_parsed_in_the_midst_of_others(number: int) -> None:
    usual = '{"id": 1000000000000000001}\n' * 100
    facts = scanned(f'{usual}{{"id": {number}}}\n{usual}', Sought())
    is_lost = number > 2**64 - 1 or number < -(2**63)
    assert [loss.line for loss in facts.losses] == ([101] if is_lost else [])


def test_the_first_lines_of_a_file_are_learned_together(parsed: list[str]) -> None:
    lines = [f'{{"id": {number}, "o": {{"a": {number / 4}}}}}' for number in range(-50, 1000)]
    assert scanned("\n".join(lines), Sought()).records == 1050
    assert len(parsed) == 20


def test_no_pattern_is_tried_in_a_file_of_unusual_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[Shapes]()
    patterns = Shapes._patterns

    def noted(shapes: Shapes) -> Any:
        made.append(shapes)
        return patterns(shapes)

    monkeypatch.setattr(Shapes, "_patterns", noted)
    lines = [f'{{"{number:x}": 1, "id": 2}}' for number in range(1000)]
    assert scanned("\n".join(lines), Sought()).records == 1000
    assert len(made) <= 6
    assert made[-1].end(b'{"0": 1, "id": 2}\n', 0) == 0
