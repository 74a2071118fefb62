"""Which files are counted: those of which the connector reads every record, and no other file's."""

from typing import Any

import pytest

from connections_file import Source, Stream
from orchestrator.s3_streams import CsvFormat, FileFormat, NotCountedError, file_format

KEY = "shop/orders.csv"


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_BUCKET", "jaffle-shop")
    monkeypatch.setenv("DELIMITER", ";")


def decide(
    files: list[str] | None = None, connector: str = "source-s3", top: dict[str, Any] | None = None, **options: Any
) -> FileFormat:
    """The decision on a stream of the source's configuration with fields replaced."""
    stream = Stream(
        name="orders",
        sync_mode="full_refresh_overwrite",
        dbt_source="shop.orders",
        files=[KEY] if files is None else files,
    )
    configuration: dict[str, Any] = {
        "bucket": "${S3_BUCKET}",
        "credentials": {"aws_secret_access_key": "${NOT_SET_HERE}"},
        "streams": [
            {"name": "other", "globs": ["**"]},
            {"name": "orders", "globs": [KEY], "format": {"filetype": "csv"}} | options,
        ],
    }
    source = Source(name="s3", connector=connector, configuration=configuration | (top or {}))
    return file_format(stream, source)


def test_options_come_from_the_environment_and_have_the_connectors_defaults() -> None:
    assert decide() == CsvFormat(filetype="csv", delimiter=",", quote_char='"', double_quote=True, encoding="utf8")
    options = {"filetype": "csv", "delimiter": "${DELIMITER}", "skip_rows_before_header": "${SKIP:-2}"}
    found = decide(format=options)
    assert isinstance(found, CsvFormat)
    assert (found.delimiter, found.lines_before_records) == (";", 3)


@pytest.mark.parametrize("filetype", ["csv", "jsonl", "parquet"])
def test_formats_that_are_counted(filetype: str) -> None:
    assert decide(format={"filetype": filetype}).filetype == filetype


def test_several_files() -> None:
    assert decide(["a.csv.gz", "b.csv"], globs=["b.csv", "a.csv.gz"]).filetype == "csv"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"files": []}, "`files`"),
        ({"connector": "source-file"}, "source-file"),
        ({"top": {"bucket": "another"}}, "another"),
        ({"top": {"bucket": "${NOT_SET_HERE}"}}, "NOT_SET_HERE"),
        ({"top": {"start_date": "2024-01-01T00:00:00.000000Z"}}, "start_date"),
        ({"top": {"delivery_method": {"delivery_type": "use_file_transfer"}}}, "use_file_transfer"),
        ({"top": {"streams": []}}, "orders"),
        ({"globs": ["shop/*.csv"]}, "wildcards"),
        ({"globs": None}, "wildcards"),
        ({"globs": KEY}, "not a list"),
        ({"globs": [[KEY]]}, "not a list"),
        ({"globs": [KEY, "shop/more.csv"]}, "shop/more.csv"),
        ({"files": [KEY, "shop/more.csv"]}, "shop/more.csv"),
        ({"files": ["a.zip"], "globs": ["a.zip"]}, "a.zip"),
        ({"legacy_prefix": "shop"}, "legacy_prefix"),
        ({"validation_policy": "Skip Record"}, "Skip Record"),
        ({"format": {"filetype": "avro"}}, "avro"),
        ({"format": {"filetype": "excel"}}, "excel"),
        ({"format": {"filetype": "unstructured"}}, "unstructured"),
        ({"format": {}}, "filetype"),
        ({"format": {"filetype": "csv", "ignore_errors_on_fields_mismatch": True}}, "ignore_errors_on_fields_mismatch"),
        ({"files": ["a.gz"], "globs": ["a.gz"], "format": {"filetype": "parquet"}}, "compressed"),
    ],
)
def test_no_check_rather_than_a_wrong_one(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotCountedError, match=reason.replace("*", r"\*")):
        decide(**changes)
