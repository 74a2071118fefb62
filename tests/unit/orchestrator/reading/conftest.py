"""Fixtures for the reading of files."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from orchestrator.reading import json_shapes
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.json_shapes import Shapes

from .scans import Compare


@pytest.fixture
def learned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a pattern of each line that is parsed, so that short files have lines that match one."""
    monkeypatch.setattr(json_shapes, "LEARNED", tuple(range(1, 641)))


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines of JSON lines files that are parsed, because they match no pattern."""
    lines = list[str]()
    learn = Shapes.learn

    def noted(shapes: Shapes, record: dict[str, Any], line: str) -> None:
        lines.append(line)
        learn(shapes, record, line)

    monkeypatch.setattr(Shapes, "learn", noted)
    return lines


@pytest.fixture
def compare_with_parsed(monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests) -> Compare:
    """Assert that files, which are lists of lines, have the same facts if each of their lines is parsed."""

    def compare(facts: Callable[[list[str]], FileFacts], files: Sequence[list[str]]) -> None:
        found = [facts(file) for file in files]
        monkeypatch.setattr(Shapes, "end", lambda _self, _block, position, **_: position)
        for file, fact in zip(files, found, strict=True):
            with subtests.test("\n".join(file[2:6])):
                assert fact == facts(file)

    return compare
