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
"""Seconds that the file of a deleted object stays, for a reader that has looked it up and not opened it yet."""


class ContentFile(LockedFileMixin, io.FileIO):
    """The file of one object. A file that is open stays readable after its removal."""

    def write(self, data: bytes) -> int:
        """Write all of the data: the system may take a part of it at a time."""
        left = memoryview(data)
        while left:
            left = left[super().write(left) :]
        return len(data)


class StoredContent(EphemeralS3StoredObject):
    """An object that is open for reading or writing."""

    def close(self) -> None:
        """Close the file; LocalStack leaves its own open, as closing would delete them."""
        if not self.closed:
            super().close()
            self.file.close()


class Written(NamedTuple):
    """A file that a request has made, and the object that it is the content of."""

    bucket: str
    key: str
    file: str


class Contents(EphemeralS3ObjectStore):
    """What LocalStack's S3 provider stores contents with.

    Parts of multipart uploads stay temporary files of LocalStack's; here they are only moved to the volume. Nothing is
    removed at the provider's word: a file goes when the catalogue does not name it any more.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(str(directory / "uploads"))
        self.directory = directory / "contents"
        self.directory.mkdir(exist_ok=True)
        shutil.rmtree(self.root_directory, ignore_errors=True)  # of uploads that a kill has ended
        Path(self.root_directory).mkdir()
        # The web server buffers request bodies in temporary files: /tmp is memory in the container.
        tempfile.tempdir = self.root_directory
        self.request = threading.local()
        self.lock = threading.Lock()
        self.discarded: dict[str, float] = {}
        threading.Thread(target=self._remove_discarded, name="persistent-s3", daemon=True).start()

    def open(self, bucket, s3_object, mode="r"):
        """Open an object's file; writing makes a new one, so that readers of the old one are not disturbed."""
        if mode == "w":
            s3_object.file = uuid.uuid4().hex
            self.request.__dict__.setdefault("written", []).append(Written(bucket, s3_object.key, s3_object.file))
        file = ContentFile(self.directory / s3_object.file, "w+" if mode == "w" else "r")
        file.internal_last_modified = s3_object.internal_last_modified
        return StoredContent(s3_object, file, mode)

    def written(self) -> list[Written]:
        """Return the files that the request of this thread has made, once."""
        return self.request.__dict__.pop("written", [])

    def copy(self, src_bucket, src_object, dest_bucket, dest_object):
        """Copy an object; one that is copied onto itself, for other metadata, shares the file."""
        if should_copy_in_place(src_bucket, src_object, dest_bucket, dest_object):
            dest_object.file = src_object.file
            dest_object.internal_last_modified = src_object.internal_last_modified
        return super().copy(src_bucket, src_object, dest_bucket, dest_object)

    def remove(self, bucket, s3_object) -> None:
        """Do nothing: the provider asks before the deletion is saved."""

    def keep(self, files: Iterable[str]) -> None:
        """Note that the catalogue names these files (again)."""
        with self.lock:
            for file in files:
                self.discarded.pop(file, None)

    def discard(self, files: Iterable[str]) -> None:
        """Note that the catalogue does not name these files any more; they are removed after GRACE."""
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
