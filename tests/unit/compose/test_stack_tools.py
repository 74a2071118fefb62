"""The tools around Compose: .env, the doctor's findings, the images that are built again, the verdict on a start."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.local import claims
from tools.stack import __main__, compose, doctor, down, env, images, modes, ps, up
from tools.stack.findings import Finding
from tools.stack.up import judge

EXAMPLE = compose.ROOT / ".env.example"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout with the example only, named so that a project cannot be named after it as it is."""
    root = tmp_path / "My Platform.2"
    root.mkdir()
    shutil.copy(EXAMPLE, root)
    (root / "connections.yaml").touch(mode=0o644)
    (root / "compose/localstack/start.d").mkdir(parents=True)
    (root / "compose/localstack/start.d/script.py").touch(mode=0o644)
    for name in compose.known():
        monkeypatch.delenv(name, raising=False)
    for module in (compose, doctor, env, images):
        monkeypatch.setattr(module, "ROOT", root)
        if hasattr(module, "ENV_FILE"):
            monkeypatch.setattr(module, "ENV_FILE", root / ".env")
    return root


def levels(checkout: Path, **changes: str) -> list[tuple[str, str]]:
    """The doctor's findings about a fresh .env with these variables changed; without changes the .env is valid."""
    env.make_env()
    file = checkout / ".env"
    for name, value in changes.items():
        text, count = re.subn(rf"^{name}=.*$", f"{name}={value}", file.read_text(), flags=re.MULTILINE)
        file.write_text(text if count else f"{text}{name}={value}\n")
    return [(finding.level, finding.what) for finding in doctor.check_settings(compose.read_env())]


def failures(found: list[tuple[str, str]]) -> list[str]:
    """The file or folder of each finding. Every finding must be a failure because only the owner can read it."""
    assert all(level == "fail" and "only you can read" in what for level, what in found), found
    return [re.split(r"[: ]", what)[0] for _, what in found]


def test_make_env_fills_in_secrets_for_its_owner_only(checkout: Path) -> None:
    env.make_env()
    made = checkout / ".env"
    assert made.stat().st_mode & 0o777 == 0o600
    variables = compose.read_env()
    assert variables["COMPOSE_PROJECT_NAME"] == "myplatform2"
    assert all(value for value in variables.values())
    assert len(variables["POSTGRES_PASSWORD"]) >= 24
    made.unlink()
    env.make_env()
    assert compose.read_env()["POSTGRES_PASSWORD"] != variables["POSTGRES_PASSWORD"]


def test_make_env_leaves_what_is_there(checkout: Path) -> None:
    env.make_env()
    before = (checkout / ".env").read_text()
    env.make_env()
    assert (checkout / ".env").read_text() == before


def test_make_env_adds_what_an_older_env_lacks(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The modes come first, because COMPOSE_PROFILES further down uses them. The user's own values stay."""
    older = "# mine\nPOSTGRES_PASSWORD=old\nWAREHOUSE=bigquery\nCOMPOSE_PROFILES=${AIRBYTE_MODE},${WAREHOUSE}"
    (checkout / ".env").write_text(older)
    (checkout / ".env").chmod(0o600)
    env.make_env()
    made, variables = checkout / ".env", compose.read_env()
    assert made.read_text().endswith(older)
    assert made.stat().st_mode & 0o777 == 0o600
    assert (variables["POSTGRES_PASSWORD"], variables["WAREHOUSE"]) == ("old", "bigquery")
    assert (variables["AIRBYTE_MODE"], variables["DAGSTER_PORT"]) == ("lite", "3000")
    assert len(variables["AIRBYTE_UI_PASSWORD"]) >= 24
    assert "AIRBYTE_UI_PASSWORD" in capsys.readouterr().out
    assert doctor.check_settings(variables) == [Finding("ok", ".env is complete")]


@pytest.mark.parametrize("end", ["", "\n"])
def test_make_env_adds_what_refers_to_other_lines_below_them(checkout: Path, end: str) -> None:
    (checkout / ".env").write_text(f"AIRBYTE_MODE=lite\nWAREHOUSE=emulator{end}")
    env.make_env()
    lines = (checkout / ".env").read_text().splitlines()
    assert lines[-3:] == ["AIRBYTE_MODE=lite", "WAREHOUSE=emulator", "COMPOSE_PROFILES=${AIRBYTE_MODE},${WAREHOUSE}"]
    assert [finding.level for finding in modes.check(compose.read_env())] == ["ok"]


def test_make_env_leaves_the_credentials_of_an_external_airbyte_to_the_user(checkout: Path) -> None:
    (checkout / ".env").write_text("AIRBYTE_MODE=external\nAIRBYTE_USERNAME=a\nAIRBYTE_PASSWORD=b\n")
    env.make_env()
    assert not {"AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET"} & compose.read_env().keys()


def test_the_environment_comes_before_env(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Compose. Otherwise the commands would look for the platform under another name or port."""
    env.make_env()
    for name, value in {"COMPOSE_PROJECT_NAME": "other", "DAGSTER_PORT": "3999", "AWS_ACCESS_KEY_ID": ""}.items():
        monkeypatch.setenv(name, value)
    assert compose.project() == "other"
    assert compose.urls(compose.read_env())["webserver"] == "http://127.0.0.1:3999"
    found = {finding.level: finding.what for finding in doctor.check_settings(compose.read_env())}
    assert found["fail"] == "AWS_ACCESS_KEY_ID is empty"
    assert "environment sets COMPOSE_PROJECT_NAME, DAGSTER_PORT, " in found["warn"]


def test_the_environment_also_has_what_env_leaves_out(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Compose, which would give this socket to the proxy."""
    monkeypatch.setenv("DOCKER_SOCKET", "/run/user/1000/docker.sock")
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/user/1000/docker.sock")
    monkeypatch.setenv("BQ_DATASET", "of_this_shell")
    assert compose.read_env() == {}  # without .env, nothing of this checkout
    env.make_env()
    assert compose.read_file()["BQ_DATASET"] == "jaffle"
    (checkout / ".env").write_text((checkout / ".env").read_text().replace("BQ_DATASET=jaffle\n", ""))
    variables = compose.read_env()
    assert (variables["DOCKER_SOCKET"], variables["BQ_DATASET"]) == ("/run/user/1000/docker.sock", "of_this_shell")
    assert doctor.check_socket(variables) == []
    [finding] = doctor.check_settings(variables)
    assert "environment sets BQ_DATASET, DOCKER_SOCKET, " in finding.what
    assert "unset BQ_DATASET DOCKER_SOCKET" in finding.next
    env.make_env()
    assert compose.read_file()["BQ_DATASET"] == "jaffle"  # another shell needs one too


def test_a_key_of_the_shell_is_no_finding_for_the_emulator(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    env.make_env()
    monkeypatch.setenv(modes.KEY, "/keys/mine.json")
    monkeypatch.setitem(__main__.COMMANDS, "ps", lambda: doctor.show(doctor.check_settings(compose.read_env())))
    assert __main__.main(["ps"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "  ok    .env is complete"


@pytest.mark.parametrize(("warehouse", "expected"), [("emulator", ""), ("bigquery", "/keys/mine.json")])
def test_a_key_of_the_shell_stays_out_of_the_containers_unless_it_is_for_bigquery(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, warehouse: str, expected: str
) -> None:
    env.make_env()
    monkeypatch.setenv("WAREHOUSE", warehouse)
    monkeypatch.setenv(modes.KEY, "/keys/mine.json")
    seen: list[str] = []
    monkeypatch.setitem(__main__.COMMANDS, "ps", lambda: seen.append(os.environ[modes.KEY]))
    assert __main__.main(["ps"]) == 0
    assert seen == [expected]


def test_an_env_without_a_name_is_told(checkout: Path) -> None:
    (checkout / ".env").write_text("AIRBYTE_MODE=lite\n")
    with pytest.raises(compose.StackError, match="make env"):
        compose.project()


def test_env_is_read_as_compose_reads_it(checkout: Path) -> None:
    (checkout / ".env").write_text("# A=0\nA=1\n B = two words \nC='x # y'\nD=z # comment\nE=\n\nF=a=b\n")
    assert compose.read_env() == {"A": "1", "B": "two words", "C": "x # y", "D": "z", "E": "", "F": "a=b"}


@pytest.mark.parametrize(
    ("folder", "name"),
    [("e2e087b93b_", "e2e087b93b"), ("_my__shop-_2.0", "my-shop-20"), ("my_shop", "my_shop"), ("...", "platform")],
)
def test_the_folder_gives_a_name_that_images_can_have(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, folder: str, name: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(env, "ROOT", checkout.parent / folder)
        assert env.project() == name
    assert levels(checkout, COMPOSE_PROJECT_NAME=name) == [("ok", ".env is complete")]


def test_the_doctor_finds_a_fresh_env_good(checkout: Path) -> None:
    assert levels(checkout) == [("ok", ".env is complete")]


@pytest.mark.parametrize(
    ("name", "value", "level", "what"),
    [
        ("POSTGRES_PASSWORD", "", "fail", "POSTGRES_PASSWORD is empty"),
        ("FILE_SENSOR_SECONDS", "100000000000000000000", "fail", "seconds from 1 to 86400"),
        ("S3_BUCKET", "My bucket", "fail", "S3_BUCKET is 'My bucket'"),
        ("BQ_LOCATION", "Germany", "fail", "BQ_LOCATION is 'Germany'"),
        ("RUN_WORKER_CPUS", "two", "fail", "RUN_WORKER_CPUS is 'two'"),
        ("DOCKER_SOCKET", "docker.sock", "fail", "DOCKER_SOCKET"),
        ("DAGSTER_PORT", "http", "fail", "DAGSTER_PORT"),
        ("DAGSTER_PORT", "70000", "fail", "DAGSTER_PORT"),
        ("DAGSTER_PORT", "8000", "fail", "DAGSTER_PORT and AIRBYTE_PORT are both 8000"),
        ("COMPOSE_PROJECT_NAME", "My Platform", "fail", "lower-case"),
        ("COMPOSE_PROJECT_NAME", "platform_", "fail", "COMPOSE_PROJECT_NAME is 'platform_'"),
        ("COMPOSE_PROJECT_NAME", "my-_platform", "fail", "COMPOSE_PROJECT_NAME is 'my-_platform'"),
        ("POSTGRES_PASWORD", "x", "warn", "POSTGRES_PASWORD"),
        ("CONSOLE_HOST", "192.168.1.2", "fail", "CONSOLE_HOST=192.168.1.2"),
    ],
)
def test_the_doctor_names_what_is_wrong_with_env(checkout: Path, name: str, value: str, level: str, what: str) -> None:
    found = levels(checkout, **{name: value})
    assert any(entry[0] == level and what in entry[1] for entry in found), found


def test_the_doctor_leaves_values_to_compose_that_refer_to_others(checkout: Path) -> None:
    found = levels(checkout, S3_BUCKET="${COMPOSE_PROJECT_NAME}-files", DAGSTER_LINK="http://here:${DAGSTER_PORT}")
    assert found == [("ok", ".env is complete")]


def test_the_doctor_names_what_env_lacks(checkout: Path) -> None:
    env.make_env()
    file = checkout / ".env"
    file.write_text(re.sub(r"^(AIRBYTE_DB_PASSWORD|S3_PORT)=.*\n", "", file.read_text(), flags=re.MULTILINE))
    [finding] = doctor.check_settings(compose.read_env())
    assert (finding.level, "AIRBYTE_DB_PASSWORD, S3_PORT" in finding.what) == ("fail", True)
    assert "make env" in finding.next


@pytest.mark.parametrize(
    ("name", "exported", "mend"),
    [
        ("AWS_ACCESS_KEY_ID", True, "unset AWS_ACCESS_KEY_ID"),
        ("POSTGRES_PASSWORD", True, "unset POSTGRES_PASSWORD"),
        ("POSTGRES_PASSWORD", False, "put the old value of POSTGRES_PASSWORD into .env"),
        ("AIRBYTE_DB_PASSWORD", False, "put the old value of AIRBYTE_DB_PASSWORD into .env"),
        ("AWS_ACCESS_KEY_ID", False, "put a value into .env"),
    ],
)
def test_the_doctor_says_what_fills_an_empty_setting(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, name: str, exported: bool, mend: str
) -> None:
    env.make_env()
    file = checkout / ".env"
    if exported:
        monkeypatch.setenv(name, "")
    else:
        file.write_text(re.sub(rf"^{name}=.*$", f"{name}=", file.read_text(), flags=re.MULTILINE))
    [finding] = doctor.check_settings(compose.read_env())
    assert (finding.level, finding.what) == ("fail", f"{name} is empty")
    assert finding.next.startswith(mend)


@pytest.mark.parametrize(("exported", "mend"), [(True, "unset BQ_DATASET"), (False, "edit .env")])
def test_the_doctor_says_where_an_invalid_setting_is(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, exported: bool, mend: str
) -> None:
    env.make_env()
    if exported:
        monkeypatch.setenv("BQ_DATASET", "a-b")
    else:
        with (checkout / ".env").open("a") as file:
            file.write("BQ_DATASET=a-b\n")
    [invalid] = [finding for finding in doctor.check_settings(compose.read_env()) if finding.level == "fail"]
    assert ("BQ_DATASET" in invalid.what, invalid.next) == (True, mend)


def test_the_doctor_minds_who_can_read_env(checkout: Path) -> None:
    env.make_env()
    (checkout / ".env").chmod(0o644)
    [(level, what)] = levels(checkout)
    assert (level, what.split()[0]) == ("warn", ".env")


def test_the_doctor_minds_who_can_read_the_secrets_of_connections(checkout: Path) -> None:
    (checkout / "connections.env").touch(mode=0o640)
    [(level, what)] = levels(checkout)
    assert (level, what.split()[0]) == ("warn", "connections.env")
    (checkout / "connections.env").chmod(0o600)
    assert levels(checkout) == [("ok", ".env is complete")]


def test_the_doctor_minds_who_can_read_what_containers_get_from_the_checkout(checkout: Path) -> None:
    for name in doctor.MOUNTED_BY_AIRBYTE:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).touch(mode=0o644)
    assert levels(checkout, AIRBYTE_MODE="compose") == [("ok", ".env is complete")]
    (checkout / doctor.MOUNTED_BY_AIRBYTE[0]).chmod(0o600)
    assert failures(levels(checkout)) == ["compose/airbyte/flags.yml"]
    assert levels(checkout, AIRBYTE_MODE="lite") == [("ok", ".env is complete")]
    (checkout / "connections.yaml").chmod(0o600)
    assert failures(levels(checkout)) == ["connections.yaml"]


def test_the_doctor_minds_who_can_read_the_folders_that_containers_get(checkout: Path) -> None:
    folder = checkout / "compose/localstack"
    for path in (folder, folder / "start.d", folder / "start.d/script.py"):
        mode = path.stat().st_mode
        path.chmod(0o700)
        assert failures(levels(checkout)) == ["compose/localstack"]
        path.chmod(mode)
    assert levels(checkout) == [("ok", ".env is complete")]
    shutil.rmtree(folder)
    [(level, what)] = levels(checkout)
    assert (level, "compose/localstack: not found" in what) == ("fail", True)


@pytest.mark.parametrize("folder", [False, True], ids=["absent", "Docker's folder"])
def test_the_doctor_minds_what_containers_would_not_find_in_the_checkout(checkout: Path, folder: bool) -> None:
    (checkout / "connections.yaml").unlink()
    if folder:
        (checkout / "connections.yaml").mkdir()
    [(level, what)] = levels(checkout)
    assert (level, "connections.yaml: not a file" in what) == ("fail", True)


@pytest.mark.parametrize(
    ("memory", "level"), [(1.9, "fail"), (3.0, "warn"), (8.0, "ok")], ids=["too little", "slow", "enough"]
)
def test_the_doctor_weighs_the_engines_memory(memory: float, level: str) -> None:
    findings = doctor.check_machine({"NCPU": 2, "MemTotal": memory * doctor.GIB}, modes.Mode("lite", "emulator"))
    assert [finding.level for finding in findings] == [level]


@pytest.mark.parametrize(("airbyte", "level"), [("lite", "ok"), ("compose", "warn")])
def test_the_real_airbyte_takes_more_processors(airbyte: str, level: str) -> None:
    findings = doctor.check_machine({"NCPU": 2, "MemTotal": 16 * doctor.GIB}, modes.Mode(airbyte, "bigquery"))
    assert [finding.level for finding in findings] == [level]


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"AIRBYTE_MODE": "lite", "WAREHOUSE": "emulator"}, []),
        ({"AIRBYTE_MODE": "compose", "WAREHOUSE": "bigquery"}, ["AIRBYTE_MODE=compose"]),
        ({"AIRBYTE_MODE": "external", "WAREHOUSE": "bigquery"}, ["AIRBYTE_MODE=external"]),
    ],
)
def test_modes_that_were_not_run_against_a_real_airbyte_are_experimental(
    checkout: Path, settings: dict[str, str], warned: list[str]
) -> None:
    env.make_env()
    elsewhere = {
        "AIRBYTE_URL": "https://airbyte.example.com",
        "AWS_ENDPOINT_URL_S3": "",
        modes.KEY: str(checkout / "key.json"),
    }
    found = modes.check(compose.read_env() | elsewhere | settings)
    assert [finding.level for finding in found] == ["ok"] + ["warn"] * len(warned)
    assert [finding.what.split(" is experimental")[0] for finding in found[1:]] == warned
    assert all("docs/modes.md" in finding.next for finding in found[1:])


def test_versions() -> None:
    assert doctor.version("26.1.5+dfsg1") == (26, 1)
    assert doctor.version("v2.30.0-desktop.1") == (2, 30)
    assert doctor.version("") == (0, 0)


def test_an_image_is_made_again_when_a_file_that_it_copies_changes(checkout: Path) -> None:
    (checkout / "Dockerfile").write_text("FROM $PYTHON_IMAGE\nCOPY code settings.yaml /opt/\nCOPY --from=build /x /y\n")
    (checkout / "code" / "target").mkdir(parents=True)
    (checkout / "code" / "a.py").write_text("1")
    (checkout / "settings.yaml").write_text("2")
    build: dict[str, Any] = {"dockerfile": "Dockerfile", "args": {"PYTHON_IMAGE": "python:3.13-slim"}}
    first = images.inputs(build)
    (checkout / "code" / "target" / "manifest.json").write_text("generated")
    (checkout / "other.py").write_text("not copied")
    build["args"].update(PIP_INDEX_URL="https://mirror.example/simple")
    assert images.inputs(build) == first
    seen = {first}
    for change in (
        lambda: (checkout / "code" / "a.py").write_text("3"),
        lambda: (checkout / "code" / "a.py").rename(checkout / "code" / "b.py"),
        lambda: (checkout / "settings.yaml").write_text("4"),
        lambda: build["args"].update(PYTHON_IMAGE="mirror/python:3.13-slim"),
        lambda: build["args"].update(WAREHOUSE="bigquery"),
    ):
        change()
        seen.add(images.inputs(build))
    assert len(seen) == 6


def test_an_image_is_made_of_the_stages_of_its_target(checkout: Path) -> None:
    (checkout / "Dockerfile").write_text(
        "FROM $PYTHON_IMAGE AS build\nCOPY code/$SERVICE/a.py /opt/\nFROM build AS seeds\nCOPY seeds.csv /opt/\n"
        "FROM $PYTHON_IMAGE AS plain\nCOPY --from=build /opt /opt\nFROM plain AS seeded\nCOPY --from=seeds /opt /opt\n"
    )
    for name in ("one", "two"):
        (checkout / "code" / name).mkdir(parents=True)
        (checkout / "code" / name / "a.py").write_text("1")
    (checkout / "seeds.csv").write_text("1")
    builds: list[dict[str, Any]] = [
        {"dockerfile": "Dockerfile", "target": target, "args": {"SERVICE": name}}
        for target, name in (("plain", "one"), ("seeded", "two"))
    ]

    def changed_by(file: str) -> list[bool]:
        before = [images.inputs(build) for build in builds]
        (checkout / file).write_text("2")
        return [images.inputs(build) != digest for build, digest in zip(builds, before, strict=True)]

    assert changed_by("code/one/a.py") == [True, False]
    assert changed_by("code/two/a.py") == [False, True]
    assert changed_by("seeds.csv") == [False, True]


@pytest.mark.parametrize(
    ("state", "one_shot", "verdict"),
    [
        ({"Status": "running", "Health": {"Status": "healthy"}}, False, "healthy"),
        ({"Status": "running", "Health": {"Status": "starting"}}, False, "waiting"),
        ({"Status": "running", "Health": {"Status": "unhealthy"}}, False, "waiting"),
        ({"Status": "running"}, True, "waiting"),
        ({"Status": "exited", "ExitCode": 0}, True, "done"),
        ({"Status": "exited", "ExitCode": 0}, False, "failed"),
        ({"Status": "exited", "ExitCode": 1}, True, "failed"),
        ({"Status": "created"}, False, "waiting"),
        ({}, False, "waiting"),
    ],
)
def test_a_containers_state_is_judged(state: dict[str, object], one_shot: bool, verdict: str) -> None:
    assert judge(state, one_shot) == verdict


def test_a_changed_connections_file_makes_a_new_container_of_the_console(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "ROOT", checkout)
    [(name, before)] = up.connections_digest().items()
    (checkout / "connections.yaml").write_text("version: 1\n")
    assert up.connections_digest()[name] != before
    console = (Path(__file__).parents[3] / "docker-compose.yml").read_text().partition("\n  console:")[2]
    assert f"${{{name}:-}}" in console.partition("\n  migrate:")[0]


def test_an_image_of_a_connector_has_the_digest_of_its_entry() -> None:
    text = """
[source-a]
image = "airbyte/source-a:1.0"
image_id = "sha256:1"
image_digest = "sha256:2"

[source-b]
lock = "b"

[source-c]
image="airbyte/source-c:2.0"
"""
    assert images.pinned_images(text) == {"airbyte/source-a:1.0": "sha256:2", "airbyte/source-c:2.0": ""}


@pytest.mark.parametrize("command", [ps.ps, down.stop])
def test_commands_for_containers_know_make_dev(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[[], None]
) -> None:
    monkeypatch.setattr(claims, "DEVELOPMENT", checkout / ".local/dev")
    with pytest.raises(compose.StackError, match="make up"):
        command()
    with claims.claim(claims.DEVELOPMENT):
        claims.DEVELOPMENT.mkdir()
        claims.publish(
            claims.DEVELOPMENT, {"DAGSTER_URL": "http://127.0.0.1:3000", "AIRBYTE_URL": "http://127.0.0.1:1"}
        )
        with pytest.raises(compose.StackError, match=r"`make dev` .* http://127.0.0.1:3000"):
            command()
