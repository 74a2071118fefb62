"""The files in S3 as assets."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from connections_file import Connection, Stream
from orchestrator.files import Bucket, asset_key, file_assets
from orchestrator.reading.facts import NOTHING
from orchestrator.reading.formats import FileFormat, JsonlFormat, ParquetFormat
from orchestrator.reading.objects import File
from platform_kit import s3


def test_asset_key_of_a_file() -> None:
    assert asset_key("jaffle_shop/orders.csv").path == ["s3", "jaffle_shop", "orders.csv"]


@pytest.mark.parametrize(
    ("key", "kinds"),
    [
        ("shop/orders.csv", {"s3", "csv"}),
        ("shop/orders.JSONL.gz", {"s3", "jsonl"}),
        ("shop/2024.01/orders", {"s3"}),
    ],
)
def test_kinds_of_a_file(key: str, kinds: set[str]) -> None:
    stream = Stream(name="orders", sync_mode="full_refresh_append", dbt_source="shop.orders", files=[key])
    [spec] = file_assets([Connection(name="shop", source="s3", destination="warehouse", streams=[stream])])
    assert spec.kinds == kinds


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")  # Dagster's
@pytest.mark.parametrize("file_format", [JsonlFormat(filetype="jsonl"), ParquetFormat(filetype="parquet")])
def test_a_file_in_an_s3_that_does_not_answer(file_format: FileFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    with pytest.raises(dg.Failure) as caught:
        Bucket().files().facts(File("shop/orders", "", datetime.now(UTC)), file_format, NOTHING)
    assert "/shop/orders" in str(caught.value.description)
    assert "http://127.0.0.1:9/" in str(caught.value.description)
    assert "make ps" in str(caught.value.description)
