"""Uploads the seed files to S3: missing files, and files that changed since seed uploaded them.

An object of a file that is no longer in the seed folder is reported, and deleted by consent only (`prune`).

Seed does not overwrite or delete an object that it did not upload. It recognises its own object by three facts: the
metadata name the key that the object was uploaded to, the metadata hold the checksum of what was uploaded, and the
content still has this checksum. A copy has another key; the upload of another tool has no such metadata; an object that
was edited with its metadata kept has another checksum.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from airbyte_as_code.errors import UserError
from bootstrap.seed_files import seed_files
from bootstrap.settings import Settings
from platform_kit import s3
from platform_kit.s3 import SEED_PREFIX

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef

CHECKSUM, KEY = "sha256", "seed-key"
"""The object's metadata: the checksum of what was uploaded, and the key, percent-encoded as metadata are ASCII."""

ATTEMPTS = 3
"""Attempts to upload a file whose object changes between the check and the upload."""

UPLOAD, OVERWRITE, PRUNE = "make seed o=--upload", "make seed o=--overwrite", "make seed o=--prune"

type Report = Callable[[str, str, str], None]
"""Receives the kind, the name and the outcome of each object as soon as it is done."""


def seed(
    settings: Settings, report: Report, *, upload: bool = False, overwrite: bool = False, prune: bool = False
) -> None:
    """Upload every data file of the seed folder to the bucket, which is created if it does not exist. Raises UserError.

    Report why another file is not uploaded. With AIRBYTE_MODE=external, the bucket belongs to the user, and nothing is
    uploaded without `upload` or `overwrite`. `overwrite` also replaces objects that seed did not upload; `prune`
    deletes the objects that seed uploaded and whose files are no longer in the folder.
    """
    if settings.airbyte_mode == "external" and not (upload or overwrite or settings.seed_upload):
        report("bucket", settings.s3_bucket, f"not used: AIRBYTE_MODE is external. To upload the seed files: {UPLOAD}")
        return
    files = seed_files(settings.seed_directory)
    if not any(not file.refused for file in files):
        raise UserError(
            f"There are no data files in {settings.seed_directory.absolute()}"
            f"{''.join(f'{chr(10)}  {file.name}: {file.refused}' for file in files)}\n"
            "Set SEED_DATA_DIR to another folder."
        )
    where = settings.s3_endpoint or "AWS"
    try:
        client = s3.client()
        report("bucket", settings.s3_bucket, "created" if _create_bucket(client, settings.s3_bucket) else "unchanged")
        for file in files:
            key = SEED_PREFIX + file.name
            if file.refused:
                report("file", file.name, f"not uploaded: {file.refused}")
            else:
                report("object", key, _upload(client, settings.s3_bucket, key, file.path, overwrite=overwrite))
        _remove(client, settings.s3_bucket, {SEED_PREFIX + file.name for file in files}, report, prune=prune)
    except (BotoCoreError, ClientError) as error:
        raise UserError(
            f"The upload of the seed files to S3 ({where}) failed: {error}\n"
            "Check that S3 runs at this address (AWS_ENDPOINT_URL_S3), and check the keys (AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY). Then: make seed"
        ) from error


def _remove(client: S3Client, bucket: str, kept: set[str], report: Report, *, prune: bool) -> None:
    """Report each of seed's objects whose file is no longer in the folder; with `prune`, delete it."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=SEED_PREFIX):
        for item in page.get("Contents", []):
            key = item["Key"]
            found = None if key in kept else _head(client, bucket, key)
            if found is None or CHECKSUM not in found["Metadata"]:
                continue
            present = _checksum(client, bucket, key, found, found["ContentLength"])
            if not _is_ours(found, key, present):
                report("object", key, "left as it is: its file is gone, but its content is not what seed uploaded")
            elif not prune:
                report("object", key, f"left: its file is no longer in the folder. To delete the object: {PRUNE}")
            else:
                client.delete_object(Bucket=bucket, Key=key)
                report("object", key, "deleted: its file is no longer in the folder")


def _is_ours(found: HeadObjectOutputTypeDef, key: str, present: str | None) -> bool:
    """Return whether seed uploaded this object, and nobody has changed it. `present`: the content's checksum."""
    metadata = found["Metadata"]
    return metadata.get(KEY) == quote(key) and metadata.get(CHECKSUM, "") == present


def _create_bucket(client: S3Client, bucket: str) -> bool:
    """Create the bucket if it does not exist; return whether it was created."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if _status(error) != 404:
            raise
    else:
        return False
    region = client.meta.region_name
    if region == "us-east-1":  # S3 refuses this region's name in the request
        client.create_bucket(Bucket=bucket)
    else:
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item] # any region
    return True


def _upload(client: S3Client, bucket: str, key: str, file: Path, *, overwrite: bool) -> str:
    """Upload the file, unless the object has its content or was not uploaded by seed; return what was done."""
    with file.open("rb") as content:
        checksum = hashlib.file_digest(content, "sha256").hexdigest()
    for _ in range(ATTEMPTS):
        found = _head(client, bucket, key)
        if found:
            present = _checksum(client, bucket, key, found, file.stat().st_size)
            if present == checksum:
                return "unchanged"
            if not (overwrite or _is_ours(found, key, present)):
                return f"left as it is: seed did not upload it. To overwrite it with {file.name}: {OVERWRITE}"
        if _put(client, bucket, key, file, checksum, found):
            return f"uploaded ({file.stat().st_size:,} bytes)"
    raise UserError(
        f"s3://{bucket}/{key} changed during each of {ATTEMPTS} attempts to upload it.\n"
        "Stop the program that writes it, then: make seed"
    )


def _head(client: S3Client, bucket: str, key: str) -> HeadObjectOutputTypeDef | None:
    try:
        return client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if _status(error) != 404:
            raise
        return None


def _checksum(client: S3Client, bucket: str, key: str, found: HeadObjectOutputTypeDef, size: int) -> str | None:
    """Return the SHA-256 of an object's content, or None if size and metadata show that it is another file.

    The ETag cannot be used: it is not a checksum of the content if the object was uploaded in parts or is encrypted.
    """
    stored = found.get("ChecksumSHA256")
    # The checksum of an object that was uploaded in parts is one of the parts' checksums, not of the content.
    if stored and found.get("ChecksumType") != "COMPOSITE" and "-" not in stored:
        return base64.b64decode(stored).hex()
    if found["ContentLength"] != size and CHECKSUM not in found["Metadata"]:
        return None
    digest = hashlib.sha256()
    for chunk in client.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _put(
    client: S3Client, bucket: str, key: str, file: Path, checksum: str, found: HeadObjectOutputTypeDef | None
) -> bool:
    """Upload the file over the object that was found; return False if the object has changed meanwhile."""
    condition: dict[str, Any] = {"IfMatch": found["ETag"]} if found else {"IfNoneMatch": "*"}
    try:
        _send(client, bucket, key, file, checksum, condition)
    except ClientError as error:
        if _status(error) in {404, 409, 412}:  # deleted, being written, written
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
            ContentType="text/csv" if file.suffix.lower() == ".csv" else "application/octet-stream",
            Metadata={CHECKSUM: checksum, KEY: quote(key)},
            ChecksumSHA256=base64.b64encode(bytes.fromhex(checksum)).decode(),
            **condition,
        )


def _status(error: ClientError) -> int | None:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
