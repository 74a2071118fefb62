"""Saves buckets and objects, without contents, from LocalStack's memory in SQLite, and restores them at the start.

LocalStack's own Python objects are pickled, so that no attribute is lost. Only LocalStack's user can write to the
folder of the database, so the pickles are safe to read (see install.py).
"""

import pickle
import sqlite3
import threading
from pathlib import Path

from localstack.constants import AWS_REGION_US_EAST_1, DEFAULT_AWS_ACCOUNT_ID
from localstack.services.s3.models import S3Bucket, S3DeleteMarker, S3Object, S3Store, VersionedKeyStore, s3_stores
from localstack.services.s3.utils import get_unique_key_id

from persistent_s3.contents import Contents

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL; -- a killed process loses nothing; a power failure may lose the last seconds
CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, data BLOB, tags BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object (
    bucket TEXT, key TEXT,
    position INTEGER, -- of this version among the key's versions; the oldest is 0
    file TEXT, -- its name in the folder contents; null for a delete marker
    data BLOB, tags BLOB, PRIMARY KEY (bucket, key, position)
) WITHOUT ROWID;
"""


class Catalogue:
    """The database. Objects without a row do not exist after a restart."""

    def __init__(self, directory: Path, contents: Contents) -> None:
        self.contents = contents
        self.lock = threading.Lock()
        self.database = sqlite3.connect(directory / "catalogue.sqlite", check_same_thread=False, isolation_level=None)
        self.database.executescript(SCHEMA)

    # --- from memory into the database -------------------------------------------------------------------------------

    def save(self, name: str, keys: set[str], whole_bucket: bool) -> None:
        """Save the objects of some keys and, with `whole_bucket`, the bucket's settings.

        When saving fails, LocalStack's memory is reset to the content of the database, and the error is raised.
        """
        with self.lock:
            old: set[str] = set()
            new: set[str] = set()
            try:
                self.database.execute("BEGIN IMMEDIATE")
                bucket = find_bucket(name)
                if not bucket:
                    self.database.execute("DELETE FROM bucket WHERE name = ?", (name,))
                elif whole_bucket:
                    self._save_bucket(bucket)
                for key in keys if bucket else self._keys(name):
                    old |= self._delete_key(name, key)
                    new |= self._insert_key(bucket, key) if bucket else set()
                self.contents.keep(new)
                self.database.execute("COMMIT")
            except BaseException:
                if self.database.in_transaction:
                    self.database.execute("ROLLBACK")
                self._take_back(name, keys, whole_bucket)
                raise
            self.contents.discard(old - new)

    def _save_bucket(self, bucket: S3Bucket) -> None:
        plain = object.__new__(type(bucket))
        plain.__dict__.update(bucket.__dict__, objects=type(bucket.objects)(), multiparts={})
        tags = store_of(bucket).tags.get_tags(bucket.bucket_arn)
        row = (bucket.name, pickle.dumps(plain), pickle.dumps(tags))
        self.database.execute("INSERT OR REPLACE INTO bucket VALUES (?, ?, ?)", row)

    def _delete_key(self, name: str, key: str) -> set[str]:
        rows = self.database.execute("DELETE FROM object WHERE bucket = ? AND key = ? RETURNING file", (name, key))
        return {file for (file,) in rows if file}

    def _insert_key(self, bucket: S3Bucket, key: str) -> set[str]:
        held = bucket.objects._store.get(key)
        versions = list(held.values()) if isinstance(held, dict) else [held] if held else []
        files = set()
        for position, found in enumerate(versions):
            file = None if isinstance(found, S3DeleteMarker) else found.file
            tags = store_of(bucket).tags.get_tags(get_unique_key_id(bucket.name, key, found.version_id))
            row = (bucket.name, key, position, file, pickle.dumps(found), pickle.dumps(tags))
            self.database.execute("INSERT INTO object VALUES (?, ?, ?, ?, ?, ?)", row)
            files |= {file} if file else set()
        return files

    def _keys(self, name: str) -> set[str]:
        return {key for (key,) in self.database.execute("SELECT DISTINCT key FROM object WHERE bucket = ?", (name,))}

    def files(self, name: str, keys: set[str]) -> set[str]:
        """Return the files of some keys."""
        query = "SELECT file FROM object WHERE bucket = ? AND key = ?"
        with self.lock:
            return {file for key in keys for (file,) in self.database.execute(query, (name, key))}

    def all_keys(self, name: str) -> set[str]:
        """Return the keys of a bucket in memory and in the database."""
        bucket = find_bucket(name)
        with self.lock:
            return self._keys(name) | (set(bucket.objects._store) if bucket else set())

    # --- from the database into memory -------------------------------------------------------------------------------

    def restore(self) -> tuple[int, int, list[str]]:
        """Restore LocalStack's memory. Return the numbers of buckets and keys, and the addresses of lost objects.

        An object is lost when its content is missing or incomplete, because the machine stopped before the file was on
        disk. A killed process loses nothing.
        """
        lost, files = [], set()
        for (name,) in self.database.execute("SELECT name FROM bucket").fetchall():
            self._restore_bucket(name)
        for name, key, file, data in self.database.execute("SELECT bucket, key, file, data FROM object").fetchall():
            if file and not self._is_whole(file, pickle.loads(data)):  # noqa: S301 # our own folder
                self.database.execute("DELETE FROM object WHERE bucket = ? AND key = ? AND file = ?", (name, key, file))
                lost.append(f"s3://{name}/{key}")
            else:
                files.add(file)
        keys = self.database.execute("SELECT DISTINCT bucket, key FROM object").fetchall()
        for name, key in keys:
            self._restore_key(name, key)
        for path in self.contents.directory.iterdir():
            if path.name not in files:  # a file of an unfinished write or of a deleted object
                path.unlink()
        [(buckets,)] = self.database.execute("SELECT count(*) FROM bucket")
        return buckets, len(keys), lost

    def _is_whole(self, file: str, found: S3Object) -> bool:
        path = self.contents.directory / file
        return path.exists() and path.stat().st_size == found.size

    def _restore_bucket(self, name: str) -> None:
        """Give a bucket its settings from the database; remove a bucket that the database does not have."""
        row = self.database.execute("SELECT data, tags FROM bucket WHERE name = ?", (name,)).fetchone()
        bucket = find_bucket(name)
        if not row:
            if bucket:
                store_of(bucket).buckets.pop(name, None)
                store_of(bucket).global_bucket_map.pop(name, None)
            return
        saved: S3Bucket = pickle.loads(row[0])  # noqa: S301
        if bucket:
            saved.multiparts = bucket.multiparts
            if type(saved.objects) is type(bucket.objects):
                saved.objects = bucket.objects
            bucket.__dict__.update(saved.__dict__)
        store = store_of(saved)
        store.buckets[name] = bucket or saved
        store.global_bucket_map[name] = saved.bucket_account_id
        set_tags(store, saved.bucket_arn, row[1])
        self.contents.create_bucket(name)

    def _restore_key(self, name: str, key: str) -> None:
        """Give a key its content from the database: nothing, an object, or versions."""
        bucket = find_bucket(name)
        versions = bucket.objects._store
        versions.pop(key, None)
        rows = self.database.execute(
            "SELECT data, tags FROM object WHERE bucket = ? AND key = ? ORDER BY position", (name, key)
        )
        for data, tags in rows.fetchall():
            found: S3Object | S3DeleteMarker = pickle.loads(data)  # noqa: S301
            if isinstance(bucket.objects, VersionedKeyStore):
                versions[key][found.version_id] = found
            else:
                versions[key] = found
            set_tags(store_of(bucket), get_unique_key_id(name, key, found.version_id), tags)

    def _take_back(self, name: str, keys: set[str], whole_bucket: bool) -> None:
        """Undo in memory a change that could not be saved."""
        if whole_bucket or not find_bucket(name):
            self._restore_bucket(name)
        if find_bucket(name):
            for key in keys:
                self._restore_key(name, key)


def find_bucket(name: str) -> S3Bucket | None:
    """Return a bucket of any account from LocalStack's memory, or None."""
    account = s3_stores[DEFAULT_AWS_ACCOUNT_ID][AWS_REGION_US_EAST_1].global_bucket_map.get(name)
    return s3_stores[account][AWS_REGION_US_EAST_1].buckets.get(name) if account else None


def store_of(bucket: S3Bucket) -> S3Store:
    """Return LocalStack's store with this bucket and its tags."""
    return s3_stores[bucket.bucket_account_id][bucket.bucket_region]


def set_tags(store: S3Store, resource: str, tags: bytes) -> None:
    """Replace the tags of a bucket or an object with its saved tags."""
    store.tags.delete_all_tags(resource)
    if saved := pickle.loads(tags):  # noqa: S301
        store.tags.update_tags(resource, saved)
