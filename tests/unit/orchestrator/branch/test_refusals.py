"""What `make branch-dataset` says when git or the warehouse refuses, and what a drop leaves."""

import json
import subprocess
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from google.api_core.exceptions import Forbidden

from orchestrator.branch import command_line
from orchestrator.branch.build import Branch, BranchError, Built, Model

MODEL = Model("fct_orders", "p.d.fct_orders", "p.b.fct_orders", "order_id")


def branch(checkout: Path) -> Branch:
    return Branch("x", checkout, checkout / "dbt_project", "jaffle")


def test_a_base_is_never_an_option_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []

    def run(line: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        called.append(line[3:])
        return subprocess.CompletedProcess(line, 128, b"", b"fatal: not a revision")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(BranchError, match="--output=x"):
        branch(tmp_path).build("--output=x")
    assert called == [["rev-parse", "--verify", "--end-of-options", "--output=x^{commit}"]]


def test_a_project_outside_the_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BranchError, match="DBT_PROJECT_DIR"):
        Branch("x", tmp_path / "checkout", tmp_path / "other", "jaffle").build("main")


def test_a_query_that_the_warehouse_refuses_is_told_and_the_others_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def compare(_client: object, model: Model) -> str:
        if model == MODEL:
            raise Forbidden("Query exceeded limit for bytes billed")  # type: ignore[no-untyped-call]
        return "compared"

    monkeypatch.setattr(command_line, "compare", compare)
    other = Model("dim_customers", None, "p.b.dim_customers", None)
    compared, failures = command_line._compared(MagicMock(), Built([MODEL, other], [], ["stg_orders: syntax"]))
    assert [name for name, _ in compared] == ["dim_customers"]
    assert failures[0] == "stg_orders: syntax"
    assert "fct_orders" in failures[1]
    assert "bytes billed" in failures[1]


def test_a_second_drop_is_told_that_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = MagicMock()
    monkeypatch.setattr("platform_kit.bigquery.client", lambda *_, **__: client)
    built = branch(tmp_path)
    (built.folder / "target").mkdir(parents=True)
    (built.folder / "target/manifest.json").write_text(json.dumps({"nodes": {}}))
    command_line.drop(built)
    client.delete_dataset.assert_called_once()
    with pytest.raises(BranchError, match="not built"):
        command_line.drop(built)
