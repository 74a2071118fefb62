"""Checks whether Google BigQuery is ready for the platform; it changes nothing.

A program of its own: `bigquery.py` sends its text to a Python that has Google's client, in an image or an environment.
Real calls with BQ_PROJECT, BQ_DATASET, BQ_LOCATION and the key of the environment: a token, dry runs (free, and they
check permissions), the datasets' metadata. Prints a JSON array of findings, the fields of `findings.Finding`: level
("ok", "warn", "fail"), what, next.
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

REQUEST_S = 20  # seconds; somebody is waiting
ONCE = Retry(predicate=if_exception_type())
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)  # dbt's, the widest that the platform asks for
SUFFIXES = ("", "_staging", "_trusted")  # of BQ_DATASET: Airbyte's landing tables, dbt's models
KEY = "GOOGLE_APPLICATION_CREDENTIALS"


Finding = dict[str, str]


class Unusable(Exception):
    """Nothing further can be checked; holds the finding that says why."""

    def __init__(self, what: str, next: str) -> None:
        super().__init__(what)
        self.finding = finding("fail", what, next)


def finding(level: str, what: str, next: str = "") -> Finding:
    """Return the result of one check: its level, what was found, the next step if it is not in order."""
    return {"level": level, "what": what, "next": next}


def examine(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the findings; the last one is a failure if it made what follows pointless."""
    project, dataset, location = (environment[name] for name in ("BQ_PROJECT", "BQ_DATASET", "BQ_LOCATION"))
    try:
        path = environment.get(KEY)
        if path:
            yield from _key_file(Path(path))
        credentials, who = _credentials(path)
        yield finding("ok", f"Google gives {who} a token")
        client = bigquery.Client(project, credentials, location=location)
        _dry_run(client, "select 1", f"run a query in {project} ({location})", "BigQuery Job User", who)
        yield finding("ok", f"{who} may run queries in {project}, location {location}")
        for suffix in SUFFIXES:
            yield _dataset(client, f"{dataset}{suffix}", location, who)
    except Unusable as error:
        yield error.finding


def _key_file(path: Path) -> Iterator[Finding]:
    """Warn of a key that others can read; raise Unusable if it is no key that we can read."""
    mend = f"{KEY}=<path of the key file> in .env"
    try:
        key = json.loads(path.read_bytes())
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Unusable(f"{KEY}: there is no file {path}", mend) from error
    except PermissionError as error:
        # In a container this is user 10001, whoever the file's owner is.
        what = f"user {os.getuid()} cannot read the key {path}"
        raise Unusable(what, f"setfacl -m u:{os.getuid()}:r {path}, which keeps it from everybody else") from error
    except ValueError as error:
        raise Unusable(f"{KEY}: {path} is not JSON", "take the key file as Google Cloud gave it") from error
    if not isinstance(key, dict) or "type" not in key:
        raise Unusable(f"{KEY}: {path} is no Google credentials file", "take the key file as Google Cloud gave it")
    if path.stat().st_mode & 0o004:
        yield finding(
            "warn",
            f"everybody on this machine can read the key {path}",
            f"chmod 600 {path} && setfacl -m u:10001:r {path}",
        )


def _credentials(path: str | None) -> tuple[Any, str]:
    """Return credentials that have a token, and whose they are."""
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        mend = "take the key file as Google Cloud gave it" if path else f"{KEY}=<path of a key file> in .env"
        raise Unusable(f"no Google credentials: {_line(error)}", mend) from error
    who = str(getattr(credentials, "service_account_email", "") or "the application default credentials")
    try:
        credentials.refresh(Request())
    except TransportError as error:
        raise Unusable(f"Google's token service does not answer: {_line(error)}", "check the network") from error
    except RefreshError as error:
        mend = "make a new key (gcloud iam service-accounts keys create), and check this machine's clock"
        if not path:
            mend = "gcloud auth application-default login"
        raise Unusable(f"Google refuses {who} a token: {_line(error)}", mend) from error
    except GoogleAuthError as error:
        raise Unusable(f"no token for {who}: {_line(error)}", "check the key file") from error
    return credentials, who


def _dataset(client: bigquery.Client, name: str, location: str, who: str) -> Finding:
    """Return whether a dataset can be written to, or made where it is to be."""
    full, editor = f"{client.project}.{name}", "BigQuery Data Editor"
    try:
        found = client.get_dataset(full, retry=ONCE, timeout=REQUEST_S)
    except exceptions.NotFound:
        _dry_run(client, f"create schema `{full}`", f"make the dataset {full}", editor, who)
        return finding("ok", f"the dataset {full} will be made in {location}")
    except Exception as error:
        raise _explained(error, f"look at the dataset {full}", editor, who, client.project) from error
    if (found.location or "").lower() != location.lower():
        return finding(
            "fail",
            f"the dataset {full} is in {found.location}, BQ_LOCATION is {location}; a dataset cannot be moved",
            f"BQ_LOCATION={found.location} or another BQ_DATASET in .env",
        )
    _dry_run(client, f"create table `{full}._doctor` (x int64)", f"write to the dataset {full}", editor, who)
    return finding("ok", f"the dataset {full} is in {found.location} and can be written to")


def _dry_run(client: bigquery.Client, sql: str, action: str, role: str, who: str) -> None:
    """Let BigQuery judge a statement without running it; raise Unusable if it refuses."""
    config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    try:
        client.query(sql, job_config=config, retry=ONCE, job_retry=None, timeout=REQUEST_S)
    except Exception as error:
        raise _explained(error, action, role, who, client.project) from error


def _explained(error: Exception, action: str, role: str, who: str, project: str) -> Unusable:
    """Return what an error of BigQuery's means, by the reasons of its page "Error messages"."""
    if isinstance(error, (exceptions.ServerError, requests.exceptions.RequestException, TransportError)):
        return Unusable(f"cannot {action}: BigQuery does not answer ({_line(error)})", "check the network, try again")
    if not isinstance(error, exceptions.GoogleAPICallError):
        return Unusable(f"cannot {action}: {_line(error)}", "check the settings in .env")
    reasons = {str(item.get("reason", "")) for item in error.errors if isinstance(item, dict)}
    what, said = f"{who} cannot {action}: {_line(error)}", str(error.message)
    if "accessNotConfigured" in reasons or "has not been used in project" in said:
        return Unusable(what, f"gcloud services enable bigquery.googleapis.com --project {project}")
    if "billingNotEnabled" in reasons:
        return Unusable(what, f"link a billing account to {project}: MERGE needs one")
    if isinstance(error, (exceptions.Forbidden, exceptions.Unauthorized)):
        return Unusable(what, f"give it the role {role} on the project {project}")
    return Unusable(what, "correct BQ_PROJECT, BQ_DATASET or BQ_LOCATION in .env")


def _line(error: Exception) -> str:
    """Return an error in one line of at most 300 characters."""
    return " ".join(str(getattr(error, "message", None) or error).split())[:300]


if __name__ == "__main__":
    json.dump(list(examine(os.environ)), sys.stdout, indent=1)
