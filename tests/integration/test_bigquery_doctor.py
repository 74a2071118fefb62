"""The doctor's check of Google BigQuery: real calls, answered by the emulator or with Google's errors."""

import json
import os
import re
import stat
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.cloud import bigquery as google_bigquery

from tools.local.platform import ROOT

from .commands import Commands
from .google_front import ACCOUNT, Front, front_of
from .running import Server

Findings = list[dict[str, str]]
QUERY = "POST /projects/a-project/jobs"


@pytest.fixture
def google(warehouse: Server) -> Iterator[Front]:
    with front_of(warehouse.url) as front:
        yield front


@pytest.fixture
def dataset_name(bigquery: google_bigquery.Client) -> Iterator[str]:
    name = f"doctor_{uuid.uuid4().hex[:8]}"
    yield name
    bigquery.delete_dataset(f"a-project.{name}", delete_contents=True, not_found_ok=True)


@pytest.fixture
def examine(google: Front, dataset_name: str, tmp_path: Path, commands: Commands) -> Callable[..., Findings]:
    """A function that runs the doctor's program with the key, or with other variables."""

    def run(**variables: str) -> Findings:
        settings = {
            "BQ_PROJECT": "a-project",
            "BQ_DATASET": dataset_name,
            "BQ_LOCATION": "US",
            "BIGQUERY_EMULATOR_HOST": google.url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(google.write_key(tmp_path)),
        }
        program = [str(ROOT / "tools/stack/bigquery_doctor.py")]
        result = commands.run("airbyte_lite", program, os.environ | settings | variables, tmp_path, seconds=120)
        assert result.returncode == 0, result.stderr
        assert google.key["private_key"].splitlines()[1] not in result.stdout + result.stderr
        findings: Findings = json.loads(result.stdout)
        return findings

    return run


def test_everything_in_order_and_nothing_made(
    examine: Callable[..., Findings], dataset_name: str, bigquery: google_bigquery.Client
) -> None:
    bigquery.create_dataset(f"a-project.{dataset_name}")
    found = examine()
    assert [(finding["level"], finding["next"]) for finding in found] == [("ok", "")] * 6
    token, queries, landing, staging, trusted, failures = (finding["what"] for finding in found)
    assert f"{ACCOUNT} a token" in token
    assert ACCOUNT in queries
    assert "queries in a-project, location US" in queries
    assert f"the dataset a-project.{dataset_name} is in US" in landing
    assert f"the dataset a-project.{dataset_name}_staging will be created in US" in staging
    assert f"the dataset a-project.{dataset_name}_trusted will be created in US" in trusted
    assert f"the dataset a-project.{dataset_name}_test_failures will be created in US" in failures
    made = {item.dataset_id for item in bigquery.list_datasets("a-project")}
    assert made & {f"{dataset_name}{suffix}" for suffix in ("", "_staging", "_trusted", "_test_failures")} == {
        dataset_name
    }
    assert list(bigquery.list_tables(f"a-project.{dataset_name}")) == []


def test_wrong_location(examine: Callable[..., Findings], dataset_name: str, bigquery: google_bigquery.Client) -> None:
    dataset = google_bigquery.Dataset(f"a-project.{dataset_name}")
    dataset.location = "EU"
    bigquery.create_dataset(dataset)
    [*_, landing, _staging, _trusted, _failures] = examine()
    assert landing["level"] == "fail"
    assert re.search(rf"{dataset_name} is in EU,.* BQ_LOCATION is US", landing["what"])
    assert "BQ_LOCATION=EU or another BQ_DATASET in .env" in landing["next"]


@pytest.mark.parametrize(
    ("status", "reason", "message", "next_step"),
    [
        (403, "accessDenied", "User does not have bigquery.jobs.create permission", "BigQuery Job User on the project"),
        (403, "accessNotConfigured", "BigQuery API has not been used in project 1 before", "services enable bigquery"),
        (403, "billingNotEnabled", "Billing has not been enabled for this project", "link a billing account"),
        (404, "notFound", "Not found: Project a-project", "correct BQ_PROJECT"),
        (400, "invalid", "Location nowhere does not exist", "correct BQ_PROJECT, BQ_DATASET or BQ_LOCATION"),
        (503, "backendError", "Error encountered during execution", "make doctor"),
    ],
)
def test_queries_that_are_refused(
    examine: Callable[..., Findings], google: Front, status: int, reason: str, message: str, next_step: str
) -> None:
    google.refuse(QUERY, status, reason, message)
    token, query = examine()
    assert token["level"] == "ok"
    assert query["level"] == "fail"
    assert message in query["what"]
    assert next_step in query["next"]


def test_a_dataset_that_may_not_be_seen(examine: Callable[..., Findings], google: Front, dataset_name: str) -> None:
    message = "Permission bigquery.datasets.get denied"
    google.refuse(f"GET /datasets/{dataset_name}", 403, "accessDenied", message)
    last = examine()[-1]
    assert last["level"] == "fail"
    assert f"{ACCOUNT} the role BigQuery Data Editor on the project a-project" in last["next"]
    assert message in last["what"]


def test_a_revoked_key(examine: Callable[..., Findings], google: Front) -> None:
    google.refused = 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    [finding] = examine()
    assert finding["level"] == "fail"
    assert f"{ACCOUNT} a token" in finding["what"]
    assert "Invalid JWT Signature" in finding["what"]
    assert "gcloud iam service-accounts keys create" in finding["next"]


def test_files_that_are_no_key(examine: Callable[..., Findings], tmp_path: Path) -> None:
    absent, text, other = tmp_path / "absent", tmp_path / "text", tmp_path / "other.json"
    text.write_text("hello")
    other.write_text('{"installed": {}}')
    expected = {absent: "not found", tmp_path: "not found", text: "not JSON", other: "not a Google credentials file"}
    for path, fact in expected.items():
        [finding] = examine(GOOGLE_APPLICATION_CREDENTIALS=str(path))
        assert finding["level"] == "fail"
        assert str(path) in finding["what"]
        assert fact in finding["what"]


def test_a_key_that_others_can_read(examine: Callable[..., Findings], google: Front, tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    path = google.write_key(folder)
    path.chmod(stat.S_IRUSR | stat.S_IROTH)
    first, *others = examine(GOOGLE_APPLICATION_CREDENTIALS=str(path))
    assert (first["level"], first["next"]) == ("warn", f"chmod 600 {path} && setfacl -m u:10001:r {path}")
    assert {finding["level"] for finding in others} == {"ok"}
