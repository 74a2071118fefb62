"""airbyte-lite with a Docker engine that fails, or whose tag has moved; the client of the engine is a stand-in."""

from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound, NotFound

from airbyte_lite.connectors.engine import Engine
from airbyte_lite.connectors.protocol import ConnectorError
from airbyte_lite.connectors.registry import Connector, Image
from airbyte_lite.connectors.runner import ConnectorRunner

PINNED = Image("airbyte/source-x:1.0", "", "sha256:pinned")
CONNECTOR = Connector("source-x", "", "X", "1.0", Path(), "", Path(), image=PINNED)


class Client:
    """The calls of docker-py's APIClient that are needed here."""

    def __init__(self) -> None:
        self.current = self.created = PINNED.identifier
        self.failures: list[Exception] = []
        self.removed: list[str] = []
        self.stopped: list[str] = []
        self.pulled: list[dict[str, str]] = []
        self.started = False

    def fail(self) -> None:
        if self.failures:
            raise self.failures.pop()

    def inspect_image(self, reference: str) -> dict[str, Any]:
        if self.current is None:
            raise ImageNotFound(reference)
        return {"Id": self.current}

    def create_host_config(self, **_options: Any) -> dict[str, Any]:
        return {}

    def create_container(self, *_arguments: Any, **_options: Any) -> dict[str, str]:
        self.current = self.created  # the tag moves just before
        return {"Id": f"c{len(self.removed)}"}

    def inspect_container(self, _container: str) -> dict[str, Any]:
        return {"Image": self.created}

    def put_archive(self, *_arguments: Any) -> None:
        self.fail()

    def attach(self, *_arguments: Any, **_options: Any) -> str:
        return "output"

    def start(self, _container: str) -> None:
        self.started = True

    def stop(self, container: str, _grace: int) -> None:
        self.fail()
        self.stopped.append(container)

    def remove_container(self, container: str, **_options: Any) -> None:
        self.fail()
        self.removed.append(container)

    def pull(self, *_arguments: str, **_options: Any) -> list[dict[str, str]]:
        return self.pulled

    def close(self) -> None:
        pass


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def engine(client: Client) -> Engine:
    engine = Engine("test", 0)
    engine._client = engine._patient = client
    return engine


def busy() -> APIError:
    return APIError("the engine is busy")


def test_an_image_under_the_tag_that_is_not_the_checked_one_gets_no_configuration(
    engine: Engine, client: Client
) -> None:
    client.created = "sha256:other"
    with pytest.raises(ConnectorError, match="sha256:other"):
        engine.attach(CONNECTOR, PINNED, ["check"], {})
    assert client.removed == ["c0"]
    assert not client.started


def test_a_container_that_could_not_be_removed_is_removed_before_the_next_command(
    engine: Engine, client: Client
) -> None:
    first, _ = engine.attach(CONNECTOR, PINNED, ["read"], {})
    client.failures = [busy()]
    engine.remove(first)
    assert client.removed == []
    engine.attach(CONNECTOR, PINNED, ["read"], {})
    assert client.removed == [first]


def test_a_container_that_could_not_be_removed_is_removed_when_the_server_stops(engine: Engine, client: Client) -> None:
    first, _ = engine.attach(CONNECTOR, PINNED, ["read"], {})
    client.failures = [busy()]
    engine.remove(first)
    engine.close()
    assert client.removed == [first]


def test_a_container_that_is_gone_is_not_removed_again(engine: Engine, client: Client) -> None:
    first, _ = engine.attach(CONNECTOR, PINNED, ["read"], {})
    client.failures = [NotFound("no such container")]
    engine.remove(first)
    engine.close()
    assert client.removed == []


def test_a_stop_is_tried_again_while_the_engine_fails(engine: Engine, client: Client) -> None:
    first, _ = engine.attach(CONNECTOR, PINNED, ["read"], {})
    client.failures = [busy(), busy()]
    engine.stop(first, patience=(0, 0, 0))
    assert client.stopped == [first]


def test_the_reason_why_a_pull_ended_is_told(engine: Engine, client: Client) -> None:
    client.current = None  # type: ignore[assignment]
    client.pulled = [{"status": "Pulling"}, {"error": "no space left on device"}]
    with pytest.raises(ConnectorError) as caught:
        engine.pull(PINNED.reference)
    assert "no space left on device" in caught.value.message


def test_a_server_that_has_started_a_container_looks_for_left_ones_until_all_are_gone(
    tmp_path: Path, engine: Engine, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when no connector is an image any more; a server that never started one does not ask for an engine."""
    asked: list[str] = []

    class Thread:
        def __init__(self, target: Any, daemon: bool) -> None:  # noqa: ARG002
            self.start = lambda: asked.append(target.__name__)

    def server() -> ConnectorRunner:
        runner = ConnectorRunner(tmp_path)
        runner._engine = engine
        runner.remove_left_containers()
        return runner

    monkeypatch.setattr("airbyte_lite.connectors.runner.threading.Thread", Thread)
    monkeypatch.setattr("airbyte_lite.connectors.runner.Container", lambda *_given: None)
    server()._started(CONNECTOR, "spec", [], {}, tmp_path)
    assert asked == []
    server()  # the first one was killed
    assert asked == ["ready"]
    engine._left.add("c0")
    client.failures = [busy()]
    server().close()
    server().close()
    assert asked == ["ready"] * 3
    server()
    assert asked == ["ready"] * 3
