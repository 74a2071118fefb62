"""Counting the records of a CSV file."""

import pytest

from orchestrator.files import asset_key, count_records


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"id,name\n1,a\n2,b\n", 2),
        (b"id,name\n1,a\n2,b", 2),
        (b"id,name\r\n1,a\r\n2,b\r\n", 2),
        (b'id,name\n1,"a\nb\n\nc"\n2,"d ""e"", f"\n', 2),
        ("\ufeffid,name\n1,é\n2,日本\n".encode(), 2),
        (b"id,name\n1,a\n\n2,b\n\n", 2),
        (b"id,name\n1,\n2,\n", 2),
        (b"id,name\n1,caf\xe9\n", 1),
        (b"id,name\n" + b'1,"' + b"x" * 200_000 + b'"\n', 1),
        (b"id,name\n", 0),
        (b"", 0),
    ],
    ids=[
        "plain",
        "no newline at the end",
        "CRLF",
        "newlines and quotes in quotes",
        "BOM",
        "blank lines",
        "empty cells",
        "Latin-1",
        "a value of 200 kB",
        "header only",
        "empty file",
    ],
)
def test_records_are_counted_not_lines(content: bytes, records: int) -> None:
    assert count_records(content.splitlines(keepends=True)) == records


def test_asset_key_of_a_file() -> None:
    assert asset_key("jaffle_shop/orders.csv").path == ["s3", "jaffle_shop", "orders.csv"]
