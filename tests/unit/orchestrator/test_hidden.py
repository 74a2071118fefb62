"""Packages that are hidden from a library while it is imported."""

import importlib
import sys

import pytest

from orchestrator.hidden import hidden


def test_a_hidden_package_can_be_imported_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with hidden("colorsys"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv


def test_a_package_that_is_loaded_is_not_hidden() -> None:
    with hidden("sys"):
        assert importlib.import_module("sys") is sys
