"""The connection to BigQuery or its emulator: the client, the dataset, and error messages for the user."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import google.auth
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud import bigquery
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account
from requests.exceptions import ConnectionError as HttpConnectionError
from requests.exceptions import Timeout

from airbyte_lite.loader.errors import SyncCancelled, SyncError
from platform_kit.bigquery import client

REQUEST_S = 60  # time limit of one attempt of one request; jobs are polled, so every answer is quick
STAGING_LIFE = timedelta(days=7)  # BigQuery drops a staging table after this time; longer than any sync
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0  # before a request is repeated
UNAVAILABLE_S = 60.0  # a request is repeated for this time after its first failure: a restart takes seconds
_SCOPES = ("https://www.googleapis.com/auth/bigquery",)
_NO_ANSWER = (ConnectionError, HttpConnectionError, Timeout, TransportError)
_REPEATED = (*_NO_ANSWER, exceptions.ServerError, exceptions.TooManyRequests)
_LIMITS = {"quotaExceeded", "billingNotEnabled"}  # errors with status 403 that have nothing to do with missing roles


class Warehouse:
    """One dataset. Raises SyncError if the configuration is invalid; methods raise SyncError if BigQuery fails.

    `piece_bytes` is the size of the pieces of an upload (None: the default), `in_batch` whether queries have BigQuery's
    priority BATCH.
    """

    def __init__(self, configuration: dict[str, Any], emulator_host: str | None) -> None:
        self.project = str(configuration.get("project_id") or "")
        self.dataset = str(configuration.get("dataset_id") or "").rpartition(":")[2]
        self.piece_bytes = _mebibytes(configuration.get("big_query_client_buffer_size_mb"))
        self.in_batch = configuration.get("transformation_priority") == "batch"
        self._location = configuration.get("dataset_location")
        self._endpoint = emulator_host or "BigQuery"
        if not (self.project and self.dataset):
            raise SyncError("The BigQuery destination has no project_id or no dataset_id. Set both.", "config_error")
        with self.errors("connect to BigQuery"):
            self.client = _client(self.project, self._location, configuration.get("credentials_json"), emulator_host)

    def name(self, table: str) -> str:
        """Return the full name of a table: project.dataset.table."""
        return f"{self.project}.{self.dataset}.{table}"

    def table(self, name: str) -> bigquery.TableReference:
        """Return the reference of a table of the dataset."""
        return bigquery.DatasetReference(self.project, self.dataset).table(name)

    def ensure_dataset(self, halt: threading.Event | None = None) -> None:
        """Create the dataset in the configured location if it does not exist. `halt`: see `retry`.

        Raises SyncError if it exists in another location, because jobs run in the configured one.
        """
        dataset = bigquery.Dataset(f"{self.project}.{self.dataset}")
        with self.errors(f"open the dataset {self.project}.{self.dataset}"):
            try:
                found = self.client.get_dataset(dataset.reference, retry=self.retry(halt), timeout=REQUEST_S)
            except exceptions.NotFound:
                # The client adds the configured location to the request.
                found = self.client.create_dataset(dataset, exists_ok=True, retry=self.retry(halt), timeout=REQUEST_S)
        if self._location and found.location and found.location.lower() != self._location.lower():
            raise SyncError(
                f"The dataset {self.project}.{self.dataset} is in {found.location}, but the destination's "
                f"dataset_location is {self._location}. Set dataset_location to {found.location}, or choose another "
                "dataset.",
                "config_error",
            )

    def find(self, table: str) -> bigquery.Table | None:
        """Return the table, or None if the table or the dataset does not exist."""
        with self.errors(f"read the table {self.name(table)}"):
            try:
                return self.client.get_table(self.name(table), retry=self.retry(), timeout=REQUEST_S)
            except exceptions.NotFound:
                return None

    def tables(self) -> list[str]:
        """Return the names of the dataset's tables; an empty list if the dataset does not exist."""
        with self.errors(f"list the tables of {self.project}.{self.dataset}"):
            try:
                found = self.client.list_tables(f"{self.project}.{self.dataset}", retry=self.retry(), timeout=REQUEST_S)
                return [str(item.table_id) for item in found]
            except exceptions.NotFound:
                return []

    def drop(self, table: str) -> None:
        """Drop the table if it exists."""
        with self.errors(f"drop the table {self.name(table)}"):
            self.client.delete_table(self.name(table), not_found_ok=True, retry=self.retry(), timeout=REQUEST_S)

    def retry(self, halt: threading.Event | None = None, progress: Callable[[], int] = lambda: 0) -> Retry:
        """Return the retry policy of one request. If `halt` is set, the next failure raises SyncCancelled.

        A request is repeated for UNAVAILABLE_S after its first failure. The time starts again at a failure after which
        `progress` has grown. An attempt may take long before it fails, because the time of the first attempt does not
        count. The last error is raised unchanged.
        """
        since, reached = 0.0, -1

        def pause(_error: Exception) -> None:
            if halt is not None and halt.is_set():
                raise SyncCancelled

        def repeated(error: BaseException) -> bool:
            nonlocal since, reached
            if not isinstance(error, _REPEATED):
                return False
            now, done = time.monotonic(), progress()
            if done > reached:
                since, reached = now, done
            return now - since < UNAVAILABLE_S

        return Retry(predicate=repeated, initial=FIRST_PAUSE_S, maximum=LONGEST_PAUSE_S, timeout=None, on_error=pause)

    @contextmanager
    def errors(self, action: str) -> Iterator[None]:
        """Turn the client's errors into SyncErrors with the failed `action`, the reason and a solution."""
        try:
            yield
        except _REPEATED as error:
            raise SyncError(
                f"Could not {action}: {self._endpoint} does not answer. Check that it is running, then sync again. "
                f"({error.__cause__ or error})",
                "transient_error",
            ) from error
        except GoogleAuthError as error:
            raise SyncError(
                f"Could not {action}: Google refused the credentials ({error}). Set credentials_json in the "
                "destination, or GOOGLE_APPLICATION_CREDENTIALS.",
                "config_error",
            ) from error
        except (exceptions.Forbidden, exceptions.Unauthorized) as error:
            if any(item.get("reason") in _LIMITS for item in error.errors):
                raise SyncError(f"Could not {action}: {error.message}", "config_error") from error
            raise SyncError(
                f"Could not {action}: {error.message} The service account needs the roles BigQuery Data Editor "
                "and BigQuery Job User.",
                "config_error",
            ) from error
        except exceptions.GoogleAPICallError as error:
            raise SyncError(f"Could not {action}: {error.message}") from error


def _mebibytes(value: Any) -> int | None:
    return value * 1024 * 1024 if type(value) is int and value > 0 else None


def _client(project: str, location: str | None, key: Any, emulator_host: str | None) -> bigquery.Client:
    if emulator_host:
        return client(project, location, emulator=emulator_host)
    if not key:
        credentials, _ = google.auth.default(scopes=_SCOPES)
        return client(project, location, credentials=credentials)
    try:
        info = key if isinstance(key, dict) else json.loads(key)
        credentials = _credentials(info)
    except (ValueError, AttributeError) as error:  # its message may contain the key, so it is not shown
        raise SyncError(
            "credentials_json is not a service account key. Set it to the whole content of the key's JSON file.",
            "config_error",
        ) from error
    return client(project, location, credentials=credentials)


def _credentials(info: dict[str, Any]) -> Any:
    """Return the credentials of a service account key, or of the file of `gcloud auth application-default login`.

    Raises ValueError if `info` is neither of them.
    """
    if info.get("type") == "authorized_user":  # Airbyte itself accepts service accounts only
        return user_credentials.Credentials.from_authorized_user_info(info, scopes=_SCOPES)  # type: ignore[no-untyped-call]
    return service_account.Credentials.from_service_account_info(info, scopes=_SCOPES)  # type: ignore[no-untyped-call]
