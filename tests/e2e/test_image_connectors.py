"""Connectors that are images, run by airbyte-lite: on the engine itself, and through the socket proxy.

A small stand-in image takes a connector's place. It does what the code in its configuration says.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from airbyte_lite.connectors import engine as engine_module
from airbyte_lite.connectors.engine import Engine
from airbyte_lite.connectors.protocol import ConnectorError
from airbyte_lite.connectors.registry import Connector, Image, load_registry
from airbyte_lite.connectors.runner import ConnectorRunner, Limits, Silence
from airbyte_lite.settings import CONNECTORS
from tools.connectors import __main__ as command
from tools.connectors.new import Places

from .conftest import socket_proxy, stand_in
from .image_connector import DOCKERFILE, ENTRY, IMAGE, NAME
from .stack import eventually

CATALOG: dict[str, Any] = {"streams": [{"stream": {"name": "users"}, "sync_mode": "full_refresh"}]}
Runner = Callable[..., ConnectorRunner]


@pytest.fixture(scope="module")
def image(engine: docker.DockerClient) -> Iterator[Image]:
    with stand_in(engine, DOCKERFILE.encode(), IMAGE, NAME) as built:
        yield Image(IMAGE, "", str(built.id))


@pytest.fixture(scope="module")
def connector(image: Image) -> Connector:
    return Connector(f"source-{NAME}", "", "Stand-in", "1.0", Path(), "", Path(), image=image)


@pytest.fixture(scope="module", params=["direct", "proxy"])
def owner(request: pytest.FixtureRequest, image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The label of the containers, with DOCKER_HOST set to the engine or to the proxy."""
    folder = tmp_path_factory.mktemp("work")
    os.environ["E2E_WORK"] = str(folder)
    if request.param == "direct":
        runner = ConnectorRunner(folder / "0")
        yield runner._engine._owner
        return
    log = folder / "log"
    limits = {"policy": "image-connectors", "project": NAME, "network": NAME, "memory_mib": "128"}
    with socket_proxy(log, **limits) as (host, port):
        os.environ["DOCKER_HOST"] = f"tcp://{host}:{port}"
        try:
            yield NAME
        finally:
            del os.environ["DOCKER_HOST"]
    assert "Traceback" not in log.read_text()


@pytest.fixture
def runner(owner: str) -> Iterator[ConnectorRunner]:
    found = ConnectorRunner(Path(os.environ["E2E_WORK"]) / "0", Silence(command=5, read=5), Limits(memory=128 << 20))
    yield found
    found.close()


def ours(engine: docker.DockerClient, owner: str) -> list[Any]:
    """The containers that are there, in every state."""
    return engine.containers.list(all=True, filters={"label": f"data-platform.connector={owner}"}, ignore_removed=True)


def volumes(engine: docker.DockerClient) -> set[str]:
    return {str(volume.id) for volume in engine.volumes.list()}


def code(text: str) -> dict[str, Any]:
    return {"code": text}


def test_commands_get_their_files_and_leave_nothing(
    engine: docker.DockerClient, owner: str, runner: ConnectorRunner, connector: Connector
) -> None:
    before = volumes(engine)
    assert runner.spec(connector)["connectionSpecification"]["interfaces"] == []  # no network
    status = "say(type='CONNECTION_STATUS', connectionStatus={'status': 'FAILED', 'message': os.getcwd()})"
    assert runner.check(connector, code(status)).message == "/tmp"
    stream = {"name": "users", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    found = runner.discover(connector, code(f"say(type='CATALOG', catalog={{'streams': [{stream}]}})"))
    assert found == [stream]
    several = "say(**files['catalog']); say(s=files['state']); print('last', file=sys.stderr); sys.exit(3)"
    with runner.read(connector, code(several), CATALOG, [{"type": "STREAM"}]) as read:
        first, second = read
    assert b'"users"' in first
    assert b'"STREAM"' in second
    assert read.exit_code == 3
    assert "last" in read.stderr
    assert not ours(engine, owner)
    assert volumes(engine) == before


def test_a_container_is_hardened(
    engine: docker.DockerClient, owner: str, runner: ConnectorRunner, connector: Connector
) -> None:
    with runner.read(connector, code("say(pid=1); time.sleep(60)"), CATALOG, []) as read:
        next(iter(read))
        (container,) = ours(engine, owner)
        host = container.attrs["HostConfig"]
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["Memory"] == host["MemorySwap"] == 128 << 20
        assert host["PidsLimit"] == 256
        assert host["LogConfig"]["Type"] == "none"
        assert not host["Privileged"]
        assert not host["Binds"]
        (mount,) = container.attrs["Mounts"]
        assert (mount["Type"], mount["Destination"]) == ("volume", "/data")
        assert list(container.attrs["NetworkSettings"]["Networks"]) == [NAME if owner == NAME else "bridge"]
    assert not ours(engine, owner)


def test_much_output_arrives_whole(runner: ConnectorRunner, connector: Connector) -> None:
    text = 'for n in range(200_000): print(\'{"type":"RECORD","n":%d,"pad":"%s"}\' % (n, \'x\' * 100))'
    with runner.read(connector, code(text), CATALOG, []) as read:
        lines = list(read)
    assert len(lines) == 200_000
    assert b'"n":199999,' in lines[-1]
    assert read.exit_code == 0


def test_a_read_is_cancelled(
    engine: docker.DockerClient, owner: str, runner: ConnectorRunner, connector: Connector
) -> None:
    with runner.read(connector, code("while True: say(n=1)"), CATALOG, []) as read:
        lines = iter(read)
        next(lines)
        threading.Timer(0.1, read.stop).start()
        for _ in lines:
            pass
    assert read.exit_code == -15
    assert not ours(engine, owner)
    with runner.read(connector, code("while True: say(n=1)"), CATALOG, []) as read:
        next(iter(read))  # left: the end of the context ends the container
    assert not ours(engine, owner)


def test_silence_and_memory_have_limits(
    engine: docker.DockerClient, owner: str, runner: ConnectorRunner, connector: Connector
) -> None:
    silent = ConnectorRunner(Path(os.environ["E2E_WORK"]) / "0", Silence(command=0.5, read=0.5))
    with pytest.raises(ConnectorError, match="AIRBYTE_LITE_COMMAND_SILENCE"):
        silent.check(connector, code("time.sleep(60)"))
    silent.close()
    with (
        pytest.raises(ConnectorError, match="AIRBYTE_LITE_CONNECTOR_MEMORY_MIB"),
        runner.read(connector, code("kept = [b'x' * (1 << 20) for n in range(1000)]"), CATALOG, []) as read,
    ):
        list(read)
    assert not ours(engine, owner)


def test_a_closing_server_ends_its_containers(
    engine: docker.DockerClient, owner: str, runner: ConnectorRunner, connector: Connector
) -> None:
    with runner.read(connector, code("while True: say(n=1); time.sleep(0.1)"), CATALOG, []) as read:
        lines = iter(read)
        next(lines)
        runner.close()
        with pytest.raises(ConnectorError, match="server stops"):
            list(lines)
    assert not ours(engine, owner)


KILLED = """
import sys
from pathlib import Path
from airbyte_lite.connectors.registry import Connector, Image
from airbyte_lite.connectors.runner import ConnectorRunner
image = Image(sys.argv[2], "", sys.argv[3])
connector = Connector("source-x", "", "Stand-in", "1.0", Path(), "", Path(), image=image)
catalog = {"streams": []}
code = {"code": "say(n=1)\\nwhile True: time.sleep(1)"}
with ConnectorRunner(Path(sys.argv[1])).read(connector, code, catalog, []) as read:
    for line in read:
        print("reads", flush=True)
"""


def test_what_a_killed_server_left_is_removed_at_the_next_start(
    engine: docker.DockerClient, owner: str, runner: ConnectorRunner, image: Image
) -> None:
    line = [sys.executable, "-c", KILLED, str(Path(os.environ["E2E_WORK"]) / "0"), image.reference, image.identifier]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"reads\n"
        server.send_signal(signal.SIGKILL)
    assert [container.status for container in ours(engine, owner)] == ["running"]
    runner.remove_left_containers()
    eventually("the container is removed", lambda: not ours(engine, owner), 10)


def test_another_image_under_the_same_tag_is_refused(runner: ConnectorRunner, connector: Connector) -> None:
    other = Connector("source-x", "", "X", "1.0", Path(), "", Path(), image=Image(IMAGE, "", "sha256:0"))
    with pytest.raises(ConnectorError, match="make connector-remove name=source-x"):
        runner.spec(other)
    missing = Connector("source-x", "", "X", "1.0", Path(), "", Path(), image=Image(f"{IMAGE}1", "", "sha256:0"))
    with pytest.raises(ConnectorError, match=f"docker pull {IMAGE}1"):
        runner.spec(missing)


def test_the_command_pins_an_image_and_tries_it(
    image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    places = Places(tmp_path)
    places.connectors.mkdir(parents=True)
    shutil.copy(CONNECTORS / "connectors.toml", places.registry)
    before = places.registry.read_text()
    registry = tmp_path / "oss_registry.json"
    registry.write_text(json.dumps({"sources": [ENTRY], "destinations": []}))
    for name, value in {"AIRBYTE_REGISTRY": str(registry), "name": f"source-{NAME}", "yes": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    assert command.main("add") == 0
    assert f"connector: source-{NAME}" in capsys.readouterr().out
    assert load_registry(places.environments, places.registry)[f"source-{NAME}"].image == image
    assert command.main("list") == 0
    assert f"source-{NAME}  image  1.0" in re.sub(r"  +", "  ", capsys.readouterr().out)
    assert command.main("remove") == 0
    assert places.registry.read_text() == before
    monkeypatch.setenv("version", "2.0")  # cannot be pulled here
    assert command.main("add") == 1
    assert f"source-{NAME}:2.0" in capsys.readouterr().out


def test_a_lost_connection_is_no_end_of_the_data(
    runner: ConnectorRunner, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output ends, and the container goes on: records may be missing."""
    monkeypatch.setattr(engine_module, "EXIT_SECONDS", 0.5)
    attach, streams = Engine.attach, []

    def kept(*arguments: Any) -> Any:
        container, output = attach(*arguments)
        streams.append(output)
        return container, output

    monkeypatch.setattr(Engine, "attach", kept)
    with runner.read(connector, code("while True: say(n=1); time.sleep(0.1)"), CATALOG, []) as read:
        lines = iter(read)
        next(lines)
        streams[0].close()
        with pytest.raises(ConnectorError, match="connection to its output was lost"):
            list(lines)
