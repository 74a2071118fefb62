"""The doctor's check of BigQuery: when it runs, with which program, and how the doctor reports the program's answer."""

import json
import re
import sys
from pathlib import Path

import pytest

from tools.stack import bigquery, images
from tools.stack.findings import Finding


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A .env with a key; no image and no environment is there."""
    for name in ("WAREHOUSE", "AIRBYTE_MODE", "GOOGLE_APPLICATION_CREDENTIALS", *bigquery.SETTINGS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(images, "present", lambda _: False)
    monkeypatch.setattr(bigquery, "in_environment", lambda: None)
    key = tmp_path / "key.json"
    key.write_text("{}")
    settings = {"AIRBYTE_MODE": "lite", "WAREHOUSE": "bigquery", "BQ_PROJECT": "my-project", "BQ_LOCATION": "EU"}
    return settings | {"COMPOSE_PROJECT_NAME": "shop", "GOOGLE_APPLICATION_CREDENTIALS": str(key)}


def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str) -> None:
    monkeypatch.setattr(bigquery, "in_environment", lambda: [sys.executable])
    monkeypatch.setattr(bigquery, "PROGRAM", tmp_path / "program.py")
    bigquery.PROGRAM.write_text(program)


def test_the_emulator_needs_no_check(variables: dict[str, str]) -> None:
    assert bigquery.check(variables | {"WAREHOUSE": "emulator"}) == []


@pytest.mark.parametrize("project", ["local-dev", ""])
def test_the_emulators_project_is_not_looked_up_at_google(variables: dict[str, str], project: str) -> None:
    [finding] = bigquery.check(variables | {"BQ_PROJECT": project})
    assert finding.level == "fail"
    assert "BQ_PROJECT=local-dev" in finding.what
    assert "BQ_PROJECT=<your project> in .env" in finding.next


@pytest.mark.parametrize("key", ["/nowhere/key.json", "key.json", "~/key.json"])
def test_the_key_is_a_file_by_its_whole_path(variables: dict[str, str], key: str) -> None:
    [finding] = bigquery.check(variables | {"GOOGLE_APPLICATION_CREDENTIALS": key})
    assert finding.level == "fail"
    assert "GOOGLE_APPLICATION_CREDENTIALS=/…/key.json in .env" in finding.next


@pytest.mark.parametrize("airbyte", ["compose", "external"])
@pytest.mark.parametrize("content", ['{"type": "authorized_user"}', '{"type": "external_account"}', "{}", "[]"])
def test_the_real_airbyte_gets_a_service_accounts_key(variables: dict[str, str], airbyte: str, content: str) -> None:
    key = Path(variables["GOOGLE_APPLICATION_CREDENTIALS"])
    key.write_text(content)
    [finding] = bigquery.check(variables | {"AIRBYTE_MODE": airbyte})
    assert finding.level == "fail"
    assert "service_account" in finding.what
    assert "gcloud iam service-accounts keys create" in finding.next
    assert bigquery.check(variables | {"AIRBYTE_MODE": "lite"})[0].level == "warn"  # airbyte-lite takes it
    key.write_text('{"type": "service_account"}')
    assert bigquery.check(variables | {"AIRBYTE_MODE": airbyte})[0].level == "warn"


def test_a_key_that_is_not_json_is_left_to_the_program(variables: dict[str, str]) -> None:
    Path(variables["GOOGLE_APPLICATION_CREDENTIALS"]).write_text("nothing")
    assert bigquery.check(variables | {"AIRBYTE_MODE": "compose"})[0].level == "warn"


def test_without_a_program_it_is_put_off(variables: dict[str, str]) -> None:
    [finding] = bigquery.check(variables)
    assert (finding.level, finding.next) == ("warn", "make images, then make doctor")


def test_the_image_is_asked_as_its_container_would_be(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "present", lambda image: image == "shop-orchestrator:local")  # which every mode builds
    key = Path(variables["GOOGLE_APPLICATION_CREDENTIALS"])
    command = bigquery.in_image(variables, {"BQ_PROJECT": "my-project"}, key)
    assert command is not None
    assert command[-2:] == ["shop-orchestrator:local", "python"]
    assert f"{key}:/run/secrets/google_key:ro" in command
    assert "GOOGLE_APPLICATION_CREDENTIALS=/run/secrets/google_key" in command
    assert "--user" not in command  # the image's own, which must be able to read the key


def test_its_findings_are_the_doctors(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = {"level": "fail", "what": "wrong", "next": f"mend {bigquery.INSIDE}"}
    names = ["BQ_PROJECT", "BQ_LOCATION", "GOOGLE_APPLICATION_CREDENTIALS"]
    expected = {name: variables[name] for name in names}
    runs(
        monkeypatch,
        tmp_path,
        f"import os; assert {expected} == {{n: os.environ[n] for n in {names}}}; print('''{json.dumps([said])}''')",
    )
    assert bigquery.check(variables) == [
        Finding("fail", "wrong", f"mend {variables['GOOGLE_APPLICATION_CREDENTIALS']}")
    ]


def test_a_program_that_breaks_is_told(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runs(monkeypatch, tmp_path, "raise SystemExit('no such module')")
    [finding] = bigquery.check(variables)
    assert (finding.level, "no such module" in finding.what) == ("fail", True)


def test_the_program_needs_nothing_beside_it() -> None:
    """The program is read from standard input, in images without airbyte-lite's packages."""
    text = bigquery.PROGRAM.read_text()
    assert "airbyte_lite" not in {
        word.split(".")[0] for word in re.findall(r"^(?:from|import) (\S+)", text, re.MULTILINE)
    }
    assert "__file__" not in text
