"""`make remove-source`: takes out of the checkout what `make new-source` put in."""

from pathlib import Path

from orchestrator.new_source import blocks
from orchestrator.new_source.adding import Places
from orchestrator.new_source.changes import Changes
from orchestrator.new_source.errors import SourceError
from orchestrator.new_source.texts import MADE_BY


def plan_removal(places: Places, name: str) -> Changes:
    """Return the changes; change nothing. Raises SourceError.

    The folder of the dbt source goes, and each copy in the seed folder that the block names. What else uses the
    source's model is an error.
    """
    text = places.connections.read_text(encoding="utf-8", newline="")
    changed, block = blocks.without_block(places.connections, text, name)
    folder = places.source_folder(name)
    if not (folder / f"_{name}__sources.yml").is_file():
        raise SourceError(
            f"the connection {name!r} was not made by make new-source: {folder} has no _{name}__sources.yml. Remove "
            f"its block from {places.connections} and its files by hand."
        )
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    _require_unused(places, name, files)
    copies = [line.partition(MADE_BY)[2].strip() for line in block.splitlines() if MADE_BY in line]
    named = [places.seed_folder.parent / copy for copy in copies]
    seeds = [path for item in named for path in (sorted(item.rglob("*")) if item.is_dir() else [item])]
    present = [path for path in seeds if path.is_file() and path.resolve().is_relative_to(places.seed_folder.resolve())]
    return Changes(places.root, texts={places.connections: changed}, deleted=[*files, *present])


def _require_unused(places: Places, name: str, own: list[Path]) -> None:
    for path in sorted(places.dbt_project.glob("models/**/*.sql")):
        if path in own:
            continue
        content = path.read_text(encoding="utf-8").replace('"', "'").replace(" ", "")
        if f"ref('stg_{name}')" in content or f"source('{name}'," in content:
            raise SourceError(f"{path} uses the source {name!r}. Change or remove this model first.")
