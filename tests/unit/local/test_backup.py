"""The folder of a backup: complete or not there, verified, encrypted; and what a restore refuses."""

import base64
import io
import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyrage import encrypt, passphrase
from pyrage.x25519 import Identity

from platform_kit import locks
from tools.backup import __main__ as command_line
from tools.backup import containers, processes, quiet
from tools.backup.content import DRAFT, BackupError, Manifest, alone, new_backup, pack, read_manifest, unpack, verify
from tools.backup.seal import opened
from tools.local import marked
from tools.local.processes import ENDING

# The key of a backup, sealed with "a secret" and the least work. age takes one to three seconds of CPU to seal one and
# to open it, which tests/integration/test_backup.py does once.
KEY = (
    b"YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBXUDVrT2IxcHVSNXk3MTA3UjFwS1pRIDEKOStiUVgrNE4zNmlwTmM5Z0R0"
    b"dXFad1VQQ1lqc0pJWkh2N3lzQjZhN0s5WQotLS0galBweEZodWlvZ3pkM2VwdXd5MXF0cGFDdnU2eFpCV3ZWdDR3VzFMd1hYUQqJ"
    b"Mc0U62AomGTyqV94Sa04Q/ifiVUQi4SplizVx8RktAI1ki9gtAIgLwhwP5BUIrchFeXIypGITPld35c7r8Djr0FGv7wKcNySsAfR"
    b"IHlL7WZ407a3ER4tXyW/lnrAl6xz8rnNcK1cUeFZ"
)
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


def test_what_is_made_in_the_same_second_has_names_of_its_own(
    platform: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.strftime", lambda _: "20260131-120000")
    folders = {processes.backup(platform, tmp_path / "backups", SETTINGS, "", None) for _ in range(2)}
    folder = max(folders)
    kept = {processes.restore(folder, verify(folder), platform, SETTINGS, "") for _ in range(2)}
    assert (len(folders), len(kept)) == (2, 2)


def test_an_interrupted_backup_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / f"20260101-000000{DRAFT}").mkdir()
    with pytest.raises(KeyboardInterrupt), new_backup(tmp_path, processes.WAY, {}):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_two_commands_at_once_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "RETRY_SECONDS", 0.0)
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
    assert not list(tmp_path.glob("*.restoring"))  # on a full disk it would keep the space
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
    with pytest.raises(BackupError, match="not a backup"):
        verify(tmp_path)
    part.write_bytes(b"x" * 10_000)
    with pytest.raises(BackupError, match=r"data\.tar cannot be unpacked"):
        unpack(part, tmp_path / "x")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"parts": {}}, "manifest.json"),  # nothing would be verified
        ({"parts": ["data.tar"]}, "manifest.json"),
        ({"settings": None}, "manifest.json"),
        ({"way": "tape"}, "manifest.json"),
        ({"format": 2, "new": 1}, "format 2"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    manifest = {"way": processes.WAY, "created": "", "settings": SETTINGS, "parts": {"data.tar": ""}} | changed
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BackupError, match=told):
        verify(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backups = tmp_path / "backups"
    backups.write_text("")
    monkeypatch.setattr(command_line, "BACKUPS", backups)
    monkeypatch.setattr(command_line, "interruptible", lambda: None)
    assert command_line.main(["backup"]) == 1
    assert str(backups) in capsys.readouterr().err


def test_an_encrypted_backup_needs_its_passphrase(tmp_path: Path) -> None:
    manifest = Manifest(processes.WAY, "", {}, encrypted=True, parts={"data.tar.age": ""})
    with pytest.raises(BackupError, match="BACKUP_PASSPHRASE"), opened(tmp_path, manifest, "", tmp_path):
        pass


def test_a_wrong_passphrase_restores_nothing(platform: Path, tmp_path: Path) -> None:
    folder = processes.backup(platform, tmp_path / "backups", SETTINGS, "", None)
    (folder / "key.age").write_bytes(base64.b64decode(KEY))
    identity = Identity.from_str(passphrase.decrypt((folder / "key.age").read_bytes(), "a secret").decode())
    (folder / "data.tar.age").write_bytes(encrypt((folder / "data.tar").read_bytes(), [identity.to_public()]))
    (folder / "data.tar").unlink()
    manifest = replace(read_manifest(folder), encrypted=True, parts={"data.tar.age": "", "key.age": ""})
    target = tmp_path / "restored/dev"
    with pytest.raises(BackupError, match="BACKUP_PASSPHRASE"):
        processes.restore(folder, manifest, target, SETTINGS, "another")
    assert not processes.has_data(target)
    assert not target.exists()
    assert processes.restore(folder, manifest, target, SETTINGS, "a secret") is None
    assert content(target)["s3/objects/contents/a"] == "s3/objects/contents/a"


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


def test_airbyte_is_asked_with_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[urllib.request.Request] = []

    def answer(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        asked.append(request)
        found: dict[str, Any] = (
            {"access_token": "t"} if request.full_url.endswith("/token") else {"data": [{"jobId": 7}]}
        )
        return io.BytesIO(json.dumps(found).encode())

    monkeypatch.setattr(quiet, "open_url", answer)
    settings = {"AIRBYTE_CLIENT_ID": "i", "AIRBYTE_CLIENT_SECRET": "s"}
    assert quiet.busy("http://airbyte", "", settings) == ["Airbyte's job 7", "Airbyte's job 7"]
    assert [request.get_header("Authorization") for request in asked] == [None, "Bearer t", "Bearer t"]
    asked.clear()
    quiet.busy("http://airbyte", "", {})
    assert [request.get_header("Authorization") for request in asked] == [None, None]


def test_a_folder_that_is_no_backup_is_told_with_the_newest_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "BACKUPS", tmp_path / "backups")
    for name in ("20260101-000000", "20260102-000000"):
        (tmp_path / "backups" / name).mkdir(parents=True)
        (tmp_path / "backups" / name / "manifest.json").write_text("{}")
    assert command_line.main(["restore", str(tmp_path / "wrong")]) == 1
    assert command_line.main(["restore", str(tmp_path)]) == 1
    assert command_line.main(["restore", str(tmp_path / "backups/20260101-000000")]) == 1
    missing, empty, broken = capsys.readouterr().err.strip().splitlines()
    assert "wrong is not a folder" in missing
    assert "no manifest.json" in empty
    assert "cannot be read" in broken
    assert all("make restore f=backups/20260102-000000" in line for line in (missing, empty, broken))
    assert "Errno" not in missing
