"""The installer: which environments are up to date, which uv it uses, two installers at once, Ctrl-C."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools import install

from ..processes import wait_until

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one lock and the environment that was made of it."""
    lock = tmp_path / "services/bootstrap/requirements.txt"
    lock.parent.mkdir(parents=True)
    lock.write_text("httpx==1\n")
    monkeypatch.setattr(install, "ENVIRONMENTS", tmp_path / ".venvs")
    monkeypatch.setattr(install, "LOCKS", {"bootstrap": lock})
    (lock.parent / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(install, "OURS", {"bootstrap": [lock.parent]})
    directory = tmp_path / ".venvs/bootstrap"
    (directory / "bin").mkdir(parents=True)
    (directory / "bin/python").symlink_to(sys.executable)
    (directory / "installed").write_text(install.stamp("bootstrap"))
    return tmp_path


def test_localstack_without_its_index_is_outdated(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "LOCKS", {"localstack": install.LOCKS["bootstrap"]})
    directory = (checkout / ".venvs/bootstrap").rename(checkout / ".venvs/localstack")
    (directory / "installed").write_text(install.stamp("localstack"))
    assert not install.is_current("localstack")
    (directory / install.LOCALSTACK_INDEX).mkdir(parents=True)
    assert install.is_current("localstack")


def put_uv(folder: Path, script: str) -> Path:
    """A stand-in for uv, which needs a network."""
    folder.mkdir(parents=True, exist_ok=True)
    uv = folder / "uv"
    uv.write_text(f"#!/bin/sh\n{script}\n")
    uv.chmod(0o755)
    return uv


def test_a_pyenv_of_another_user_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("versions")  # Python 3.9 to 3.12 do; 3.13 finds nothing

    monkeypatch.setattr(Path, "glob", refuse)
    assert install.find_python(str(put_uv(tmp_path, "echo /usr/bin/python3.13"))) == "/usr/bin/python3.13"


def test_an_unknown_environment_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert install.main(["tests", "clients/airflo"]) == 1
    assert "not an environment: clients/airflo. Name one of all" in capsys.readouterr().err
    assert not (ROOT / ".venvs/clients/airflo").exists()


def test_a_path_that_nothing_can_be_installed_into_is_refused(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "ROOT", checkout / "C#/$new")
    assert install.main(["bootstrap"]) == 0, "nothing has to be installed"
    (checkout / ".venvs/bootstrap/installed").unlink()
    assert install.main(["bootstrap"]) == 1
    assert "has the character # and $" in capsys.readouterr().err
    install.refuse_path(Path("/home/grün/it's & more (2)"))


def test_an_environment_as_its_lock_says_is_left_alone(checkout: Path) -> None:
    assert install.is_current("bootstrap")


def test_a_changed_lock_is_installed(checkout: Path) -> None:
    install.LOCKS["bootstrap"].write_text("httpx==2\n")
    assert not install.is_current("bootstrap")


def test_a_changed_package_of_ours_is_installed(checkout: Path) -> None:
    (checkout / "services/bootstrap/pyproject.toml").write_text('[project]\ndependencies = ["httpx"]\n')
    assert not install.is_current("bootstrap")


def test_an_environment_whose_python_was_removed_is_made_again(checkout: Path) -> None:
    python = checkout / ".venvs/bootstrap/bin/python"
    python.unlink()
    python.symlink_to(checkout / "removed-by-an-upgrade")
    assert not install.is_current("bootstrap")


def test_the_environments_of_a_moved_checkout_are_made_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = checkout.rename(checkout.with_name("moved"))
    monkeypatch.setattr(install, "ENVIRONMENTS", moved / ".venvs")
    monkeypatch.setattr(install, "LOCKS", {"bootstrap": moved / "services/bootstrap/requirements.txt"})
    monkeypatch.setattr(install, "OURS", {"bootstrap": [moved / "services/bootstrap"]})
    assert not install.is_current("bootstrap")
    uv = put_uv(moved / "bin", f'echo "$@" >> "{moved}/calls"')
    install.install("bootstrap", str(uv), "python3.13")
    calls = (moved / "calls").read_text()
    assert "venv --quiet --clear" in calls
    assert f"--editable {moved / 'services/bootstrap'}" in calls
    assert install.is_current("bootstrap")


def test_without_a_network_the_packages_come_from_the_cache_of_uv(checkout: Path) -> None:
    """As after the checkout was moved: it has to be installed again."""
    (install.ENVIRONMENTS / "bootstrap/installed").unlink()
    failing = 'echo "dns error"; exit 1'
    uv = put_uv(checkout / "without", f"case $1$2 in pipsync) {failing};; esac")
    with pytest.raises(install.InstallError, match=r"(?s)bootstrap could not be installed.*dns error.*network"):
        install.install("bootstrap", str(uv), "python3.13")
    assert not install.is_current("bootstrap")
    uv = put_uv(checkout / "with", f"case $* in *--offline*) ;; pip*sync*) {failing};; esac")
    install.install("bootstrap", str(uv), "python3.13")
    assert install.is_current("bootstrap")


@pytest.mark.parametrize("script", ['echo "uv 0.4.30 (abc 2024-11-04)"', "exit 127"])
def test_a_uv_on_the_path_that_cannot_be_used_is_passed_over(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    put_uv(checkout / "path", script)
    ours = put_uv(checkout / ".venvs/uv/bin", "exit 0")
    monkeypatch.setenv("PATH", str(checkout / "path"), prepend=os.pathsep)
    assert install.find_uv() == str(ours)


def test_a_new_uv_on_the_path_is_used(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uv = put_uv(checkout / "path", 'echo "uv 0.13.9 (x86_64)"')
    monkeypatch.setenv("PATH", str(checkout / "path"), prepend=os.pathsep)
    assert install.find_uv() == str(uv)


def test_the_package_index_of_pips_variable_is_uvs_too(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    assert install.environment()["UV_DEFAULT_INDEX"] == "https://index.example/simple"


def test_options_for_other_projects_do_not_change_an_installation(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With PIP_TARGET, uv would be installed elsewhere; UV_CONSTRAINT names a file of another project."""
    for name in ("PIP_TARGET", "PIP_USER", "UV_CONSTRAINT", "UV_REQUIRE_HASHES", "UV_PROJECT", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "theirs")
    assert "theirs" not in install.environment().values()


def start(folder: Path) -> subprocess.Popen[str]:
    """The installer of a copy of the checkout, with a uv that says when it works and takes half a minute."""
    script = f'[ "$1" = --version ] && echo "uv 99.0.0" && exit; touch "{folder}/at-work"; exec sleep 30'
    put_uv(folder / "path", script)
    (folder / "tools").mkdir(exist_ok=True)
    shutil.copy(ROOT / "tools/install.py", folder / "tools")
    shutil.copytree(ROOT / "packages", folder / "packages", dirs_exist_ok=True)
    (folder / ".venvs/bootstrap/installed").unlink(missing_ok=True)
    return subprocess.Popen(
        [sys.executable, str(folder / "tools/install.py"), "bootstrap"],
        env=os.environ | {"PATH": f"{folder / 'path'}{os.pathsep}{os.environ['PATH']}", "PIP_INDEX_URL": "none"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where the tests run in background
    )


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Ctrl-C: SIGINT to the whole process group."""
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=60)


def test_the_cache_is_in_the_checkout_when_the_home_folder_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("XDG_CACHE_HOME", "UV_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "UV_CACHE_DIR" not in install.environment()
    (tmp_path / ".cache").touch()  # a file, because root may write into every folder
    assert install.environment()["UV_CACHE_DIR"] == str(install.ROOT / ".local/cache/uv")
    monkeypatch.setenv("UV_CACHE_DIR", "mine")
    assert install.environment()["UV_CACHE_DIR"] == "mine"


def test_a_folder_in_the_home_of_another_user_is_not_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `su`, HOME may be a folder that this user cannot look into."""

    def refuse(_: Path) -> bool:
        raise PermissionError(".cache")

    monkeypatch.setattr(Path, "exists", refuse)
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)
    assert not install.is_writable(tmp_path / ".cache/uv")


def test_uv_looks_for_no_python_in_a_home_that_this_user_cannot_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "UV_PYTHON_INSTALL_DIR" not in install.environment()
    uv = put_uv(tmp_path / "path", 'test "$UV_PYTHON_INSTALL_DIR" && echo /usr/bin/python3.13')
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path and access(path, mode))
    assert install.find_python(str(uv)) == "/usr/bin/python3.13"


def test_why_uv_finds_no_python_is_told(tmp_path: Path) -> None:
    uv = put_uv(tmp_path, 'echo "error: Failed to read /home/ada/.local: Permission denied" >&2; exit 2')
    with pytest.raises(install.InstallError, match=r"/home/ada/.local: Permission denied\nInstall it"):
        install.find_python(str(uv))


def test_ctrl_c_ends_it_with_a_sentence(checkout: Path) -> None:
    process = start(checkout)
    wait_for(checkout / "at-work")
    _, errors = interrupt(process)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors


def test_a_second_install_waits_for_the_first(checkout: Path) -> None:
    first = start(checkout)
    wait_for(checkout / "at-work")
    second = start(checkout)
    assert second.stdout
    assert "waiting for another install" in second.stdout.readline()
    interrupt(first)
    interrupt(second)


def wait_for(file: Path) -> None:
    """Wait until another process has made a file."""
    wait_until(file.exists, 20, str(file))
