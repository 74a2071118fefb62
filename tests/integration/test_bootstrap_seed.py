"""Uploading the seed files to a real S3."""

import csv
import io
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from types_boto3_s3 import S3Client

from .running import RunningPlatform, Server


@pytest.fixture
def new_bucket(s3_client: S3Client) -> Iterator[str]:
    """The name of a bucket that does not exist yet."""
    name = f"seed-{uuid.uuid4().hex[:12]}"
    yield name
    for item in s3_client.list_objects_v2(Bucket=name).get("Contents", []):
        s3_client.delete_object(Bucket=name, Key=item["Key"])
    s3_client.delete_bucket(Bucket=name)


def seed(platform: RunningPlatform, **variables: str) -> list[str]:
    result = platform.run("bootstrap", "bootstrap", "seed", **variables)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_files_are_uploaded_once(
    local_platform: RunningPlatform, s3: Server, s3_client: S3Client, new_bucket: str
) -> None:
    keys = [f"jaffle_shop/{name}.csv" for name in ("jaffle_shop_customers", "jaffle_shop_orders", "stripe_payments")]
    first = seed(local_platform, S3_BUCKET=new_bucket)
    assert [line.split()[:3] for line in first] == [
        ["bucket", new_bucket, "created"],
        *(["object", key, "uploaded"] for key in keys),
    ]
    rows = {}
    for key in keys:
        body = s3_client.get_object(Bucket=new_bucket, Key=key)["Body"].read().decode()
        rows[key] = sum(1 for _ in csv.reader(io.StringIO(body))) - 1
    assert list(rows.values()) == [100, 99, 120]
    before = {item["Key"]: item["LastModified"] for item in s3_client.list_objects_v2(Bucket=new_bucket)["Contents"]}
    assert [line.split()[2] for line in seed(local_platform, S3_BUCKET=new_bucket)] == ["unchanged"] * 4
    after = {item["Key"]: item["LastModified"] for item in s3_client.list_objects_v2(Bucket=new_bucket)["Contents"]}
    assert after == before


def test_only_what_differs_is_uploaded(
    local_platform: RunningPlatform, s3: Server, s3_client: S3Client, new_bucket: str, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.csv").write_text("id\n1\n")
    (tmp_path / "notes.md").write_text("not data")
    variables = {"S3_BUCKET": new_bucket, "SEED_DATA_DIR": str(tmp_path)}
    seed(local_platform, **variables)
    (tmp_path / "b.csv").write_text("id\n2\n")  # the same length: only the content tells
    s3_client.put_object(Bucket=new_bucket, Key="jaffle_shop/c.csv", Body=b"id\n3\n")  # by somebody else
    outcomes = {line.split()[1]: line.split()[2] for line in seed(local_platform, **variables)}
    assert outcomes == {
        new_bucket: "unchanged",
        "jaffle_shop/a.csv": "unchanged",
        "jaffle_shop/b.csv": "uploaded",
        "jaffle_shop/c.csv": "uploaded",
    }
    for name, body in (("b", b"id\n2\n"), ("c", b"id\n1\n")):
        assert s3_client.get_object(Bucket=new_bucket, Key=f"jaffle_shop/{name}.csv")["Body"].read() == body


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"SEED_DATA_DIR": "tests"}, "There are no CSV files in"),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}, "S3 (http://127.0.0.1:1) did not take the seed files"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "Unable to locate credentials"),
    ],
)
def test_what_stops_it_is_said(
    local_platform: RunningPlatform, s3: Server, variables: dict[str, str], message: str
) -> None:
    result = local_platform.run("bootstrap", "bootstrap", "seed", **({"AWS_EC2_METADATA_DISABLED": "true"} | variables))
    assert result.returncode == 1
    assert result.stderr.startswith("bootstrap: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
