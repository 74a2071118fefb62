"""The backup of the platform on Docker: which commands it runs, and in which order."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tools.backup import containers
from tools.backup.content import BackupError, verify
from tools.stack.compose import ROOT, StackError

SETTINGS = {"BQ_PROJECT": "local-dev", "BQ_DATASET": "jaffle", "S3_BUCKET": "shop"}


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command lines that the Docker way runs, in order; none of them is started."""
    lines: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        lines.append(" ".join(command))
        return subprocess.CompletedProcess(command, 0)

    def pipe(command: list[str], target: Path) -> None:
        run(command)
        target.write_text(target.name)

    settings = SETTINGS | {"AIRBYTE_MODE": "lite", "WAREHOUSE": "emulator", "COMPOSE_PROJECT_NAME": "shop"}
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(containers, "output", lambda *command: run(list(command)))
    monkeypatch.setattr(containers, "read_env", lambda: settings)
    monkeypatch.setattr(containers, "project", lambda: "shop")
    monkeypatch.setattr(containers, "states", dict)
    monkeypatch.setattr(containers, "succeeds", lambda *_: True)
    monkeypatch.setattr(containers, "wait_for_quiet", lambda _: lines.append("wait"))
    monkeypatch.setattr(containers, "_pipe", pipe)
    monkeypatch.setattr(
        containers, "_feed", lambda command, source: lines.append(f"{' '.join(command)} < {source.name}")
    )
    return lines


def test_containers_are_paused_in_order_and_always_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(containers, "output", lambda *command: lines.append(" ".join(command)))

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        lines.append(" ".join(command))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(containers, "states", dict)
    with pytest.raises(BackupError, match="no space"), containers.paused(["daemon", "airbyte", "warehouse"]):
        raise BackupError("no space")
    assert [line.removeprefix("docker compose ") for line in lines] == [
        "pause daemon",
        "pause airbyte",
        "pause warehouse",
        "unpause warehouse",
        "unpause airbyte",
        "unpause daemon",
    ]


def test_a_service_that_stays_paused_is_named(docker: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "states", lambda: {"airbyte": {"Paused": True}, "daemon": {"Paused": False}})
    with pytest.raises(BackupError, match="unpause airbyte"), containers.paused(["daemon", "airbyte"]):
        pass
    assert docker

    def away() -> None:
        raise StackError("no engine")

    monkeypatch.setattr(containers, "states", away)
    with pytest.raises(BackupError, match="no engine"), containers.paused(["daemon"]):
        pass


def test_every_volume_of_the_compose_file_is_backed_up() -> None:
    volumes = set(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["volumes"])
    assert set(containers.VOLUMES) == volumes - {"postgres"}  # of which there is a dump
    assert containers.VOLUMES[-1] == "airbyte"  # no state without its data


def test_an_interrupted_restore_on_docker_leaves_no_volume(
    docker: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(containers, "compose_services", lambda: {*containers.PAUSED, "postgres"})
    folder = containers.backup(tmp_path, "")
    monkeypatch.setattr(containers, "compose_services", set)
    docker.clear()

    def feed(_: list[str], source: Path) -> None:
        docker.append(source.name)
        if source.name == "localstack.tar":
            raise KeyboardInterrupt

    def succeeds(*command: str) -> bool:
        docker.append(" ".join(command))
        return "volume" not in command  # after `down`, none is left

    monkeypatch.setattr(containers, "_feed", feed)
    monkeypatch.setattr(containers, "succeeds", succeeds)
    with pytest.raises(KeyboardInterrupt):
        containers.restore(folder, verify(folder), "")
    downs = [at for at, line in enumerate(docker) if "down --volumes" in line]
    assert len(downs) == 2
    assert downs[0] < docker.index("warehouse.tar") < docker.index("localstack.tar") < downs[1]
    assert "airbyte.tar" not in docker
    assert "Restore again" in capsys.readouterr().err


def test_on_docker_everything_is_copied_while_all_writers_are_paused(
    docker: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "compose_services", lambda: {*containers.PAUSED, "postgres", "socket-proxy"})
    folder = containers.backup(tmp_path, "")
    parts = {"dagster.dump", *(f"{name}.tar" for name in containers.VOLUMES)}
    assert set(verify(folder).parts) == parts
    first, last = docker.index("docker compose pause warehouse"), docker.index("docker compose unpause warehouse")
    copies = [at for at, line in enumerate(docker) if "pg_dump" in line or "/volume:ro" in line]
    assert len(copies) == len(parts)
    assert (
        docker.index("wait") < docker.index("docker compose pause airbyte") < first < min(copies) < max(copies) < last
    )
    assert "pg_dump" in docker[copies[0]]  # the history first: it is never ahead of the data

    docker.clear()
    monkeypatch.setattr(containers, "compose_services", lambda: {"webserver"})
    with pytest.raises(BackupError, match="make down"):
        containers.restore(folder, verify(folder), "")
    assert docker == []
    monkeypatch.setattr(containers, "compose_services", set)
    containers.restore(folder, verify(folder), "")
    down = next(at for at, line in enumerate(docker) if "down --volumes" in line)
    volume = "--label=com.docker.compose.project=shop --label=com.docker.compose.volume=airbyte shop_airbyte"
    created = docker.index(f"docker volume create {volume}")
    fed = [line.rpartition("< ")[2] for line in docker if "< " in line]
    assert down < created
    assert fed == [*(f"{name}.tar" for name in containers.VOLUMES), "dagster.dump"]


def test_the_real_airbytes_database_is_not_copied(
    docker: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "read_env", lambda: {"AIRBYTE_MODE": "compose"})
    with pytest.raises(BackupError, match="AIRBYTE_MODE=compose"):
        containers.backup(tmp_path, "")
    assert docker == []
