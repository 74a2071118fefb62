"""Files are counted only if the connector reads every record of them."""

from typing import Any

import pytest

from connections_file import Source, Stream
from orchestrator.reading.formats import CsvFormat, NotCountedError, StreamFiles, stream_files

KEY = "shop/orders.csv"


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_BUCKET", "jaffle-shop")
    monkeypatch.setenv("DELIMITER", ";")


def decide(
    files: list[str] | None = None, connector: str = "source-s3", top: dict[str, Any] | None = None, **options: Any
) -> StreamFiles:
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
    return stream_files(stream, source)


def test_options_come_from_the_environment_and_have_the_connectors_defaults() -> None:
    assert decide().format == CsvFormat(
        filetype="csv", delimiter=",", quote_char='"', double_quote=True, encoding="utf8"
    )
    options = {"filetype": "csv", "delimiter": "${DELIMITER}", "skip_rows_before_header": "${SKIP:-2}"}
    found = decide(format=options).format
    assert isinstance(found, CsvFormat)
    assert (found.separator, found.skip_rows_before_header) == (";", 2)


@pytest.mark.parametrize("filetype", ["csv", "jsonl", "parquet", "avro"])
def test_formats_that_are_counted(filetype: str) -> None:
    assert decide(format={"filetype": filetype}).format.filetype == filetype


def test_globs_match_as_in_the_connector() -> None:
    files = decide(globs=["shop/*.csv", "b.csv"])
    assert [key for key in ("shop/a.csv", "shop/x/a.csv", "b.csv", "c.csv") if files.matches(key)] == [
        "shop/a.csv",
        "b.csv",
    ]
    assert files.prefixes == ["b.csv", "shop/"]
    assert decide(globs=None).matches("any/key")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"connector": "source-file"}, "source-file"),
        ({"top": {"bucket": "another"}}, "another"),
        ({"top": {"bucket": "${NOT_SET_HERE}"}}, "NOT_SET_HERE"),
        ({"top": {"start_date": "2024-01-01T00:00:00.000000Z"}}, "start_date"),
        ({"top": {"delivery_method": {"delivery_type": "use_file_transfer"}}}, "use_file_transfer"),
        ({"top": {"streams": []}}, "orders"),
        ({"globs": KEY}, "not a list"),
        ({"globs": [[KEY]]}, "not a list"),
        ({"legacy_prefix": "shop"}, "legacy_prefix"),
        ({"format": {"filetype": "excel"}}, "excel"),
        ({"format": {"filetype": "unstructured"}}, "unstructured"),
        ({"format": {}}, "filetype"),
        ({"format": {"filetype": "csv", "encoding": "idna"}}, "idna"),
    ],
)
def test_no_check_rather_than_a_wrong_one(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotCountedError, match=reason.replace("*", r"\*")):
        decide(**changes)
