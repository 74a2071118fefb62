"""Connects the contents and the catalogue to LocalStack's S3, and saves each change before its answer is sent."""

import fcntl
import logging
import os
import stat
import time
from pathlib import Path
from typing import Any

from localstack.aws.handlers import modify_service_response, preprocess_request
from localstack.constants import VERSION
from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.s3.storage.ephemeral import EphemeralS3ObjectStore

from persistent_s3.catalogue import Catalogue
from persistent_s3.contents import Contents
from persistent_s3.own_addresses import listen_on_own_addresses
from persistent_s3.own_hosts import check
from persistent_s3.slow_readers import wait_for_slow_readers

LOG = logging.getLogger("localstack.persistent_s3")
WRITTEN_FOR = "4.14."
"""The LocalStack release whose private parts this package uses. For another release, run the tests first."""
READING = ("Get", "Head", "List", "Select")
"""The first words of operations that change nothing."""
UPLOADING = {"CreateMultipartUpload", "UploadPart", "UploadPartCopy", "AbortMultipartUpload"}
"""Operations that change only unfinished uploads, which are not saved."""
FAILED = (
    b"<Error><Code>InternalError</Code><Message>The change could not be saved: see LocalStack's log.</Message></Error>"
)


class StateError(Exception):
    """S3 cannot keep its objects in the folder. The message says why, and what to do."""


class SaveChanges:
    """A handler that LocalStack calls with each answer of S3 before it sends the answer."""

    def __init__(self, catalogue: Catalogue, contents: Contents) -> None:
        self.catalogue = catalogue
        self.contents = contents

    def __call__(self, _chain: Any, context: Any, response: Any) -> None:
        """Save the changes of a request, also of a failed one. When saving fails, the answer gets status 500."""
        operation = context.operation.name if context.operation else ""
        name = (context.service_request or {}).get("Bucket")
        if not name or operation.startswith(READING) or operation in UPLOADING:
            return
        written = self.contents.written()
        keys = self.keys(operation, name, context.service_request) | {made.key for made in written}
        try:
            self.catalogue.save(name, keys, whole_bucket=not keys or operation == "PutBucketVersioning")
        except Exception:
            LOG.exception("%s in bucket %s could not be saved. The client gets status 500.", operation, name)
            response.headers.clear()
            response.status_code = 500
            response.set_response(FAILED)
        # A refused write, or one that another write has overtaken, leaves a file without an object.
        self.contents.discard({made.file for made in written} - self.catalogue.files(name, keys))

    def keys(self, operation: str, name: str, request: dict[str, Any]) -> set[str]:
        """Return the keys that an operation may have changed."""
        if operation == "PutBucketVersioning":  # it gives each object a version
            return self.catalogue.all_keys(name)
        if operation == "DeleteObjects":
            return {found["Key"] for found in request["Delete"].get("Objects") or []}
        return {request["Key"]} if request.get("Key") else set()


def claim(directory: Path) -> None:
    """Create the folder and lock it until this process ends, even by kill -9.

    Raises StateError when another LocalStack uses the folder, or when other users can write to it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.stat()
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StateError(
            f"{directory} belongs to user {status.st_uid} and has mode {stat.S_IMODE(status.st_mode):o}. It must "
            f"belong to user {os.geteuid()}, and no other user may write to it, because its content is trusted: "
            f"chown {os.geteuid()} {directory} && chmod 700 {directory}"
        )
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StateError(f"another LocalStack uses {directory}. Stop it, or set another S3_STATE_DIR.") from error


def install(folder: str) -> str:
    """Make S3 keep its objects in a folder, and restore the objects that are there. Return a line for the log.

    Raises StateError, and the errors of LocalStack, SQLite and the operating system.
    """
    began = time.perf_counter()
    if not VERSION.startswith(WRITTEN_FOR):
        raise StateError(
            f"persistent_s3 needs LocalStack {WRITTEN_FOR}x, but this is {VERSION}. Set LOCALSTACK_IMAGE to that one."
        )
    if not folder:
        raise StateError("S3_STATE_DIR is not set. Set it to the folder for buckets and objects.")
    directory = Path(folder)
    claim(directory)
    provider = SERVICE_PLUGINS.require("s3")._provider
    if not isinstance(provider._storage_backend, EphemeralS3ObjectStore):
        raise StateError(
            f"S3 stores contents with {type(provider._storage_backend).__name__}, which persistent_s3 does not support."
        )
    contents = Contents(directory)
    catalogue = Catalogue(directory, contents)
    buckets, objects, lost = catalogue.restore()
    provider._storage_backend = contents
    provider._cors_handler.invalidate_cache()
    preprocess_request.append(check)
    listen_on_own_addresses()
    wait_for_slow_readers()
    modify_service_response.append("s3", SaveChanges(catalogue, contents))
    for address in lost:
        LOG.error("%s is lost: the machine stopped before its content was on disk. Upload it again.", address)
    return (
        f"S3 keeps its objects in {directory}: {buckets} buckets, {objects} keys, {time.perf_counter() - began:.2f} s."
    )
