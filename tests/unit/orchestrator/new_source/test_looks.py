"""What `make new-source` finds in files: types without loss, formats, keys, and what it refuses."""

import gzip
import json
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from orchestrator.new_source import files
from orchestrator.new_source.csv_look import look_at_csv
from orchestrator.new_source.found import Found
from orchestrator.new_source.json_look import look_at_json_lines
from orchestrator.new_source.parquet_look import look_at_parquet
from orchestrator.new_source.text_types import TextColumn
from source_texts.errors import SourceError

TEXT = "cast({} as string)"


def typed(*values: str) -> tuple[str, str | None]:
    column = TextColumn("x")
    for value in values:
        column.add(value)
    found = column.column()
    return found.landing, found.cast


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-20", "0"], ("integer", "cast({} as int64)")),
        (["1", "2", "02134"], ("string", TEXT)),
        (["9223372036854775807"], ("integer", "cast({} as int64)")),
        (["9223372036854775808"], ("string", TEXT)),
        (["+4917"], ("string", TEXT)),
        (["12E3"], ("string", TEXT)),
        (["1", "-0"], ("string", TEXT)),
        (["1.50", "2.25"], ("string", "cast({} as numeric)")),
        (["1.5", "2", "10.25"], ("string", "cast({} as numeric)")),
        (["1.1", "1.10"], ("string", TEXT)),  # versions
        (["0.12345678901"], ("string", "cast({} as bignumeric)")),
        (["12345678901234567890.5", "0.1234567891"], ("string", "cast({} as bignumeric)")),
        (["123456789012345678901.5", "0.1234567891"], ("string", TEXT)),  # the emulator's BIGNUMERIC has 20 digits
        (["0.1234567890123456789"], ("string", TEXT)),
        (["5,50", "10,25"], ("string", "cast(replace({}, ',', '.') as numeric)")),
        (["1,234", "5,678"], ("string", TEXT)),  # thousands or decimals
        (["true", "False", "TRUE"], ("boolean", "cast({} as bool)")),
        (["yes", "no"], ("string", TEXT)),
        (["0", "1"], ("integer", "cast({} as int64)")),
        (["2024-02-29"], ("string", "cast({} as date)")),
        (["2023-02-29"], ("string", TEXT)),
        (["2024-01-02T03:04:05Z", "2024-01-02 03:04:05.5+02:00"], ("string", "cast({} as timestamp)")),
        (["2024-01-02 03:04:05"], ("string", "cast({} as datetime)")),
        (["2024-01-02 03:04:05", "2024-01-02 03:04:05Z"], ("string", TEXT)),
        (["31.12.2024"], ("string", "parse_date('%d.%m.%Y', {})")),
        (["01/02/2024"], ("string", TEXT)),  # January or February
        (["01/02/2024", "13/02/2024"], ("string", "parse_date('%d/%m/%Y', {})")),
        (["01/02/2024", "02/13/2024"], ("string", "parse_date('%m/%d/%Y', {})")),
        (["1", "N/A"], ("string", TEXT)),
        (["1.5e-7", "2.25"], ("string", "cast({} as float64)")),
        (["2024-01-02T03:04:05+14:00"], ("string", "cast({} as timestamp)")),
        (["2024-01-02T03:04:05+14:30"], ("string", TEXT)),  # not an offset of BigQuery
        (["0001-01-01T00:00:00+01:00"], ("string", TEXT)),  # in UTC before the year 1
        (["Ada"], ("string", TEXT)),
        ([], ("string", TEXT)),
    ],
)
def test_a_type_never_loses_anything(values: list[str], expected: tuple[str, str | None]) -> None:
    assert typed(*values) == expected


def test_the_reason_for_a_text_is_told() -> None:
    for values, told in (
        (["1", "N/A"], "null_values"),
        (["01/02/2024"], "%m/%d/%Y"),
        (["1.1", "1.10"], "1.10"),
        (["1", "2", "02134"], "02134"),
        (["9223372036854775808"], "digits"),
    ):
        column = TextColumn("x")
        for value in values:
            column.add(value)
        assert told in column.column().why


def looked(tmp_path: Path, content: str | bytes, name: str = "a.csv", header: bool | None = None) -> Found:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return look_at_csv([path], "orders", header)


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("id,name\n1,Ada\n2,Bob\n", {}),
        ("\ufeffid,name\r\n1,Ada\r\n", {}),
        ("id;name;amount\n1;Ada;5,50\n2;Bob;1,25\n", {"delimiter": ";"}),
        ("id\tname\n1\tAda, the first\n", {"delimiter": "\\t"}),
        ("id|name\n1|Ada\n", {"delimiter": "|"}),
        ("id;name\n1;Zoë\n".encode("cp1252"), {"encoding": "cp1252", "delimiter": ";"}),
        ("id,name\n1,Привет мир\n2,Иванов\n".encode("cp1251"), {"encoding": "cp1251"}),
        ("id,name\n1,Zoë\n".encode("utf-16"), {"encoding": "utf-16"}),
        ("id,text\n1,'it, is'\n2,'b'\n", {"quote_char": "'"}),
        ("Report of 2024\nmade by hand\nid,name\n1,Ada\n2,Bob\n", {"skip_rows_before_header": 2}),
        ('id,text\n1,"a, ""b"""\n2,"c\nd"\n', {}),
        ('id,text\n1,"a \\"b\\", c"\n', {"escape_char": "\\", "double_quote": False}),
        ("id\n1\n2\n", {}),
        ("id,name,\n1,Ada,\n2,Bob,\n", {}),  # a delimiter at the end of each line
        ("id,100%,1st name\n1,a,b\n2,c,d\n", {}),  # a word above numbers: the line has names
        ("sep=;\nid;name\n1;a,b\n", {"delimiter": ";", "skip_rows_before_header": 1}),  # as Excel writes it
    ],
)
def test_the_format_is_found(tmp_path: Path, content: str | bytes, options: dict[str, object]) -> None:
    assert looked(tmp_path, content).options == options


def test_a_file_without_a_header_is_told(tmp_path: Path) -> None:
    found = looked(tmp_path, "1,02134\n2,10115\n")
    assert found.options["header_definition"]["column_names"] == ["column_1", "column_2"]
    assert any("header=yes" in note for note in found.notes)
    assert found.records == 2
    assert looked(tmp_path, "N/A,5\n3,6\n").records == 2
    with_header = looked(tmp_path, "country,2021,2022\nDE,5,6\n", header=True)
    assert [column.name for column in with_header.columns] == ["country", "2021", "2022"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,name\n1,Ada\n2,Bob,x\n3,Eve\n", "line 3"),
        ('id,name\n1,"Ada\n2,Bob\n3,Eve\n', "line 2"),
        ("id, name\n1,Ada\n", "' name'"),
        ("id,,name\n1,2,Ada\n", "column 2"),
        ("id,name,name\n1,2,Ada\n", "'name': two columns"),
        ("id,_ab_source_file_url\n1,a\n", "'_ab_source_file_url'"),
        ("id,_AIRBYTE_META\n1,a\n", "'_AIRBYTE_META'"),
        ("id,name\n", "no records"),
        ("<html><body>,</body>\n<p>,</p>\n", "HTML"),
    ],
)
def test_what_would_not_load_is_refused(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        looked(tmp_path, content, header=True)


def test_keys_are_unique_in_every_record(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number % 7},{number}\n" for number in range(1000))
    assert looked(tmp_path, f"order_id,customer_id,amount\n{rows}").keys == [("order_id",)]
    assert looked(tmp_path, f"order_id,customer_id,amount\n{rows}7,0,1\n").keys == []
    assert looked(tmp_path, "order_id,product_id,n\n1,1,5\n1,2,5\n2,1,5\n").keys == [("order_id", "product_id")]
    assert looked(tmp_path, "id,n\n1,5\n,6\n").keys == []


def test_a_later_value_of_another_file_counts(tmp_path: Path) -> None:
    paths = [tmp_path / "1.csv", tmp_path / "2.csv.gz"]
    paths[0].write_text("id,zip\n1,10115\n")
    with gzip.open(paths[1], "wt") as file:
        file.write("id,zip\n1,02134\n")
    found = look_at_csv(paths, "orders", None)
    assert [(column.name, column.landing) for column in found.columns] == [("id", "integer"), ("zip", "string")]
    assert (found.records, found.keys) == (2, [])


def test_json_lines_keep_their_types(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    records = [
        {"id": 1, "zip": "02134", "tags": ["a"], "amount": 1.5, "mixed": 1, "at": "2024-01-02"},
        {"id": 2, "zip": "10115", "amount": 2, "mixed": "x", "big": 2**70},
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    found = look_at_json_lines([path], "events")
    assert {column.name: column.landing for column in found.columns} == {
        "id": "integer", "zip": "string", "tags": "array", "amount": "number", "mixed": "string", "at": "string",
        "big": "string",
    }  # fmt: skip
    assert {column.name: column.cast for column in found.columns}["at"] == "cast({} as date)"
    assert found.keys == [("id",)]
    path.write_text('{"id": 1}\n[2]\n')
    with pytest.raises(SourceError, match="line 2"):
        look_at_json_lines([path], "events")
    path.write_text('\ufeff{"id": 1}\n')
    with pytest.raises(SourceError, match="byte order mark"):
        look_at_json_lines([path], "events")
    path.write_text('{"id": 1e400}\n')
    with pytest.raises(SourceError, match="infinity"):
        look_at_json_lines([path], "events")


def test_parquet_has_types_of_its_own(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"id": [1, 2], "code": ["02", "02"], "tags": [["a"], []]}), path)
    found = look_at_parquet([path], "events")
    assert not found.declared
    assert [(column.name, column.cast) for column in found.columns] == [
        ("id", "cast({} as int64)"),
        ("code", TEXT),
        ("tags", None),
    ]
    assert (found.records, found.keys) == (2, [("id",)])


def test_values_that_would_not_load_are_refused(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"id": [1, 2], "raw": ["ü".encode(), None]}), path)
    assert look_at_parquet([path], "events").records == 2
    parquet.write_table(pyarrow.table({"id": [1], "raw": [b"\x00\xff"]}), path)
    with pytest.raises(SourceError, match=r"'raw'.*UTF-8"):
        look_at_parquet([path], "events")
    parquet.write_table(pyarrow.table({"id": [1], "hash": pyarrow.array([2**63], pyarrow.uint64())}), path)
    with pytest.raises(SourceError, match=r"'hash'.*INT64"):
        look_at_parquet([path], "events")


def test_files_get_their_place_in_the_bucket(tmp_path: Path) -> None:
    seeds = tmp_path / "seed_data"
    seeds.mkdir()
    export = tmp_path / "Export of May.txt"
    export.write_text("id,name\n1,Ada\n")
    given = files.local(export, "people", seeds)
    assert given.copies == [(export, seeds / "people.csv")]
    assert (given.keys, given.glob) == (["jaffle_shop/people.csv"], "jaffle_shop/people.csv")
    inside = seeds / "here.csv"
    inside.write_text("id,name\n1,Ada\n")
    assert files.local(inside, "people", seeds).copies == []
    folder = tmp_path / "days"
    folder.mkdir()
    for day in (1, 2):
        (folder / f"{day}.csv").write_text("id,name\n1,Ada\n")
    (folder / "notes.txt").write_text("not data")
    given = files.local(folder, "days", seeds)
    assert given.glob == "jaffle_shop/days/*.csv"
    assert given.keys == ["jaffle_shop/days/1.csv", "jaffle_shop/days/2.csv"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.xlsx", b"PK", "Excel"),
        ("a.json", b'[{"id": 1}]', "JSON lines"),
        ("a.csv", b"", "empty"),
        ("a.csv", b"\x1f\x8b\x08", r"\.gz"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=told):
        files.local(path, "a", tmp_path / "seed_data")


@pytest.mark.parametrize("key", ["data/../../x.csv", "data//x.csv", "data/./x.csv", "data/.."])
def test_a_key_that_leads_out_of_the_folder_is_not_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    client = MagicMock()
    client.get_paginator.return_value.paginate.return_value = [{"Contents": [{"Key": key}]}]
    monkeypatch.setattr("platform_kit.s3.client", lambda: client)
    with pytest.raises(SourceError, match="empty part"):
        files.in_bucket("s3://bucket/data/", "bucket", tmp_path)
    client.download_file.assert_not_called()
