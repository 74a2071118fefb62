"""How the rows are compared with the values that Airbyte's connector changes."""

import re

import pytest

from orchestrator.checks.unrepaired import forms
from orchestrator.reading.exact import LossKind
from orchestrator.reading.facts import Loss


def is_found(kind: LossKind, text: str, cell: str) -> bool:
    """Return whether a cell, as BigQuery's to_json_string writes it, has the text."""
    loss = Loss(column="x", kind=kind, line=1, text="", loaded="")
    return any(re.search(form, cell) for form in forms(loss, text))


@pytest.mark.parametrize(
    ("kind", "text", "cell"),
    [
        ("years", "2184-07-20 23:34:33.709551", '"2184-07-20T23:34:33.709551Z"'),
        ("years", "2184-07-20 23:34:33.500000", '"2184-07-20T23:34:33.500Z"'),
        ("years", "1600-01-01 00:00:00", '"1600-01-01T00:00:00Z"'),
        ("years", "1600-01-01 00:00:00", '"1600-01-01T00:00:00.000000"'),
        ("days", "01:00:00.500000", '"01:00:00.500"'),
        ("days", "01:00:00", '{"at":["01:00:00"]}'),
        ("precision", "1.235E+4", "12350"),
        ("precision", "1.235E+4", '"1.235E+4"'),
        ("precision", "-12350.10", "-12350.1"),
        ("durations", "1e+18", "1000000000000000000"),
        ("durations", "1000.9999999999999", "1000.9999999999999"),
        ("durations", "1001", "1001.0"),
    ],
)
def test_a_value_is_found_as_bigquery_writes_it(kind: LossKind, text: str, cell: str) -> None:
    assert is_found(kind, text, cell)


@pytest.mark.parametrize(
    ("kind", "text", "cell"),
    [
        ("precision", "1.235E+4", "12350.12"),
        ("precision", "1.235E+4", "-12350"),
        ("precision", "1.235E+4", "1.235E+40"),
        ("precision", "12350.1", "12350.12"),
        ("durations", "1001", "11001"),
        ("durations", "1001", "1001.5"),
        ("years", "1600-01-01 00:00:00", '"1600-01-01T00:00:00.500Z"'),
        ("days", "01:00:00", '"01:00:00.000001"'),
    ],
)
def test_a_part_of_another_value_is_not_taken_for_it(kind: LossKind, text: str, cell: str) -> None:
    assert not is_found(kind, text, cell)
