"""What JSON loses: the values of a key that an object has twice, and numbers that are not finite."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.reading.csv_file import scan_csv
from orchestrator.reading.facts import Sought
from orchestrator.reading.formats import CsvFormat
from orchestrator.reading.json_keys import may_repeat
from orchestrator.reading.json_lines import scan_json_lines

REPEATED = [
    ('{"a": 1, "b": 2, "a": 3}', [("a", "a", "3")]),
    ('{"a" : 1, "b": 2, "a": 3}', [("a", "a", "3")]),
    ('{"a"\t:1,"\\u0061":3}', [("a", "a", "3")]),
    ('{"a": {"b": [{"c": 1, "c": "1"}]}}', [("a", "c", '"1"')]),
    ('{"a":1,"t":"x\\":y","a":2}', [("a", "a", "2")]),
    ('{"a\\\\":1,"a\\\\":2}', [("a\\", "a\\", "2")]),
    ('{"a":true,"a":1}', [("a", "a", "1")]),
    ('{"a": 1, "b": "12:00:00, \\"c\\": 1", "d": {"a": 2}, "e": [{"a": 1}, {"a": 2}]}', []),
    ('{"a": 1, "a": 1}', []),  # nothing is lost
    ('{"a\\\\": "\\":", "b": {}}', []),
]


@pytest.mark.parametrize(("text", "expected"), REPEATED)
def test_a_key_that_an_object_has_twice_is_found(text: str, expected: list[tuple[str, str, str]]) -> None:
    facts = scan_json_lines(io.BytesIO(f'{{"a": 0}}\n{text}\n'.encode()))
    assert [(loss.column, loss.text, loss.loaded) for loss in facts.losses] == expected
    assert all((loss.kind, loss.line) == ("repeated", 2) for loss in facts.losses)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('{""a"": 1, ""a"": 2}', [("x", "a", "2")]),
        ('[{""a"": {""b"": 1, ""b"": [2]}}]', [("x", "b", "[2]")]),
        ('{""a"": 1, ""b"": {""a"": 2}}', []),
        ('{""a"": ""12:00"", ""b"": 2, ""a"": ', []),  # not JSON: noted by Airbyte
    ],
)
def test_a_repeated_key_in_json_text_of_a_csv_file_is_found(cell: str, expected: list[tuple[str, str, str]]) -> None:
    content = f'id,x\n1,"{{""a"": 1}}"\n2,"{cell}"\n'.encode()
    facts = scan_csv(io.BytesIO(content), CsvFormat(filetype="csv"), Sought(kinds={"x": "json"}))
    assert [(loss.column, loss.text, loss.loaded) for loss in facts.losses] == expected
    assert all((loss.kind, loss.line) == ("repeated", 3) for loss in facts.losses)


KEYS = st.sampled_from(["a", "b", '"', "\\", ":", '":', "\\\\"])
JSON = st.recursive(
    st.one_of(st.none(), st.integers(0, 2), st.sampled_from(["x", '"a": 1', "\\", '\\":', "12:00"])),
    lambda values: st.one_of(st.lists(values, max_size=3), st.lists(st.tuples(KEYS, values), max_size=3).map(tuple)),
    max_leaves=8,
)


@given(st.lists(st.tuples(KEYS, JSON), max_size=4).map(tuple), st.sampled_from([":", ": ", " : ", "\t:"]))
def test_a_text_without_a_repeated_key_is_not_parsed_again_in_vain_and_none_is_missed(pairs: Any, colon: str) -> None:
    def written(value: Any) -> str:
        if isinstance(value, tuple):
            return "{" + ",".join(f"{json.dumps(name)}{colon}{written(item)}" for name, item in value) + "}"
        return f"[{','.join(map(written, value))}]" if isinstance(value, list) else json.dumps(value)

    def has_repeated(value: Any) -> bool:
        if isinstance(value, tuple):
            return len(dict(value)) < len(value) or any(has_repeated(item) for _, item in value)
        return isinstance(value, list) and any(map(has_repeated, value))

    text = written(pairs)
    assert may_repeat(text, json.loads(text)) or not has_repeated(pairs)


@pytest.mark.parametrize("cell", ["[1, NaN]", '{""a"": [-Infinity]}', "NaN", '[{""a"":NaN}]', "[1e999]"])
def test_json_text_with_a_number_that_is_not_finite_is_told(cell: str) -> None:
    content = f'id,x\n1,"[""NaN, a word""]"\n2,"{cell}"\n'.encode()
    facts = scan_csv(io.BytesIO(content), CsvFormat(filetype="csv"), Sought(kinds={"x": "json"}))
    assert [(loss.column, loss.kind, loss.line, loss.loaded) for loss in facts.losses] == [("x", "null", 3, "NULL")]
