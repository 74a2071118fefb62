"""The connection to BigQuery or its emulator: client, dataset, and what the client's errors mean to the user."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

REQUEST_S = 60  # one attempt of one request; jobs are polled, so that no answer takes long
UNAVAILABLE_S = 60.0  # after a first failure, how long a request is repeated: a restart takes seconds
_SCOPES = ("https://www.googleapis.com/auth/bigquery",)
_NO_ANSWER = (ConnectionError, HttpConnectionError, Timeout, TransportError)
_REPEATED = (*_NO_ANSWER, exceptions.ServerError, exceptions.TooManyRequests)
_LIMITS = {"quotaExceeded", "billingNotEnabled"}  # answered with 403 as well, and no matter of roles


class Warehouse:
    """One dataset; raises SyncError where the configuration is unusable."""

    def __init__(self, configuration: dict[str, Any], emulator_host: str | None) -> None:
        self.project = str(configuration.get("project_id") or "")
        self.dataset = str(configuration.get("dataset_id") or "").rpartition(":")[2]
        self._location = configuration.get("dataset_location")
        self._endpoint = emulator_host or "BigQuery"
        if not (self.project and self.dataset):
            raise SyncError("The BigQuery destination needs a project_id and a dataset_id.", "config_error")
        with self.errors("connect to BigQuery"):
            self.client = _client(self.project, self._location, configuration.get("credentials_json"), emulator_host)

    def name(self, table: str) -> str:
        """Return the full name of a table of the dataset."""
        return f"{self.project}.{self.dataset}.{table}"

    def table(self, name: str) -> bigquery.TableReference:
        """Return the reference of a table of the dataset."""
        return bigquery.DatasetReference(self.project, self.dataset).table(name)

    def ensure_dataset(self) -> None:
        """Create the dataset in the configured location if it does not exist; jobs run where it is."""
        dataset = bigquery.Dataset(f"{self.project}.{self.dataset}")
        with self.errors(f"open the dataset {self.project}.{self.dataset}"):
            try:
                found = self.client.get_dataset(dataset.reference, retry=self.retry(), timeout=REQUEST_S)
            except exceptions.NotFound:
                # The client adds its location, the configured one.
                found = self.client.create_dataset(dataset, exists_ok=True, retry=self.retry(), timeout=REQUEST_S)
        if self._location and found.location and found.location.lower() != self._location.lower():
            raise SyncError(
                f"The dataset {self.project}.{self.dataset} is in {found.location}, the destination says "
                f"{self._location}. Set dataset_location to {found.location}, or choose another dataset.",
                "config_error",
            )

    def find(self, table: str) -> bigquery.Table | None:
        """Return the table, or None if it (or its dataset) does not exist."""
        with self.errors(f"read the table {self.name(table)}"):
            try:
                return self.client.get_table(self.name(table), retry=self.retry(), timeout=REQUEST_S)
            except exceptions.NotFound:
                return None

    def tables(self) -> list[str]:
        """Return the names of the dataset's tables; none if there is no dataset."""
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
        """Return how one request without an answer is repeated; raises SyncCancelled in between once `halt` is set.

        UNAVAILABLE_S counts from the first failure, or from the first one after `progress` grew: an attempt that lasts
        long before it fails is repeated as well. The last error is raised as it is.
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

        return Retry(predicate=repeated, initial=0.2, maximum=5.0, timeout=None, on_error=pause)

    @contextmanager
    def errors(self, action: str) -> Iterator[None]:
        """Turn the client's errors into SyncErrors that say that `action` failed, why, and what to do."""
        try:
            yield
        except _REPEATED as error:
            raise SyncError(
                f"Could not {action}: {self._endpoint} does not answer. Check that it runs, then sync again. "
                f"({error.__cause__ or error})",
                "transient_error",
            ) from error
        except GoogleAuthError as error:
            raise SyncError(
                f"Could not {action}: the credentials were refused ({error}). Set credentials_json in the destination, "
                "or GOOGLE_APPLICATION_CREDENTIALS.",
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


def _client(project: str, location: str | None, key: Any, emulator_host: str | None) -> bigquery.Client:
    if emulator_host:
        return client(project, location, emulator=emulator_host)
    if not key:
        credentials, _ = google.auth.default(scopes=_SCOPES)
        return client(project, location, credentials=credentials)
    try:
        info = key if isinstance(key, dict) else json.loads(key)
        credentials = _credentials(info)
    except (ValueError, AttributeError) as error:  # the key itself must not get into a message
        raise SyncError(
            "credentials_json is not a service account key: paste the whole JSON file that Google Cloud gave you.",
            "config_error",
        ) from error
    return client(project, location, credentials=credentials)


def _credentials(info: dict[str, Any]) -> Any:
    """Return the credentials of a key, or of what `gcloud auth application-default login` wrote; raises ValueError."""
    if info.get("type") == "authorized_user":  # Airbyte takes service accounts only
        return user_credentials.Credentials.from_authorized_user_info(info, scopes=_SCOPES)  # type: ignore[no-untyped-call]
    return service_account.Credentials.from_service_account_info(info, scopes=_SCOPES)  # type: ignore[no-untyped-call]
