"""The layers of airbyte_lite, as pyproject.toml lists them, import downwards only."""

from pathlib import Path

from importlinter import cli

ROOT = Path(__file__).parents[3]


def test_each_layer_imports_only_the_layers_below_it() -> None:
    assert cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == cli.EXIT_STATUS_SUCCESS
