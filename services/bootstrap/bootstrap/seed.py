"""Uploads the seed files to S3, those that differ."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bootstrap.errors import UserError
from bootstrap.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PREFIX = "jaffle_shop/"
CHECKSUM = "sha256"
"""The object's metadata field that holds its content's checksum; unlike an ETag it is the same for any part size."""


def seed(settings: Settings, report: Callable[[str, str, str], None]) -> None:
    """Put every CSV file of the seed folder into the bucket, which is created when absent. Raises UserError."""
    files = sorted(settings.seed_directory.glob("*.csv"))
    if not files:
        raise UserError(
            f"There are no CSV files in {settings.seed_directory.absolute()}. Name another folder with SEED_DATA_DIR."
        )
    where = settings.s3_endpoint or "AWS"
    try:
        # boto3 reads endpoint, region and credentials from the environment: the same code for LocalStack and AWS.
        client = boto3.client("s3", config=Config(connect_timeout=5, retries={"total_max_attempts": 4}))
        report("bucket", settings.s3_bucket, "created" if _create_bucket(client, settings.s3_bucket) else "unchanged")
        for file in files:
            key = PREFIX + file.name
            uploaded = _upload(client, settings.s3_bucket, key, file)
            report("object", key, f"uploaded ({file.stat().st_size:,} bytes)" if uploaded else "unchanged")
    except (BotoCoreError, ClientError) as error:
        raise UserError(
            f"S3 ({where}) did not take the seed files: {error}\n"
            "Check that it runs (AWS_ENDPOINT_URL_S3) and the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)."
        ) from error


def _create_bucket(client: S3Client, bucket: str) -> bool:
    """Create the bucket unless it is there; return whether it was created."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if not _is_missing(error):
            raise
    else:
        return False
    region = client.meta.region_name
    if region == "us-east-1":  # the one region that must not be named
        client.create_bucket(Bucket=bucket)
    else:
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item] # any region
    return True


def _upload(client: S3Client, bucket: str, key: str, file: Path) -> bool:
    """Upload the file unless the object has its checksum; return whether it was uploaded."""
    with file.open("rb") as content:
        checksum = hashlib.file_digest(content, "sha256").hexdigest()
    try:
        if client.head_object(Bucket=bucket, Key=key)["Metadata"].get(CHECKSUM) == checksum:
            return False
    except ClientError as error:
        if not _is_missing(error):
            raise
    client.upload_file(str(file), bucket, key, ExtraArgs={"ContentType": "text/csv", "Metadata": {CHECKSUM: checksum}})
    return True


def _is_missing(error: ClientError) -> bool:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404
