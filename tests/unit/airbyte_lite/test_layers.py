"""The layers of airbyte_lite, as pyproject.toml lists them, import downwards only."""

from pathlib import Path

import pytest
from importlinter import cli

ROOT = Path(__file__).parents[3]


def test_each_layer_imports_only_the_layers_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # It would disable every logger that exists, and with them what later tests look for in the log.
    monkeypatch.setattr(cli, "_configure_logging", lambda _verbose: None)
    assert cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == cli.EXIT_STATUS_SUCCESS
