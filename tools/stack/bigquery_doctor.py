"""Checks whether Google BigQuery is ready for the platform; it changes nothing.

This is a program of its own: `bigquery.py` sends its text to a Python that has Google's client, in an image or an
environment. It reads BQ_PROJECT, BQ_DATASET, BQ_LOCATION and the key from the environment and makes real calls: it gets
a token, makes dry runs (they are free and check permissions) and reads the datasets' metadata. It prints a JSON array
of findings with the fields of `findings.Finding`: level ("ok", "warn", "fail"), what, next.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import google.auth
import requests.exceptions
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import Request
from google.cloud import bigquery

REQUEST_S = 20  # seconds for one request; a user is waiting
ONCE = Retry(predicate=if_exception_type())
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)  # dbt's scope, the widest one that the platform uses
# Of BQ_DATASET: the datasets of the landing tables, of dbt's models, of the rows that dbt's tests find.
SUFFIXES = ("", "_staging", "_trusted", "_test_failures")
KEY = "GOOGLE_APPLICATION_CREDENTIALS"


Finding = dict[str, str]


class Unusable(Exception):
    """Raised when the remaining checks make no sense; `finding` says why."""

    def __init__(self, what: str, next: str) -> None:
        super().__init__(what)
        self.finding = finding("fail", what, next)


def finding(level: str, what: str, next: str = "") -> Finding:
    """Return the result of one check: its level, what it found, and the next step after a warning or failure."""
    return {"level": level, "what": what, "next": next}


def examine(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the findings. They end with the first failure that makes the remaining checks useless."""
    project, dataset, location = (environment[name] for name in ("BQ_PROJECT", "BQ_DATASET", "BQ_LOCATION"))
    try:
        path = environment.get(KEY)
        if path:
            yield from _key_file(Path(path))
        credentials, who = _credentials(path)
        yield finding("ok", f"Google gives {who} a token")
        client = bigquery.Client(project, credentials, location=location)
        _dry_run(client, "select 1", f"run a query in {project} ({location})", "BigQuery Job User", who)
        yield finding("ok", f"{who} has permission to run queries in {project}, location {location}")
        for suffix in SUFFIXES:
            yield _dataset(client, f"{dataset}{suffix}", location, who)
    except Unusable as error:
        yield error.finding


def _key_file(path: Path) -> Iterator[Finding]:
    """Warn about a key that other users can read. Raises Unusable when the file is not a readable key."""
    mend = f"set {KEY}=<path of the key file> in .env"
    download = "download the key from Google Cloud again and use the file unchanged"
    try:
        key = json.loads(path.read_bytes())
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Unusable(f"{KEY}={path}: file not found", mend) from error
    except PermissionError as error:
        # The containers run as user 10001, whoever owns the file.
        what = f"user {os.getuid()}, which the containers run as, has no permission to read the key {path}"
        raise Unusable(what, f"setfacl -m u:{os.getuid()}:r {path} (no other user gets access)") from error
    except ValueError as error:
        raise Unusable(f"{KEY}={path}: not JSON", download) from error
    if not isinstance(key, dict) or "type" not in key:
        raise Unusable(f"{KEY}={path}: not a Google credentials file", download)
    if path.stat().st_mode & 0o004:
        yield finding(
            "warn",
            f"every user of this machine can read the key {path}",
            f"chmod 600 {path} && setfacl -m u:10001:r {path}",
        )


def _credentials(path: str | None) -> tuple[Any, str]:
    """Return credentials with a fresh token, and the name of the account. Raises Unusable."""
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        mend = "download the key from Google Cloud again" if path else f"set {KEY}=<path of a key file> in .env"
        raise Unusable(f"Google credentials not found or invalid: {_line(error)}", mend) from error
    who = str(getattr(credentials, "service_account_email", "") or "the application default credentials")
    try:
        credentials.refresh(Request())
    except TransportError as error:
        raise Unusable(f"Google's token service does not answer: {_line(error)}", "check the network") from error
    except RefreshError as error:
        mend = "create a new key (gcloud iam service-accounts keys create), and check this machine's clock"
        if not path:
            mend = "gcloud auth application-default login"
        raise Unusable(f"Google does not give {who} a token: {_line(error)}", mend) from error
    except GoogleAuthError as error:
        raise Unusable(f"could not get a token for {who}: {_line(error)}", "check the key file") from error
    return credentials, who


def _dataset(client: bigquery.Client, name: str, location: str, who: str) -> Finding:
    """Return the finding for one dataset: it exists and is writable, or it can be created. Raises Unusable."""
    full, editor = f"{client.project}.{name}", "BigQuery Data Editor"
    try:
        found = client.get_dataset(full, retry=ONCE, timeout=REQUEST_S)
    except exceptions.NotFound:
        _dry_run(client, f"create schema `{full}`", f"create the dataset {full}", editor, who)
        return finding("ok", f"the dataset {full} will be created in {location}")
    except Exception as error:
        raise _explained(error, f"read the metadata of the dataset {full}", editor, who, client.project) from error
    if (found.location or "").lower() != location.lower():
        return finding(
            "fail",
            f"the dataset {full} is in {found.location}, but BQ_LOCATION is {location}; a dataset cannot be moved",
            f"set BQ_LOCATION={found.location} or another BQ_DATASET in .env",
        )
    _dry_run(client, f"create table `{full}._doctor` (x int64)", f"write to the dataset {full}", editor, who)
    return finding("ok", f"the dataset {full} is in {found.location} and {who} has permission to write to it")


def _dry_run(client: bigquery.Client, sql: str, action: str, role: str, who: str) -> None:
    """Let BigQuery validate a statement without running it. Raises Unusable when BigQuery refuses the statement."""
    config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    try:
        client.query(sql, job_config=config, retry=ONCE, job_retry=None, timeout=REQUEST_S)
    except Exception as error:
        raise _explained(error, action, role, who, client.project) from error


def _explained(error: Exception, action: str, role: str, who: str, project: str) -> Unusable:
    """Return an error of BigQuery with its cause and next step. The reasons are those of Google's "Error messages"."""
    if isinstance(error, (exceptions.ServerError, requests.exceptions.RequestException, TransportError)):
        return Unusable(
            f"cannot {action}: BigQuery does not answer ({_line(error)})", "check the network, then make doctor"
        )
    if not isinstance(error, exceptions.GoogleAPICallError):
        return Unusable(f"cannot {action}: {_line(error)}", "check the settings in .env")
    reasons = {str(item.get("reason", "")) for item in error.errors if isinstance(item, dict)}
    what, said = f"{who} cannot {action}: {_line(error)}", str(error.message)
    if "accessNotConfigured" in reasons or "has not been used in project" in said:
        return Unusable(what, f"gcloud services enable bigquery.googleapis.com --project {project}")
    if "billingNotEnabled" in reasons:
        return Unusable(what, f"link a billing account to the project {project}: MERGE statements need one")
    if isinstance(error, (exceptions.Forbidden, exceptions.Unauthorized)):
        return Unusable(what, f"grant {who} the role {role} on the project {project}")
    return Unusable(what, "correct BQ_PROJECT, BQ_DATASET or BQ_LOCATION in .env")


def _line(error: Exception) -> str:
    """Return an error in one line of at most 300 characters."""
    return " ".join(str(getattr(error, "message", None) or error).split())[:300]


if __name__ == "__main__":
    json.dump(list(examine(os.environ)), sys.stdout, indent=1)
