"""A checkout with the shipped connectors.toml, and `make connector` in it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from airbyte_lite.settings import CONNECTORS
from tools.connectors import __main__ as command
from tools.connectors.new import Places

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with its options, as make does."""

    def main(what: str, **options: str) -> int:
        for option in ("name", "version", "id", "code", "yes"):
            monkeypatch.setenv(option, options.get(option, ""))
        return command.main(what)

    return main


def checkout(folder: Path, registry: str, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Make a checkout that the commands use, with Airbyte's registry at this address."""
    found = Places(folder)
    found.connectors.mkdir(parents=True)
    shutil.copy(CONNECTORS / "connectors.toml", found.registry)
    monkeypatch.setattr(command, "ROOT", found.root)
    monkeypatch.setenv("AIRBYTE_REGISTRY", registry)
    return found


def content(places: Places) -> dict[str, bytes]:
    """Return the files of the checkout that a command may change."""
    folder = places.root / "services"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
