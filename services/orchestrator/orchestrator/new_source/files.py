"""The files that become a source: one file, a folder of files, an object or a prefix of the bucket."""

import bz2
import gzip
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from orchestrator.reading.avro_blocks import MAGIC as AVRO
from platform_kit.s3 import SEED_PREFIX
from source_texts.errors import SourceError

TYPES = {
    "csv": (".csv", ".tsv"),
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "parquet": (".parquet",),
    "avro": (".avro",),
}
OTHERS = {".xlsx": "an Excel workbook", ".xls": "an Excel workbook", ".zip": "a .zip archive",
          ".sas7bdat": "a SAS file", ".pdf": "a PDF", ".xml": "an XML file"}  # fmt: skip
COMPRESSIONS = {".gz": b"\x1f\x8b", ".bz2": b"BZh"}
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/=-]*")
"""Names without characters that have a meaning in a glob or an asset key."""
FILES_LIMIT = 20
"""The most files of a folder that connections.yaml lists one by one. Each of them becomes an asset."""


@dataclass(frozen=True)
class Given:
    """The files of a new source."""

    paths: list[Path]
    """The local files; of an object in the bucket, a copy of it."""
    filetype: str
    copies: list[tuple[Path, Path]]
    """The files that are copied into the seed folder, each with the path of its copy."""
    keys: list[str]
    """The S3 keys of the files."""
    glob: str
    shown: str
    """The source as the user named it."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Give the content of a file; the connector also decompresses a file whose name ends in .gz or .bz2."""
    if path.suffix == ".gz":
        with gzip.open(path) as raw:
            yield cast(BinaryIO, raw)
    elif path.suffix == ".bz2":
        with bz2.open(path) as raw:
            yield cast(BinaryIO, raw)
    else:
        with path.open("rb") as raw:
            yield raw


def local(where: Path, name: str, seed_folder: Path) -> Given:
    """Return the file or the files of a folder, with their places in the seed folder. Raises SourceError."""
    if not where.exists():
        raise SourceError(f"{where}: file not found. Name a file, a folder, or an object: file=s3://bucket/key")
    if where.is_file():
        filetype = file_type(where)
        target = _in_seed(where, seed_folder) or seed_folder / _copy_name(where, name, filetype)
        key = SEED_PREFIX + target.relative_to(seed_folder).as_posix()
        copies = [] if target == where.resolve() else [(where, target)]
        return Given([where], filetype, copies, [key], key, str(where))
    paths = sorted(path for path in where.rglob("*") if path.is_file() and not _is_hidden(path, where))
    known = [path for path in paths if _data_suffix(path) in {end for ends in TYPES.values() for end in ends}]
    if not known:
        raise SourceError(f"{where}: the folder has no files that end in {', '.join(sum(TYPES.values(), ()))}.")
    filetype = _one_type(known)
    inside = _in_seed(where, seed_folder)
    base = inside or seed_folder / name
    targets = [base / path.relative_to(where) for path in known]
    keys = [SEED_PREFIX + target.relative_to(seed_folder).as_posix() for target in targets]
    for key in keys:
        _require_plain(key)
    copies = [] if inside else list(zip(known, targets, strict=True))
    return Given(known, filetype, copies, keys, folder_glob(keys, base.relative_to(seed_folder).as_posix()), str(where))


def in_bucket(address: str, bucket: str, folder: Path) -> Given:
    """Download an object, or the objects below a prefix (it ends with /), and return them. Raises SourceError."""
    from platform_kit import s3

    named, _, key = address.removeprefix("s3://").partition("/")
    if named != bucket:
        raise SourceError(f"{address}: the platform reads the bucket {bucket} only. Copy the object, or set S3_BUCKET.")
    client = s3.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
    found = [item["Key"] for page in pages for item in page.get("Contents", [])]
    is_prefix = not key or key.endswith("/")
    keys = [item for item in found if (is_prefix or item == key) and not item.endswith("/")]
    if not keys:
        raise SourceError(f"{address}: not found in the bucket. A prefix ends with /")
    paths = []
    for item in keys:
        _require_plain(item)
        path = folder / item
        path.parent.mkdir(parents=True, exist_ok=True)
        client.download_file(bucket, item, str(path))
        paths.append(path)
    filetype = _one_type(paths)
    glob = folder_glob(keys, key.rstrip("/"), "") if is_prefix else key
    return Given(paths, filetype, [], keys, glob, address)


def folder_glob(keys: list[str], folder: str, prefix: str = SEED_PREFIX) -> str:
    """Return the glob of the files of a folder: also for files that come later, with the ending of the others."""
    endings = {"".join(re.findall(r"\.[a-z0-9]+", key.rsplit("/", 1)[-1].lower())[-2:]) for key in keys}
    common = {".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".avro"}
    ends = {end if any(end.startswith(item) for item in common) else "." + end.rsplit(".", 1)[-1] for end in endings}
    if len(ends) > 1:
        raise SourceError(f"the files end in {', '.join(sorted(ends))}. One source needs files of one kind.")
    top = f"{prefix}{folder}".strip("/")
    nested = any("/" in key.removeprefix(f"{top}/") for key in keys)
    return f"{top + '/' if top else ''}{'**/' if nested else ''}*{ends.pop()}"


def file_type(path: Path) -> str:
    """Return csv, jsonl, parquet or avro by the content of a file. Raises SourceError for every other format."""
    other = OTHERS.get(path.suffix.lower())
    with path.open("rb") as raw:
        start = raw.read(4)
    for ending, magic in COMPRESSIONS.items():
        if start.startswith(magic) and path.suffix != ending:
            raise SourceError(f"{path}: the content is compressed, but the name does not end in {ending}. Rename it.")
    if other:
        raise SourceError(
            f"{path}: {other}. make new-source reads CSV, JSON lines, Parquet and Avro. Convert the file."
        )
    try:
        with opened(path) as raw:
            content = raw.read(4096)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error}") from error
    if not content:
        raise SourceError(f"{path}: the file is empty.")
    if content.startswith(b"PAR1"):
        return "parquet"
    if content.startswith(AVRO):
        return "avro"
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"["):
        raise SourceError(f"{path}: one JSON array. Write JSON lines, one object on each line: jq -c '.[]'")
    return "jsonl" if text.startswith(b"{") else "csv"


def _one_type(paths: list[Path]) -> str:
    types = {file_type(path): path for path in paths}
    if len(types) > 1:
        listed = ", ".join(f"{path.name} is {kind}" for kind, path in sorted(types.items()))
        raise SourceError(f"the files have different formats: {listed}. One source needs files of one format.")
    return next(iter(types))


def _copy_name(path: Path, name: str, filetype: str) -> str:
    """Return the name of the copy: the file's own if it is plain, and if its ending tells the format."""
    compression = path.suffix if path.suffix in COMPRESSIONS else ""
    ending = _data_suffix(path)
    if ending in TYPES[filetype] and PLAIN.fullmatch(path.name):
        return path.name
    return f"{name}{ending if ending in TYPES[filetype] else TYPES[filetype][0]}{compression}"


def _data_suffix(path: Path) -> str:
    plain = path.with_suffix("") if path.suffix in COMPRESSIONS else path
    return plain.suffix.lower()


def _in_seed(path: Path, seed_folder: Path) -> Path | None:
    resolved = path.resolve()
    return resolved if resolved.is_relative_to(seed_folder.resolve()) else None


def _is_hidden(path: Path, top: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(top).parts)


def _require_plain(key: str) -> None:
    # A key is also the path of a copy: `..` would lead out of its folder.
    if {"", ".", ".."} & set(key.split("/")):
        raise SourceError(
            f"{key!r}: this key has an empty part, '.' or '..', so it is not the path of a file. Rename the object."
        )
    if not PLAIN.fullmatch(key):
        raise SourceError(
            f"{key!r}: this name has characters that a glob reads in another way. Rename the file with letters, "
            "digits, - and _ only."
        )


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for copies of objects; leaving its `with` block removes it."""
    return tempfile.TemporaryDirectory(prefix="new-source-")
