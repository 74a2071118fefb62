"""The contents of objects, each in a file of its own that is written once and never changed."""

import io
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from localstack.services.s3.storage.core import should_copy_in_place
from localstack.services.s3.storage.ephemeral import EphemeralS3ObjectStore, EphemeralS3StoredObject, LockedFileMixin

GRACE = 3.0
"""Seconds before the file of a deleted object is removed: a reader may know the file and not have opened it yet."""


class ContentFile(LockedFileMixin, io.FileIO):
    """The file of one object. An open file stays readable after its removal."""

    def write(self, data: bytes) -> int:
        """Write all of the data: one system call may write only a part of it."""
        left = memoryview(data)
        while left:
            left = left[super().write(left) :]
        return len(data)


class StoredContent(EphemeralS3StoredObject):
    """An object that is open for reading or writing."""

    def close(self) -> None:
        """Close the file. LocalStack's base class keeps it open, because its own files are deleted when closed."""
        if not self.closed:
            super().close()
            self.file.close()


class Written(NamedTuple):
    """A file that a request has made, with the bucket and key of its object."""

    bucket: str
    key: str
    file: str


class Contents(EphemeralS3ObjectStore):
    """The store of contents that LocalStack's S3 provider uses.

    Parts of multipart uploads are LocalStack's temporary files; this class only puts them on the volume. The provider
    cannot remove a file: a file is removed when the catalogue does not name it any more.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(str(directory / "uploads"))
        self.directory = directory / "contents"
        self.directory.mkdir(exist_ok=True)
        shutil.rmtree(self.root_directory, ignore_errors=True)  # files of uploads that a kill has interrupted
        Path(self.root_directory).mkdir()
        # The web server buffers request bodies in temporary files. In the container, /tmp is in memory.
        tempfile.tempdir = self.root_directory
        self.request = threading.local()
        self.lock = threading.Lock()
        self.discarded: dict[str, float] = {}
        threading.Thread(target=self._remove_discarded, name="persistent-s3", daemon=True).start()

    def open(self, bucket, s3_object, mode="r"):
        """Open an object's file. Writing creates a new file, so that readers can still read the old one."""
        if mode == "w":
            s3_object.file = uuid.uuid4().hex
            self.request.__dict__.setdefault("written", []).append(Written(bucket, s3_object.key, s3_object.file))
        file = ContentFile(self.directory / s3_object.file, "w+" if mode == "w" else "r")
        file.internal_last_modified = s3_object.internal_last_modified
        return StoredContent(s3_object, file, mode)

    def written(self) -> list[Written]:
        """Return the files that this thread's request has made, and forget them."""
        return self.request.__dict__.pop("written", [])

    def copy(self, src_bucket, src_object, dest_bucket, dest_object):
        """Copy an object. A copy onto itself, which changes only metadata, uses the same file."""
        if should_copy_in_place(src_bucket, src_object, dest_bucket, dest_object):
            dest_object.file = src_object.file
            dest_object.internal_last_modified = src_object.internal_last_modified
        return super().copy(src_bucket, src_object, dest_bucket, dest_object)

    def remove(self, bucket, s3_object) -> None:
        """Do nothing: the provider calls this before the deletion is saved."""

    def keep(self, files: Iterable[str]) -> None:
        """Do not remove these files: the catalogue names them (again)."""
        with self.lock:
            for file in files:
                self.discarded.pop(file, None)

    def discard(self, files: Iterable[str]) -> None:
        """Remove these files after GRACE seconds: the catalogue does not name them any more."""
        now = time.monotonic()
        with self.lock:
            self.discarded.update(dict.fromkeys(files, now))

    def _remove_discarded(self) -> None:
        while True:
            time.sleep(1)
            with self.lock:
                for file in [file for file, since in self.discarded.items() if since < time.monotonic() - GRACE]:
                    (self.directory / file).unlink(missing_ok=True)
                    del self.discarded[file]
