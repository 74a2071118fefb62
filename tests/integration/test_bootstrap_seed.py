"""Uploading the seed files to a real S3."""

import csv
import io
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from bootstrap import seed as seed_module
from bootstrap.settings import Settings
from tools.local.platform import ROOT

from .running import RunningPlatform, Server
from .s3_types import S3Client


@pytest.fixture
def new_bucket(s3_client: S3Client) -> Iterator[str]:
    """The name of a bucket that does not exist yet."""
    name = f"seed-{uuid.uuid4().hex[:12]}"
    yield name
    for item in s3_client.list_objects_v2(Bucket=name).get("Contents", []):
        s3_client.delete_object(Bucket=name, Key=item["Key"])
    s3_client.delete_bucket(Bucket=name)


def seed(platform: RunningPlatform, *options: str, **variables: str) -> list[str]:
    result = platform.run("bootstrap", "bootstrap", "seed", *options, **variables)
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


@pytest.fixture
def one_file(new_bucket: str, tmp_path: Path) -> dict[str, str]:
    """The variables of a seed folder with the one file a.csv."""
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "notes.md").write_text("not data")
    return {"S3_BUCKET": new_bucket, "SEED_DATA_DIR": str(tmp_path)}


def outcomes(lines: list[str]) -> dict[str, str]:
    return {line.split()[1].removeprefix("jaffle_shop/"): line.split()[2] for line in lines}


def content(s3_client: S3Client, bucket: str, name: str) -> bytes:
    return s3_client.get_object(Bucket=bucket, Key=f"jaffle_shop/{name}")["Body"].read()


def test_only_what_differs_is_uploaded(
    local_platform: RunningPlatform,
    s3: Server,
    s3_client: S3Client,
    new_bucket: str,
    one_file: dict[str, str],
    tmp_path: Path,
) -> None:
    (tmp_path / "b.csv").write_text("id\n1\n")
    seed(local_platform, **one_file)
    (tmp_path / "b.csv").write_text("id\n2\n")  # the same length: only the content tells
    told = outcomes(seed(local_platform, **one_file))
    assert told == {new_bucket: "unchanged", "a.csv": "unchanged", "b.csv": "uploaded", "notes.md": "not"}
    assert content(s3_client, new_bucket, "b.csv") == b"id\n2\n"


def test_a_name_that_is_not_ascii(
    local_platform: RunningPlatform,
    s3: Server,
    s3_client: S3Client,
    new_bucket: str,
    one_file: dict[str, str],
    tmp_path: Path,
) -> None:
    """The object's metadata, which name the key, are ASCII only."""
    (tmp_path / "a.csv").rename(tmp_path / "größe.csv")
    assert outcomes(seed(local_platform, **one_file))["größe.csv"] == "uploaded"
    (tmp_path / "größe.csv").write_text("id\n2\n")
    assert outcomes(seed(local_platform, **one_file))["größe.csv"] == "uploaded"


def put_plainly(client: S3Client, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="jaffle_shop/a.csv", Body=b"id\n9\n")


def put_with_the_metadata(client: S3Client, bucket: str) -> None:
    """As a tool does that edits an object in its place."""
    metadata = client.head_object(Bucket=bucket, Key="jaffle_shop/a.csv")["Metadata"]
    assert {"sha256", "seed-key"} <= metadata.keys()
    client.put_object(Bucket=bucket, Key="jaffle_shop/a.csv", Body=b"id\n9\n", Metadata=metadata)


def put_with_the_metadata_and_a_checksum(client: S3Client, bucket: str) -> None:
    metadata = client.head_object(Bucket=bucket, Key="jaffle_shop/a.csv")["Metadata"]
    client.put_object(
        Bucket=bucket, Key="jaffle_shop/a.csv", Body=b"id\n9\n", Metadata=metadata, ChecksumAlgorithm="SHA256"
    )


def put_without_the_checksum(client: S3Client, bucket: str) -> None:
    """Only one of the two metadata fields."""
    client.put_object(
        Bucket=bucket, Key="jaffle_shop/a.csv", Body=b"id\n9\n", Metadata={"seed-key": "jaffle_shop/a.csv"}
    )


def copy_another_seed_file(client: S3Client, bucket: str) -> None:
    """Its metadata are true of its content; they name another key."""
    client.copy_object(Bucket=bucket, Key="jaffle_shop/a.csv", CopySource=f"{bucket}/jaffle_shop/other.csv")


def upload_in_parts(client: S3Client, bucket: str) -> None:
    client.upload_fileobj(
        io.BytesIO(b"id\n9\n"),
        bucket,
        "jaffle_shop/a.csv",
        ExtraArgs={"ChecksumAlgorithm": "SHA256"},
        Config=TransferConfig(multipart_threshold=1),
    )
    assert "-" in client.head_object(Bucket=bucket, Key="jaffle_shop/a.csv")["ETag"]


@pytest.mark.parametrize(
    "by_hand",
    [
        put_plainly,
        put_with_the_metadata,
        put_with_the_metadata_and_a_checksum,
        put_without_the_checksum,
        copy_another_seed_file,
        upload_in_parts,
    ],
)
def test_what_somebody_else_put_there_stays(
    local_platform: RunningPlatform,
    s3: Server,
    s3_client: S3Client,
    new_bucket: str,
    one_file: dict[str, str],
    tmp_path: Path,
    by_hand: Callable[[S3Client, str], None],
) -> None:
    (tmp_path / "other.csv").write_text("id\n9\n")
    seed(local_platform, **one_file)
    by_hand(s3_client, new_bucket)
    for text in ("id\n1\n", "id\n2\n3\n"):  # the file as it was uploaded, and another one
        (tmp_path / "a.csv").write_text(text)
        lines = seed(local_platform, **one_file)
        assert outcomes(lines)["a.csv"] == "left"
        assert [line for line in lines if "make seed o=--overwrite" in line] == [lines[1]]
        assert content(s3_client, new_bucket, "a.csv") == b"id\n9\n"
    assert outcomes(seed(local_platform, "--overwrite", **one_file))["a.csv"] == "uploaded"
    assert content(s3_client, new_bucket, "a.csv") == b"id\n2\n3\n"
    (tmp_path / "a.csv").write_text("id\n4\n")
    assert outcomes(seed(local_platform, **one_file))["a.csv"] == "uploaded"  # seed's own again


@pytest.mark.parametrize("by_hand", [put_plainly, upload_in_parts])
def test_the_same_content_of_somebody_else_is_no_difference(
    local_platform: RunningPlatform,
    s3: Server,
    s3_client: S3Client,
    new_bucket: str,
    one_file: dict[str, str],
    tmp_path: Path,
    by_hand: Callable[[S3Client, str], None],
) -> None:
    (tmp_path / "a.csv").write_text("id\n9\n")
    s3_client.create_bucket(Bucket=new_bucket)
    by_hand(s3_client, new_bucket)
    assert outcomes(seed(local_platform, **one_file))["a.csv"] == "unchanged"


@pytest.mark.parametrize("uploaded_before", [False, True])
def test_an_object_that_changes_between_the_look_and_the_upload_stays(
    local_platform: RunningPlatform,
    s3: Server,
    s3_client: S3Client,
    new_bucket: str,
    one_file: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    uploaded_before: bool,
) -> None:
    if uploaded_before:
        seed(local_platform, **one_file)
        (tmp_path / "a.csv").write_text("id\n2\n")
    send = seed_module._send

    def somebody_is_faster(client: S3Client, bucket: str, *arguments: Any) -> None:
        put_plainly(s3_client, bucket)
        send(client, bucket, *arguments)

    for name, value in (local_platform.settings.environment | one_file).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(seed_module, "_send", somebody_is_faster)
    told: list[str] = []
    seed_module.seed(Settings.read(), lambda *line: told.append(" ".join(line)))
    assert [line for line in told if "left as it is" in line] == [told[1]]
    assert content(s3_client, new_bucket, "a.csv") == b"id\n9\n"


def test_an_external_airbytes_bucket_gets_nothing_unasked(
    local_platform: RunningPlatform, s3: Server, s3_client: S3Client, new_bucket: str, one_file: dict[str, str]
) -> None:
    external = one_file | {"AIRBYTE_MODE": "external"}
    [line] = seed(local_platform, **external)
    assert "make seed o=--upload" in line
    assert new_bucket not in [bucket["Name"] for bucket in s3_client.list_buckets()["Buckets"]]
    assert outcomes(seed(local_platform, "--upload", **external))["a.csv"] == "uploaded"
    assert outcomes(seed(local_platform, SEED_UPLOAD="yes", **external))["a.csv"] == "unchanged"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"SEED_DATA_DIR": "docs/decisions"}, str(ROOT / "docs/decisions")),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
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


def test_every_file_is_uploaded_or_its_reason_told_and_a_removed_one_is_deleted_by_consent(
    local_platform: RunningPlatform, s3_client: S3Client, new_bucket: str, tmp_path: Path
) -> None:
    folder = tmp_path / "seed"
    (folder / "sub").mkdir(parents=True)
    names = ["A.CSV", "b.tsv", "c.csv.gz", "sub/d.csv", "e.jsonl"]
    for name in names:
        (folder / name).write_text("id\n1\n")
    (folder / "link.csv").symlink_to(folder / "A.CSV")
    (folder / "notes.md").write_text("x")
    (folder / "empty.csv").touch()
    variables = {"SEED_DATA_DIR": str(folder), "S3_BUCKET": new_bucket}
    lines = seed(local_platform, **variables)
    uploaded = {line.split()[1] for line in lines if " uploaded (" in line}
    assert uploaded == {f"jaffle_shop/{name}" for name in [*names, "link.csv"]}
    assert {line.split()[1] for line in lines if "not uploaded: " in line} == {"notes.md", "empty.csv"}

    (folder / "b.tsv").unlink()
    (folder / "sub/d.csv").unlink()
    s3_client.put_object(Bucket=new_bucket, Key="jaffle_shop/theirs.csv", Body=b"id\n1\n")
    edited = s3_client.head_object(Bucket=new_bucket, Key="jaffle_shop/sub/d.csv")["Metadata"]
    s3_client.put_object(Bucket=new_bucket, Key="jaffle_shop/sub/d.csv", Body=b"id\n2\n", Metadata=edited)
    [line] = [line for line in seed(local_platform, **variables) if "make seed o=--prune" in line]
    assert "jaffle_shop/b.tsv" in line
    [line] = [line for line in seed(local_platform, "--prune", **variables) if " deleted" in line]
    assert "jaffle_shop/b.tsv" in line
    keys = {item["Key"] for item in s3_client.list_objects_v2(Bucket=new_bucket)["Contents"]}
    assert keys == (uploaded | {"jaffle_shop/theirs.csv"}) - {"jaffle_shop/b.tsv"}
