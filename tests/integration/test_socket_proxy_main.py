"""The start of the socket proxy: wrong settings are reported, and root is given up in the only possible order."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from socket_proxy.__main__ import drop_privileges
from socket_proxy.settings import WorkerSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> WorkerSettings:
    return WorkerSettings(project="shop", network="shop", image="shop/orchestrator:1", socket=tmp_path / "engine.sock")


def start(**variables: str) -> str:
    """Start the proxy, which must fail; return its message."""
    result = subprocess.run(
        [sys.executable, "-m", "socket_proxy"],
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1
    return result.stderr


def test_a_wrong_setting_is_said_without_a_traceback() -> None:
    said = start(PROXY_PROJECT="shop", PROXY_NETWORK="shop", PROXY_IMAGE="shop:1", PROXY_GOOGLE_KEY="key.json")
    assert said.startswith("socket proxy: ")
    assert "PROXY_GOOGLE_KEY is 'key.json'" in said
    assert "compose file" in said
    assert "Traceback" not in said


def test_a_socket_that_is_none_is_said(tmp_path: Path) -> None:
    """If the path does not exist on the host, the engine creates a folder there."""
    said = start(PROXY_PROJECT="shop", PROXY_NETWORK="shop", PROXY_IMAGE="shop:1", PROXY_SOCKET=str(tmp_path))
    assert said == f"socket proxy: {tmp_path} is not a socket. Set DOCKER_SOCKET in .env to the engine's.\n"


def test_root_is_given_up_groups_first(settings: WorkerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another order, the first step would take away the permission for the next."""
    steps: list[tuple[str, Any]] = []
    monkeypatch.setattr(os, "getuid", lambda: 0)
    for name in ("setgroups", "setgid", "setuid"):
        monkeypatch.setattr(os, name, lambda value, name=name: steps.append((name, value)))
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(settings.socket))
        drop_privileges(settings)
    group = settings.socket.stat().st_gid
    assert steps == [("setgroups", [group]), ("setgid", 10001), ("setuid", 10001)]


def test_a_socket_that_cannot_be_opened_is_said(settings: WorkerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 10001)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(settings.socket))
        with pytest.raises(SystemExit, match="Give the socket's group read and write access"):
            drop_privileges(settings)
