"""Puts the environment of a connector to its place, or aside, together with the change of the connector's files.

A file names the environment that is being moved, so that the next command completes or undoes the work of a killed one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import install
from tools.connectors import entries
from tools.connectors.new import Places


@contextmanager
def moved(places: Places, name: str, new: Path | None) -> Iterator[None]:
    """Put a new environment to the place of the connector's old one, or only the old one aside, during the context.

    At its end the old one is deleted; after an error both are back at their places. Raises OSError.
    """
    target = places.environments / name
    target.parent.mkdir(parents=True, exist_ok=True)
    places.moving.write_text(name, encoding="utf-8")
    try:
        if target.exists():
            target.rename(places.replaced)
        if new is not None:
            new.rename(target)
        yield
    except BaseException:
        if new is not None and not new.exists():
            target.rename(new)
        if places.replaced.exists():
            places.replaced.rename(target)
        places.moving.unlink()
        raise
    shutil.rmtree(places.replaced, ignore_errors=True)
    places.moving.unlink()


def put_in_order(places: Places) -> None:
    """After a killed command, keep the environment that belongs to the connector's entry, and remove the others."""
    if places.moving.exists():
        name = places.moving.read_text(encoding="utf-8")
        target = places.environments / name
        entry = entries.read(places.registry.read_text(encoding="utf-8")).get(name, {})
        wanted = install.stamp_of([places.connectors / entry["lock"]], target) if "lock" in entry else ""
        if target.exists() and _stamp(target) != wanted:
            shutil.rmtree(target)
        if places.replaced.exists() and _stamp(places.replaced) == wanted:
            places.replaced.rename(target)
        places.moving.unlink()
    shutil.rmtree(places.replaced, ignore_errors=True)


def _stamp(environment: Path) -> str | None:
    installed = environment / "installed"
    return installed.read_text() if installed.exists() else None
