"""The files in S3 as assets."""

import pytest

from connections_file import Connection, Stream
from orchestrator.files import asset_key, file_assets


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
