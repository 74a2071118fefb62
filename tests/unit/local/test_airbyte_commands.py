"""`make plan`, `make import` and the others: where they run, and what an import that ends early leaves."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools import dagster_run
from tools.local import airbyte, claims
from tools.stack import definitions, images, modes, running
from tools.stack.compose import StackError


@pytest.fixture(autouse=True)
def nothing_else_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No AIRBYTE_URL, no `make dev`; a .env, and a Compose that is up."""
    monkeypatch.delenv("AIRBYTE_URL", raising=False)
    monkeypatch.setattr(airbyte, "development", lambda: None)
    monkeypatch.setattr(airbyte, "ROOT", tmp_path)
    monkeypatch.setattr(claims, "DEVELOPMENT", tmp_path / "dev")
    monkeypatch.setattr(running, "compose_services", lambda: {"airbyte"})
    (tmp_path / ".env").touch()


def test_a_command_whose_output_is_kept_gets_no_terminal() -> None:
    kept, _ = airbyte.command(["import"], terminal=False)
    shown, _ = airbyte.command(["plan"], terminal=True)
    assert "--no-TTY" in kept
    assert "--no-TTY" not in shown


def test_an_empty_address_names_no_airbyte(monkeypatch: pytest.MonkeyPatch) -> None:
    """With it, bootstrap would use the default address, at which another checkout's Airbyte may be."""
    monkeypatch.setenv("AIRBYTE_URL", "")
    line, _ = airbyte.command(["plan"], terminal=False)
    assert line[:2] == ["docker", "compose"]


def test_the_file_that_is_named_is_the_one_in_the_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without, _ = airbyte.command(["plan"], terminal=False)
    assert "--volume" not in without
    monkeypatch.setenv("CONNECTIONS_FILE", "imported.yaml")
    with pytest.raises(FileNotFoundError):
        airbyte.command(["plan"], terminal=False)
    (tmp_path / "imported.yaml").touch()
    line, _ = airbyte.command(["plan"], terminal=False)
    mounted = line[line.index("--volume") + 1]
    path = line[line.index("--env") + 1].removeprefix("CONNECTIONS_FILE=")
    assert mounted == f"{tmp_path / 'imported.yaml'}:{path}:ro"


@pytest.mark.parametrize(("warehouse", "key"), [("emulator", ""), ("bigquery", "/of/something/else.json")])
def test_a_key_of_the_shell_is_for_bigquery_only(monkeypatch: pytest.MonkeyPatch, warehouse: str, key: str) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/of/something/else.json")
    monkeypatch.setenv("WAREHOUSE", warehouse)
    _, environment = airbyte.command(["plan"], terminal=False)
    assert environment["GOOGLE_APPLICATION_CREDENTIALS"] == key


def test_secrets_come_from_connections_env_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "connections.env").write_text("# of the shop\nSHOP_TOKEN='a b'\nOTHER=file\n")
    monkeypatch.setenv("AIRBYTE_URL", "http://airbyte")
    monkeypatch.setenv("OTHER", "exported")
    _, variables = airbyte.command(["plan"], terminal=False)
    assert (variables["SHOP_TOKEN"], variables["OTHER"]) == ("a b", "exported")


def test_an_interrupted_import_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    output = tmp_path / "imported.yaml"
    assert airbyte.main(["import", str(output)]) == 130
    assert not output.exists()


def test_an_import_does_not_touch_a_file_that_exists(tmp_path: Path) -> None:
    output = tmp_path / "imported.yaml"
    output.write_text("mine")
    assert airbyte.main(["import", str(output)]) == 1
    assert output.read_text() == "mine"


def test_an_import_into_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """zsh and dash leave the ~ of `make import f=~/imported.yaml` as it is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AIRBYTE_URL", "http://airbyte")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    assert airbyte.main(["import", "~/imported.yaml"]) == 0
    assert (tmp_path / "imported.yaml").exists()


def test_without_a_platform_it_says_what_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "compose_services", lambda: set())
    with pytest.raises(running.NotRunningError, match=r"make up.*make dev.*AIRBYTE_URL"):
        airbyte.command(["plan"], terminal=True)


@pytest.mark.parametrize(
    ("arguments", "code", "outdated", "variables", "renewed"),
    [
        (["apply"], 0, {"migrate": "code-new", "airbyte": "other"}, {}, True),
        (["apply"], 0, {"migrate": "newer code-new"}, {}, False),  # the whole of Dagster has to be replaced
        (["apply"], 0, {}, {}, False),
        (["apply"], 1, {"migrate": "code-new"}, {}, False),
        (["plan"], 0, {"migrate": "code-new"}, {}, False),
        # Another Airbyte, or another file, than the platform's.
        (["apply"], 0, {"migrate": "code-new"}, {"AIRBYTE_URL": "http://airbyte.example.org"}, False),
        (["apply"], 0, {"migrate": "code-new"}, {"CONNECTIONS_FILE": "connections.yaml"}, False),
    ],
)
def test_dagster_loads_the_applied_file(
    arguments: list[str],
    code: int,
    outdated: dict[str, str],
    variables: dict[str, str],
    renewed: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    ran: list[tuple[str, ...]] = []

    def output(*line: str) -> str:
        ran.append(line)
        return "sha256:old"

    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "connections.yaml").touch()
    monkeypatch.setattr(images, "own_images", lambda: {"migrate": "shop-orchestrator:local"})
    monkeypatch.setattr(images, "made_of", lambda _image: "code-old")
    monkeypatch.setattr(modes, "environment", lambda _variables: {})
    monkeypatch.setattr(running, "compose_services", lambda: {"airbyte", "code"})
    monkeypatch.setattr(images, "outdated", lambda: outdated)
    monkeypatch.setattr(definitions, "read_env", dict)
    monkeypatch.setattr(definitions, "urls", lambda _: {"webserver": "http://dagster"})
    monkeypatch.setattr(definitions, "show", lambda *line, **variables: ran.append((*line, *variables.values())))
    monkeypatch.setattr(definitions, "output", output)
    monkeypatch.setattr(dagster_run, "reload", lambda url: ran.append((url,)))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], code))
    assert airbyte.main(arguments) == code
    if not renewed:
        assert ran == []
        return
    _, build, check, up, reload = ran
    assert build[1:3] + build[-2:] == ("compose", "build", "migrate", "code-new")
    assert "validate" in check
    assert (up[2], up[-1], reload) == ("up", "code", ("http://dagster",))


def test_a_dagster_that_could_not_be_renewed_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failed() -> dict[str, str]:
        raise StackError("the engine does not answer")

    monkeypatch.setattr(running, "compose_services", lambda: {"code"})
    monkeypatch.setattr(images, "outdated", failed)
    definitions.renew({})
    assert "the engine does not answer\nNext: make up" in capsys.readouterr().err


def test_definitions_that_do_not_load_replace_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[tuple[str, ...]] = []

    def output(*line: str) -> str:
        ran.append(line)
        if "validate" in line:
            raise StackError("a model is missing")
        return "sha256:old"

    monkeypatch.setattr(running, "compose_services", lambda: {"code"})
    monkeypatch.setattr(images, "outdated", lambda: {"migrate": "code-new"})
    monkeypatch.setattr(images, "own_images", lambda: {"migrate": "shop-orchestrator:local"})
    monkeypatch.setattr(images, "made_of", lambda _image: "code-old")
    monkeypatch.setattr(definitions, "show", lambda *_line, **_variables: None)
    monkeypatch.setattr(definitions, "output", output)
    definitions.renew({})
    assert ran[-1] == ("docker", "tag", "sha256:old", "shop-orchestrator:local")
    assert "a model is missing" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "restarts"), [(["apply"], 1), (["plan"], 0)])
def test_the_console_reads_the_applied_file(
    arguments: list[str], restarts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(running, "compose_services", lambda: {"airbyte", "console"})
    monkeypatch.setattr(running, "output", lambda *line: ran.append(line))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    assert airbyte.main(arguments) == 0
    assert ran == [("docker", "compose", "restart", "console")] * restarts


@pytest.mark.parametrize("loads", [True, False])
def test_make_dev_loads_the_applied_file_before_the_command_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], loads: bool
) -> None:
    asked: list[str] = []

    def reload(url: str) -> None:
        asked.append(url)
        if not loads:
            raise dagster_run.DagsterRunError("the code location cannot be loaded")

    monkeypatch.setattr(
        airbyte, "development", lambda: {"DAGSTER_URL": "http://dagster", "AIRBYTE_URL": "http://airbyte"}
    )
    monkeypatch.setattr(running, "compose_services", lambda: set())
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    monkeypatch.setattr(dagster_run, "reload", reload)
    assert airbyte.main(["apply"]) == (0 if loads else 1)
    assert asked == ["http://dagster"]
    assert ("cannot be loaded" in capsys.readouterr().err) is not loads
    airbyte.main(["plan"])
    assert asked == ["http://dagster"]


@pytest.mark.parametrize("command", ["seed", "plan"])
def test_only_a_command_that_uses_airbyte_waits_for_its_connectors(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    waited: list[str] = []
    monkeypatch.setattr(airbyte, "development", lambda: {"AIRBYTE_URL": "http://airbyte"})
    monkeypatch.setattr(airbyte, "wait_for_connectors", lambda _root, url, _on_wait: waited.append(url))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    assert airbyte.main([command]) == 0
    assert waited == ["http://airbyte"] * (command != "seed")
