"""Treats names that differ only by case as one column, as BigQuery does. Airbyte's connector distinguishes them."""

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from airbyte_cdk.sources.file_based.file_types.avro_parser import AvroParser
from airbyte_cdk.sources.file_based.file_types.csv_parser import CsvParser, _CsvReader
from airbyte_cdk.sources.file_based.file_types.jsonl_parser import JsonlParser
from airbyte_cdk.sources.file_based.file_types.parquet_parser import ParquetParser
from airbyte_cdk.sources.file_based.stream import DefaultFileBasedStream

from .faults import FileFault
from .files_types import of_both

KINDS_OF_KEYS = 1000
"""Different lists of keys of a file's records for which the columns are remembered."""


def any_case() -> None:
    """Read a column of a file also where the schema of the stream spells it in another case.

    airbyte-cdk 7.39.1 loads NULL into the column `Id` of `input_schema` if the header has `id`. If one file has `id`
    and another one `ID`, it discovers two columns. No upstream report is known.
    """
    for parser in (AvroParser, JsonlParser, ParquetParser):
        parser.parse_records = _respelled_records(parser.parse_records)
    CsvParser.parse_records = _with_known_columns(CsvParser.parse_records)
    DefaultFileBasedStream._infer_schema = _inferred(DefaultFileBasedStream._infer_schema)


class Spelling:
    """Finds the column of each name in one file."""

    def __init__(self, known: Iterable[str], declared: Collection[str], file: str) -> None:
        """Take the columns of the stream, and those of `input_schema`."""
        self._known, self._file = set(known), file
        self.declared = declared
        self._declared = {name.lower() for name in declared}
        self._by_lower: dict[str, list[str]] = {}
        for name in self._known:
            self._by_lower.setdefault(name.lower(), []).append(name)
        self._of_keys = lru_cache(KINDS_OF_KEYS)(lambda names: self.of(names))

    def of(self, names: Sequence[str], place: str = "") -> list[str]:
        """Return the names of a file, each as the stream's schema spells it. Unknown names stay.

        Raises FileFault if two of the names are one column of the schema: which of them is meant is not known.
        """
        spelled = [self._spelled(name, names) for name in names]
        rivals = {
            name.lower()
            for name, column in zip(names, spelled, strict=True)
            if name not in self._known and (column != name or name.lower() in self._declared)
        }
        same = [name for name in names if name.lower() in rivals]
        for lower, count in Counter(name.lower() for name in same).items():
            if count > 1:
                both = " and ".join(repr(name) for name in same if name.lower() == lower)
                raise FileFault(
                    self._file,
                    place,
                    f"the names {both} differ by case only: they are one column for BigQuery, and the column of the "
                    f"stream is {self._by_lower[lower][0]!r}. Rename one of them in the file.",
                )
        return spelled

    def _spelled(self, name: str, names: Sequence[str]) -> str:
        if name in self._known:
            return name
        found = self._by_lower.get(name.lower(), [])
        return found[0] if len(found) == 1 and found[0] not in names else name

    def record(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record with its columns as the schema spells them. Raises FileFault."""
        if record.keys() <= self._known:
            return record
        return dict(zip(self._of_keys(tuple(record)), record.values(), strict=True))


def spelling_of(config: Any, schema: Any, file: Any) -> Spelling:
    """Return the columns of a file. `schema` is that of the catalog, None before a sync."""
    declared = list((config.get_input_schema() or {}).get("properties", {}))
    known = declared if schema is None else schema.get("properties", {})
    return Spelling(() if config.schemaless else known, declared, file.uri)


def _respelled_records(parse: Callable[..., Iterator[dict[str, Any]]]) -> Callable[..., Iterator[dict[str, Any]]]:
    def parse_records(
        self: Any, config: Any, file: Any, reader: Any, logger: Any, discovered_schema: Any
    ) -> Iterator[dict[str, Any]]:
        spelling = spelling_of(config, discovered_schema, file)
        return map(spelling.record, parse(self, config, file, reader, logger, discovered_schema))

    return parse_records


def _with_known_columns(parse: Callable[..., Iterator[dict[str, Any]]]) -> Callable[..., Iterator[dict[str, Any]]]:
    """Give the reader of a CSV file the columns of the stream: their types are looked up by the names in the header."""

    def parse_records(
        _self: Any, config: Any, file: Any, reader: Any, logger: Any, discovered_schema: Any
    ) -> Iterator[dict[str, Any]]:
        csv_reader = _CsvReader()
        csv_reader.schema = discovered_schema
        return parse(CsvParser(csv_reader), config, file, reader, logger, discovered_schema)

    return parse_records


def _inferred(infer: Callable[..., Any]) -> Callable[..., Any]:
    async def infer_schema(self: Any, files: list[Any]) -> Any:
        """Infer the types of the columns. Spellings that no file (JSONL: no object) has side by side are one column."""
        found = await infer(self, files)
        if len({name.lower() for name in found}) == len(found):
            return found
        columns = [await self._infer_file_schema(file) for file in files]
        together = [tuple(types) for types in columns]
        if isinstance(parser := self.get_parser(), JsonlParser):
            objects = (parser._parse_jsonl_entries(file, self.stream_reader, self.logger, True) for file in files)
            together = list({tuple(entry) for entry in itertools.chain.from_iterable(objects)})
        spelled = _most_frequent(columns, together)
        merged: Any = {}
        for name, type_ in itertools.chain.from_iterable(types.items() for types in columns):
            merged = of_both(merged, {spelled.get(name, name): type_})
        return merged

    return infer_schema


def _most_frequent(files: list[Any], together: list[tuple[str, ...]]) -> dict[str, str]:
    """Return for each name the spelling that most files have.

    A name is left out if a file has this spelling beside another one.
    """
    counts = Counter(itertools.chain.from_iterable(files))
    separate = {
        lower for names in together for lower, count in Counter(name.lower() for name in names).items() if count > 1
    }
    best: dict[str, str] = {}
    for name in sorted(counts, key=lambda name: (counts[name], name)):
        best[name.lower()] = name
    return {name: best[name.lower()] for name in counts if name.lower() not in separate}
