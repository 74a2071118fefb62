"""`make new-source`: looks at files, and makes the changes that load them and model them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

import connections_file
from connections_file import ConnectionsFileError
from orchestrator.checks.columns import name_findings
from orchestrator.new_source import files
from orchestrator.new_source.avro_look import look_at_avro
from orchestrator.new_source.block import connection_block
from orchestrator.new_source.csv_look import look_at_csv
from orchestrator.new_source.files import Given
from orchestrator.new_source.found import Found
from orchestrator.new_source.json_look import look_at_json_lines
from orchestrator.new_source.parquet_look import look_at_parquet
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import FORMAT, StreamFiles
from orchestrator.settings import Settings
from platform_kit.file_changes import Changes
from platform_kit.names import column_name, identifier
from source_texts import blocks, dbt
from source_texts.errors import SourceError
from source_texts.tables import Key, Table

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
TAKEN_NAMES = {"staging", "trusted", "landing", "s3"}
"""They are groups or datasets of the platform already."""


@dataclass(frozen=True)
class Places:
    """The files of the checkout that a source changes."""

    root: Path
    connections: Path
    dbt_project: Path
    seed_folder: Path

    @property
    def journal(self) -> Path:
        """The file that names the changes that are being made."""
        return self.root / ".local" / "new-source.json"

    def source_folder(self, name: str) -> Path:
        """Return the folder of the dbt source and its staging model."""
        return self.dbt_project / "models" / "staging" / name


@dataclass
class NewSource:
    """What `make new-source` would do."""

    name: str
    given: Given
    found: Found
    key: Key
    changes: Changes
    notes: list[str] = field(default_factory=list)


def require_name(name: str) -> None:
    """Raise SourceError unless the name can be that of a table, a connection, a dbt source and a folder."""
    if not NAME.fullmatch(name):
        proposal = re.sub(r"_+", "_", identifier(name).lower()).strip("_")[:60]
        better = f" For example: name={proposal}" if NAME.fullmatch(proposal) else ""
        raise SourceError(f"name={name}: a name has lower case letters, digits and _ (at most 60).{better}")
    if name in TAKEN_NAMES:
        raise SourceError(f"name={name}: the platform uses this name already. Choose another one.")


def plan(
    places: Places, name: str, file: str, *, key: Sequence[str], header: bool | None, downloads: Path
) -> NewSource:
    """Look at the files and return the changes; change nothing. Raises SourceError."""
    require_name(name)
    _require_free(places, name)
    if file.startswith("s3://"):
        given = files.in_bucket(file, Settings.read().bucket, downloads)
    else:
        given = files.local(Path(file).expanduser(), name, places.seed_folder)
    for source, target in given.copies:
        if target.exists() and target.read_bytes() != source.read_bytes():
            raise SourceError(f"{target} exists already with other content. Rename {source}, or remove that file.")
    found = _look(given, name, header)
    _require_columns(found, file)
    chosen = _key(found, key)
    changes = _changes(places, name, given, found, chosen)
    return NewSource(name, given, found, chosen, changes, found.notes)


def _look(given: Given, name: str, header: bool | None) -> Found:
    if given.filetype == "csv":
        return look_at_csv(given.paths, name, header)
    if header is not None:
        raise SourceError(f"header: only CSV files have a header; {given.shown} is {given.filetype}.")
    if given.filetype == "jsonl":
        return look_at_json_lines(given.paths, name)
    return look_at_avro(given.paths, name) if given.filetype == "avro" else look_at_parquet(given.paths, name)


def _key(found: Found, wanted: Sequence[str]) -> Key:
    """Return the key: the wanted one, else the most probable one that was found; empty: none."""
    if not wanted:
        return found.keys[0] if found.keys else ()
    if list(wanted) == ["none"]:
        return ()
    names = [column.name for column in found.columns]
    for part in wanted:
        if part not in names:
            raise SourceError(f"key={','.join(wanted)}: no column {part!r}. The columns: {', '.join(names)}.")
    return tuple(wanted)


def _require_columns(found: Found, file: str) -> None:
    """Raise SourceError if a name would get other values, or if two names become one column in BigQuery."""
    file_format = FORMAT.validate_python({"filetype": found.filetype, **found.options})
    facts = FileFacts(names=[column.name for column in found.columns], header_line=0)
    for finding in name_findings(file, facts, StreamFiles([], file_format)):
        if finding.blocking:
            raise SourceError(str(finding))
    first: dict[str, str] = {}
    for column in found.columns:
        other = first.setdefault(column_name(column.name).lower(), column.name)
        if other != column.name:
            raise SourceError(
                f"{file}: BigQuery takes {other!r} and {column.name!r} for one column. Rename one of them."
            )
    if not found.columns:
        raise SourceError(f"{file}: no column was found.")


def _require_free(places: Places, name: str) -> None:
    """Raise SourceError if a connection, dbt source or model has the name already."""
    declared = connections_file.load(places.connections)
    taken = {item.name: item.where for item in declared.connections}
    taken |= {item.name: item.where for item in declared.sources}
    if name in taken:
        raise SourceError(
            f"{taken[name]}: {name!r} exists already. Choose another name=, or: make remove-source name={name}"
        )
    folder = places.source_folder(name)
    if folder.exists():
        raise SourceError(f"{folder} exists already. Choose another name=, or remove the folder.")
    for model in places.dbt_project.glob(f"models/**/stg_{name}.*"):
        raise SourceError(f"{model} exists already. Choose another name=.")
    for file in sorted((*places.dbt_project.glob("models/**/*.yml"), *places.dbt_project.glob("models/**/*.yaml"))):
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        if any(source.get("name") == name for source in content.get("sources") or []):
            raise SourceError(f"{file}: the dbt source {name!r} exists already. Choose another name=.")


def _changes(places: Places, name: str, given: Given, found: Found, key: Key) -> Changes:
    path = places.connections
    text = path.read_text(encoding="utf-8", newline="")
    destination = connections_file.load(path).destinations[0].name
    # A file that is there already belongs to another source: it is not named, so that a removal leaves it.
    new = [(source, target) for source, target in given.copies if not target.exists()]
    copies = [target.relative_to(places.seed_folder.parent).as_posix() for _, target in new]
    if len(copies) > 1 and not (places.seed_folder / name).exists():
        copies = [f"{places.seed_folder.name}/{name}/"]
    block = connection_block(name, given, found, key, destination, copies, blocks.anchors(text))
    changed = blocks.with_block(path, text, block)
    _require_valid(changed)
    folder = places.source_folder(name)
    table = Table(name, f"stg_{name}", given.glob, found.columns, key)
    return Changes(
        places.root,
        copies=new,
        texts={
            folder / f"_{name}__sources.yml": dbt.source_file(name, [table]),
            folder / f"_{name}__models.yml": dbt.models_file([table]),
            folder / f"stg_{name}.sql": dbt.model_file(name, table),
            path: changed,  # last, because `make dev` then reloads everything
        },
        before={path: text},
    )


def _require_valid(text: str) -> None:
    """Raise SourceError if the connections file would not be valid."""
    with TemporaryDirectory() as folder:
        draft = Path(folder) / "connections.yaml"
        draft.write_text(text, encoding="utf-8")
        try:
            connections_file.load(draft)
        except ConnectionsFileError as error:
            raise SourceError(f"the new connections.yaml would not be valid: {error}") from error
