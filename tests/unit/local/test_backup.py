"""The folder of a backup: complete or not there, verified, encrypted; and what a restore refuses."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tools.backup import __main__ as command_line
from tools.backup import containers, processes, quiet
from tools.backup.content import DRAFT, BackupError, Manifest, alone, new_backup, pack, unpack, verify
from tools.backup.seal import opened
from tools.local import marked
from tools.local.processes import ENDING
from tools.stack.compose import ROOT, StackError

SETTINGS = {"BQ_PROJECT": "local-dev", "BQ_DATASET": "jaffle", "S3_BUCKET": "shop"}


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    """The folder of a platform that does not run."""
    directory = tmp_path / "dev"
    for name in (
        "airbyte/airbyte.sqlite",
        "s3/objects/contents/a",
        "s3/etc/localstack/x",
        "logs/s3.log",
        "dagster/a.db",
        "alerts/alerts.jsonl",
    ):
        path = directory / name
        path.parent.mkdir(parents=True)
        path.write_text(name)
    return directory


def content(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def test_what_is_restored_is_what_was_backed_up(platform: Path, tmp_path: Path) -> None:
    folder = processes.backup(platform, tmp_path / "backups", SETTINGS, "", None)
    assert not list(folder.parent.glob(f"*{DRAFT}"))
    assert oct((folder / "data.tar").stat().st_mode)[-3:] == "600"
    target = tmp_path / "other"
    assert processes.restore(folder, verify(folder), target, SETTINGS, "") is None
    assert content(target) == {
        name: name
        for name in ("airbyte/airbyte.sqlite", "s3/objects/contents/a", "dagster/a.db", "alerts/alerts.jsonl")
    }
    assert processes.has_data(target)
    (target / "airbyte/airbyte.sqlite").write_text("newer")
    kept = processes.restore(folder, verify(folder), target, SETTINGS, "")
    assert kept is not None
    assert (kept / "airbyte/airbyte.sqlite").read_text() == "newer"
    assert (target / "airbyte/airbyte.sqlite").read_text() == "airbyte/airbyte.sqlite"


def test_an_interrupted_backup_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / f"20260101-000000{DRAFT}").mkdir()
    with pytest.raises(KeyboardInterrupt), new_backup(tmp_path, processes.WAY, {}):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_two_commands_at_once_are_refused(tmp_path: Path) -> None:
    with alone(tmp_path / "backups"), pytest.raises(BackupError, match="another backup"), alone(tmp_path / "backups"):
        pass
    with alone(tmp_path / "backups"):
        pass


def test_a_folder_without_data_is_not_backed_up(tmp_path: Path) -> None:
    (tmp_path / "dev/airbyte").mkdir(parents=True)
    with pytest.raises(BackupError, match="make dev"):
        processes.backup(tmp_path / "dev", tmp_path / "backups", SETTINGS, "", None)
    assert not (tmp_path / "backups").exists()


@pytest.fixture
def handlers() -> Iterator[None]:
    """Put the handlers of signals back at the end."""
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_backup_in_order(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def signalled() -> None:
        with new_backup(tmp_path, processes.WAY, {}) as (draft, _):
            (draft / "data.tar").write_text("secret")
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    monkeypatch.setattr(command_line, "BACKUPS", tmp_path)
    monkeypatch.setattr(command_line, "backup", signalled)
    assert command_line.main(["backup"]) == 130
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_stopped_platform_on_docker_is_not_taken_for_the_one_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "development", lambda: None)
    monkeypatch.setattr(command_line, "compose_services", set)
    monkeypatch.setattr(containers, "has_data", lambda: True)
    with pytest.raises(BackupError, match="make up"):
        command_line.backup()


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """The states of the processes of a service; a signal changes them, and none is sent."""
    found: dict[int, str] = {}

    def send(processes: dict[int, str], number: int) -> None:
        found.update(dict.fromkeys(processes, "T" if number == signal.SIGSTOP else "S"))

    monkeypatch.setattr(processes, "_of", lambda _, service: dict.fromkeys(found, "") if service == "airbyte" else {})
    monkeypatch.setattr(processes, "_state", lambda process: found.get(process, "X"))
    monkeypatch.setattr(marked, "send", send)
    return found


@pytest.mark.parametrize("change", [{8: "S"}, {7: "S"}], ids=["started again", "continued"])
def test_a_service_that_worked_during_the_copy_is_an_error(
    change: dict[int, str], states: dict[int, str], platform: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states[7] = "S"
    monkeypatch.setattr(processes, "pack", lambda *_: states.update(change))
    with pytest.raises(BackupError, match="started again"):
        processes.backup(platform, tmp_path / "backups", SETTINGS, "", None)
    assert states[7] == "S"
    assert list((tmp_path / "backups").iterdir()) == []


def test_signals_are_ignored_while_services_are_continued(
    states: dict[int, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states[7] = "S"
    send = marked.send

    def interrupted(processes: dict[int, str], number: int) -> None:
        if number == signal.SIGCONT:
            os.kill(os.getpid(), signal.SIGINT)
        send(processes, number)

    monkeypatch.setattr(marked, "send", interrupted)
    with processes.stopped(tmp_path):
        assert states == {7: "T"}
    assert states == {7: "S"}


def test_an_interrupted_restore_leaves_the_platform(
    platform: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = processes.backup(platform, tmp_path / "backups", SETTINGS, "", None)
    (platform / "airbyte/airbyte.sqlite").write_text("newer")

    def interrupted(part: Path, target: Path) -> None:
        unpack(part, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(processes, "unpack", interrupted)
    with pytest.raises(KeyboardInterrupt):
        processes.restore(folder, verify(folder), platform, SETTINGS, "")
    assert (platform / "airbyte/airbyte.sqlite").read_text() == "newer"
    monkeypatch.undo()
    processes.restore(folder, verify(folder), platform, SETTINGS, "")
    assert (platform / "airbyte/airbyte.sqlite").read_text() == "airbyte/airbyte.sqlite"


def test_a_damaged_or_foreign_backup_is_refused(platform: Path, tmp_path: Path) -> None:
    folder = processes.backup(platform, tmp_path / "backups", SETTINGS, "", None)
    with pytest.raises(BackupError, match="S3_BUCKET=shop"):
        processes.restore(folder, verify(folder), tmp_path / "x", SETTINGS | {"S3_BUCKET": "other"}, "")
    part = folder / "data.tar"
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(BackupError, match=r"data\.tar is damaged"):
        verify(folder)
    part.unlink()
    with pytest.raises(BackupError, match=r"data\.tar is missing"):
        verify(folder)
    with pytest.raises(BackupError, match="not a complete backup"):
        verify(tmp_path)


def test_an_encrypted_backup_needs_its_passphrase(tmp_path: Path) -> None:
    manifest = Manifest(processes.WAY, "", {}, encrypted=True, parts={"data.tar.age": ""})
    with pytest.raises(BackupError, match="BACKUP_PASSPHRASE"), opened(tmp_path, manifest, "", tmp_path):
        pass


def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to("/etc")
    pack(inside, tmp_path / "a.tar", lambda _: True)
    with pytest.raises(Exception, match="link"):
        unpack(tmp_path / "a.tar", tmp_path / "out")


def test_a_backup_waits_for_jobs_and_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "PAUSE_SECONDS", 0)
    answers = [["Airbyte's job 7"], []]
    quiet.wait_for_quiet(lambda: answers.pop(0))
    assert answers == []
    with pytest.raises(BackupError, match="job 7"):
        quiet.wait_for_quiet(lambda: ["Airbyte's job 7"], seconds=0)


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
