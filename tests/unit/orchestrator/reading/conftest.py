"""Fixtures for the reading of files."""

import pytest

from orchestrator.reading import json_shapes


@pytest.fixture
def learned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a pattern of each line that is parsed, so that short files have lines that match one."""
    monkeypatch.setattr(json_shapes, "LEARNED", tuple(range(1, 641)))
