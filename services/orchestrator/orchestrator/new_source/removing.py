"""`make remove-source`: takes out of the checkout what `make new-source` put in."""

import re
from collections.abc import Iterator
from pathlib import Path

import connections_file
from connections_file.columns import stream_options
from connections_file.globs import may_read
from orchestrator.new_source.adding import Places
from platform_kit.file_changes import Changes
from platform_kit.s3 import SEED_PREFIX
from source_texts import blocks
from source_texts.blocks import MADE_BY
from source_texts.errors import SourceError

GENERATED = {"target", "logs", "dbt_packages"}
"""dbt writes these folders of its project."""


def plan_removal(places: Places, name: str) -> Changes:
    """Return the changes; change nothing. Raises SourceError.

    The folder of the dbt source goes, and each copy in the seed folder that the block names and no other connection
    reads. A copy that stays is then named in the block of that connection, so that its removal takes the copy with it.
    What else uses the source's model is an error.
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
    kept = dict(_read_by_others(places, name, present))
    for other in sorted(set(kept.values())):
        if (places.source_folder(other) / f"_{other}__sources.yml").is_file():
            theirs = [path.relative_to(places.seed_folder.parent).as_posix() for path in kept if kept[path] == other]
            changed = blocks.with_copies(places.connections, changed, other, theirs)
    return Changes(
        places.root,
        texts={places.connections: changed},
        deleted=[*files, *(path for path in present if path not in kept)],
        before={places.connections: text},
        kept=kept,
    )


def _read_by_others(places: Places, name: str, copies: list[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each copy that another connection reads, and that connection's name."""
    declared = connections_file.load(places.connections)
    sources = {source.name: source for source in declared.sources}
    for connection in declared.connections:
        if connection.name == name:
            continue
        source = sources[connection.source]
        options = [options for _, options in stream_options(source.connector, source.configuration)]
        globs = [str(source.known(glob)) for each in options for glob in each.get("globs") or ["**"]]
        files = {key for stream in connection.streams for key in stream.files}
        for path in copies:
            key = SEED_PREFIX + path.resolve().relative_to(places.seed_folder.resolve()).as_posix()
            # A variable that is not set here may stand for any text.
            if key in files or any("${" in glob or may_read(key, glob) for glob in globs):
                yield path, connection.name


def _require_unused(places: Places, name: str, own: list[Path]) -> None:
    """Raise SourceError if a file of the project uses the source: a model, snapshot, exposure, test or macro."""
    model, quote = f"stg_{name}", "['\"]"
    ref = rf"\bref\(\s*(?:{quote}\w+{quote}\s*,\s*)?{quote}{model}{quote}\s*[,)]"
    uses = re.compile(rf"{ref}|\bsource\(\s*{quote}{name}{quote}\s*,")
    names = re.compile(rf"\b(?:name|model):\s*{quote}?{model}\b")
    for path in sorted(places.dbt_project.rglob("*")):
        is_yaml = path.suffix in {".yml", ".yaml"}
        if path in own or not (is_yaml or path.suffix in {".sql", ".py"}):
            continue
        if path.relative_to(places.dbt_project).parts[0] in GENERATED or not path.is_file():
            continue
        content = path.read_text(encoding="utf-8")
        if uses.search(content) or (is_yaml and names.search(content)):
            raise SourceError(f"{path} uses the source {name!r}. Change or remove what uses it first.")
