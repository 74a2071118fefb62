"""Uploads the seed files to S3: those that are missing, and those of its own that have changed.

An object that somebody else put there is left as it is. Seed's own is told by three facts: its metadata name the key
that it was uploaded to and the checksum of what was uploaded, and the content still has that checksum. A copy has
another key, another upload has no such metadata, and metadata that were carried over have another checksum.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from bootstrap.errors import UserError
from bootstrap.settings import Settings
from platform_kit import s3

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef

PREFIX = "jaffle_shop/"
CHECKSUM, KEY = "sha256", "seed-key"
"""The object's metadata: the checksum of what was uploaded, and the key that it was uploaded to."""

LOOKS = 3
"""How often an object is looked at again that changed between the look and the upload."""

UPLOAD, OVERWRITE = "make seed o=--upload", "make seed o=--overwrite"


def seed(
    settings: Settings, report: Callable[[str, str, str], None], *, upload: bool = False, overwrite: bool = False
) -> None:
    """Put every CSV file of the seed folder into the bucket, which is created when absent. Raises UserError.

    With an Airbyte that runs elsewhere the bucket is somebody's own: there it does so with `upload` only. `overwrite`
    replaces what others put there too.
    """
    if settings.airbyte_mode == "external" and not (upload or overwrite or settings.seed_upload):
        report("bucket", settings.s3_bucket, f"AIRBYTE_MODE=external: no seed files are uploaded. To do it: {UPLOAD}")
        return
    files = sorted(settings.seed_directory.glob("*.csv"))
    if not files:
        raise UserError(
            f"There are no CSV files in {settings.seed_directory.absolute()}. Name another folder with SEED_DATA_DIR."
        )
    where = settings.s3_endpoint or "AWS"
    try:
        client = s3.client()
        report("bucket", settings.s3_bucket, "created" if _create_bucket(client, settings.s3_bucket) else "unchanged")
        for file in files:
            key = PREFIX + file.name
            report("object", key, _upload(client, settings.s3_bucket, key, file, overwrite=overwrite))
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
        if _status(error) != 404:
            raise
    else:
        return False
    region = client.meta.region_name
    if region == "us-east-1":  # the one region that must not be named
        client.create_bucket(Bucket=bucket)
    else:
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item] # any region
    return True


def _upload(client: S3Client, bucket: str, key: str, file: Path, *, overwrite: bool) -> str:
    """Upload the file unless the object has its content or is somebody else's; return what was done."""
    with file.open("rb") as content:
        checksum = hashlib.file_digest(content, "sha256").hexdigest()
    for _ in range(LOOKS):
        found = _look(client, bucket, key)
        if found:
            present = _checksum(client, bucket, key, found, file.stat().st_size)
            if present == checksum:
                return "unchanged"
            ours = found["Metadata"].get(KEY) == key and found["Metadata"].get(CHECKSUM) == present
            if not (ours or overwrite):
                return f"left as it is: not what seed uploaded. To overwrite it with {file.name}: {OVERWRITE}"
        if _put(client, bucket, key, file, checksum, found):
            return f"uploaded ({file.stat().st_size:,} bytes)"
    raise UserError(f"s3://{bucket}/{key} was changed by somebody else at each of {LOOKS} attempts. Try again later.")


def _look(client: S3Client, bucket: str, key: str) -> HeadObjectOutputTypeDef | None:
    try:
        return client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if _status(error) != 404:
            raise
        return None


def _checksum(client: S3Client, bucket: str, key: str, found: HeadObjectOutputTypeDef, size: int) -> str | None:
    """Return the SHA-256 of an object's content, None for one that can be neither the file nor seed's.

    An ETag would not do: it is not of the content where the object was uploaded in parts or is encrypted.
    """
    told = found.get("ChecksumSHA256")
    if told and found.get("ChecksumType") != "COMPOSITE" and "-" not in told:  # of the parts' checksums otherwise
        return base64.b64decode(told).hex()
    if found["ContentLength"] != size and CHECKSUM not in found["Metadata"]:
        return None
    digest = hashlib.sha256()
    for chunk in client.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _put(
    client: S3Client, bucket: str, key: str, file: Path, checksum: str, found: HeadObjectOutputTypeDef | None
) -> bool:
    """Upload the file in place of what was found; return False if something else is there by now."""
    condition: dict[str, Any] = {"IfMatch": found["ETag"]} if found else {"IfNoneMatch": "*"}
    try:
        _send(client, bucket, key, file, checksum, condition)
    except ClientError as error:
        if _status(error) in {404, 409, 412}:  # it was deleted, is being written, has been written
            return False
        if _status(error) != 501:
            raise
        _send(client, bucket, key, file, checksum, {})  # an S3 without conditional writes
    return True


def _send(client: S3Client, bucket: str, key: str, file: Path, checksum: str, condition: dict[str, Any]) -> None:
    with file.open("rb") as body:
        client.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType="text/csv",
            Metadata={CHECKSUM: checksum, KEY: key},
            ChecksumSHA256=base64.b64encode(bytes.fromhex(checksum)).decode(),
            **condition,
        )


def _status(error: ClientError) -> int | None:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
