"""Low-code connectors by their names: added from a registry, pinned and run; Python code only after a consent."""

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airbyte_lite.connectors.protocol import ConnectorError, error_of, parse_message
from airbyte_lite.connectors.registry import Connector, load_registry
from airbyte_lite.connectors.runner import ConnectorRunner
from platform_kit.file_changes import Changes
from tools.connectors import low_code
from tools.connectors.new import Places, Say, add_lock
from tools.connectors.pypi import Lock
from tools.local.platform import ENVIRONMENTS

from .airbyte_registry_server import COMPONENTS, ORDERS, REFRESH_TOKEN, SHOUT, Registry, archive, registry, shop
from .connector_checkout import Run, checkout, content, run

__all__ = ["run"]
CODE = archive(components__py=COMPONENTS, manifest__yaml="x: 1")


@pytest.fixture(scope="module")
def server() -> Iterator[Registry]:
    with registry() as found:
        yield found


@pytest.fixture
def places(tmp_path: Path, server: Registry, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A checkout with the shipped connectors.toml and the environment of low-code connectors."""
    found = checkout(tmp_path / "checkout", server.document, monkeypatch)
    found.environments.mkdir(parents=True)
    (found.environments / "source-s3").symlink_to(ENVIRONMENTS / "connectors/source-s3")

    def own_environment(places: Places, changes: Changes, folder: Path, shared: dict[str, Any], say: Say) -> set[str]:
        places.trial.mkdir()
        for part in ("bin", "lib", "pyvenv.cfg"):  # an installation from PyPI would take a minute
            (places.trial / part).symlink_to(ENVIRONMENTS / "connectors/source-s3" / part)
        places.trial_lock.write_text("airbyte-cdk==7\n")
        return add_lock(changes, folder, Lock(shared["package"], shared["version"], "airbyte-cdk==7\n"))

    monkeypatch.setattr(low_code, "own_environment", own_environment)
    return found


def read(runner: ConnectorRunner, connector: Connector, url: str, state: list[dict[str, Any]]) -> tuple[Any, Any]:
    """Return the records by stream, and the states."""
    config = {"url": url, "secret": "s", "refresh_token": REFRESH_TOKEN}
    streams = [
        {"stream": stream, "sync_mode": mode, "destination_sync_mode": "append"}
        for stream, mode in zip(runner.discover(connector, config), ("incremental", "full_refresh"), strict=True)
    ]
    records: dict[str, list[Any]] = {"orders": [], "items": []}
    states = []
    with runner.read(connector, config, {"streams": streams}, state) as lines:
        for line in lines:
            message = parse_message(line)
            assert message is not None, line
            assert error_of(message) is None, message
            if message["type"] == "RECORD":
                records[message["record"]["stream"]].append(message["record"]["data"])
            elif message["type"] == "STATE":
                states.append(message["state"])
    assert lines.exit_code == 0
    return records, states


def test_a_manifest_is_added_by_its_name_and_read(
    places: Places, run: Run, server: Registry, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """OAuth, pages, a limit of requests, a sub-stream, a cursor: as on any Airbyte, without a manifest in the block."""
    server.publish("source-shop", "1.2.0", shop())
    before = content(places)
    assert run("add", name="source-shop", yes="1") == 0
    shown = capfd.readouterr().out
    assert "refresh_token: ${SHOP_REFRESH_TOKEN}" in shown
    assert "__injected" not in shown
    assert "{name: items," in shown  # a manifest tells its streams without a valid configuration
    connector = load_registry(places.environments, places.registry)["source-shop"]
    assert connector.definition_id == server.sources[-1]["sourceDefinitionId"]
    assert connector.environment.name == "source-s3"  # without Python code, the environment is shared
    server.limited = 1
    runner = ConnectorRunner(tmp_path / "runner")
    try:
        assert set(runner.spec(connector)["connectionSpecification"]["properties"]) == {
            "url",
            "secret",
            "refresh_token",
        }
        refused = runner.check(connector, {"url": server.url, "secret": "s", "refresh_token": "wrong"})
        assert not refused.succeeded
        records, states = read(runner, connector, server.url, [])
        assert sorted(order["id"] for order in records["orders"]) == [order["id"] for order in ORDERS]
        assert {order["status"] for order in records["orders"]} == {"placed"}
        assert len(records["items"]) == 8
        last = [state for state in states if state["stream"]["stream_descriptor"]["name"] == "orders"][-1:]
        again, _ = read(runner, connector, server.url, last)
        assert [order["id"] for order in again["orders"]] == [5]
        runner.close()

        manifest = places.connectors / "source-shop/manifest.yaml"
        manifest.write_bytes(manifest.read_bytes() + b"# changed\n")
        with pytest.raises(ConnectorError, match="SHA-256"):
            ConnectorRunner(tmp_path / "other").spec(connector)
    finally:
        runner.close()
    server.publish("source-shop", "1.3.0", shop())
    capfd.readouterr()
    assert run("remove", name="source-shop", yes="1") == 0
    assert content(places) == before


def test_python_code_is_run_only_after_a_consent_that_is_recorded(
    places: Places, run: Run, server: Registry, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.publish("source-loud-shop", "2.0.0", shop(SHOUT), CODE)
    before = content(places)
    assert run("add", name="source-loud-shop", yes="1") == 1  # yes=1 is not a consent to code
    told = capfd.readouterr().err
    digest = hashlib.sha256(CODE).hexdigest()
    assert f"code={digest}" in told
    assert "class Shout" in told  # the code itself is shown
    assert content(places) == before
    assert run("add", name="source-loud-shop", yes="1", code=digest) == 0
    entry = tomllib.loads(places.registry.read_text())["source-loud-shop"]
    assert digest in entry["components_consent"]
    assert entry["lock"] == "source-loud-shop/requirements.txt"  # an environment of its own
    connector = load_registry(places.environments, places.registry)["source-loud-shop"]
    server.limited = 0
    runner = ConnectorRunner(tmp_path / "runner")
    try:
        records, _ = read(runner, connector, server.url, [])
        assert {order["status"] for order in records["orders"]} == {"PLACED"}
    finally:
        runner.close()
    places.registry.write_text(places.registry.read_text().replace("components_consent", "# components_consent"))
    without = load_registry(places.environments, places.registry)["source-loud-shop"]
    with pytest.raises(ConnectorError, match="components_consent"):
        ConnectorRunner(tmp_path / "other").spec(without)


BAD: dict[str, tuple[dict[str, bytes | None], str]] = {
    "a wrong hash": ({"components.zip.sha256": b"0" * 64}, "SHA-256"),
    "no hash": ({"components.zip.sha256": None}, "sha256"),
    "no archive": ({"components.zip": None}, "components.zip"),
    "no manifest": ({"manifest.yaml": None}, "withdrawn"),
    "another answer": ({"manifest.yaml": b"<html>log in</html>"}, "not a manifest"),
    "no text": ({"manifest.yaml": b"\xff\xfe"}, "UTF-8"),
    "any class": (
        {"manifest.yaml": b"type: DeclarativeSource\nx: {class_name: subprocess.Popen}\n"},
        "subprocess.Popen",
    ),
}
ARCHIVES = {
    "a zip slip": (archive(components__py=COMPONENTS, UPevil__py="x"), "'../evil.py'"),
    "another file": (archive(components__py=COMPONENTS, sitecustomize__py="x"), "sitecustomize.py"),
    "no code": (archive(manifest__yaml="x"), "components.py"),
    "half an archive": (CODE[: len(CODE) // 2], "not a complete archive"),
}


def test_what_the_registry_must_not_have_is_refused(
    places: Places, run: Run, server: Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    before = content(places)
    for case, (changed, fact) in BAD.items():
        folder = server.publish("source-bad-shop", "1.0.0", shop(SHOUT), CODE)
        for name, body in changed.items():
            server.files.pop(f"{folder}/{name}")
            if body is not None:
                server.files[f"{folder}/{name}"] = body
        refused(case, fact, run, capfd)
    for case, (body, fact) in ARCHIVES.items():
        server.files.clear()
        server.publish("source-bad-shop", "1.0.0", shop(SHOUT), body)
        refused(case, fact, run, capfd)
    folder = server.publish("source-bad-shop", "1.0.0", shop(SHOUT), CODE)
    for name in ("manifest.yaml", "components.zip"):
        server.cut.add(f"{folder}/{name}")
        refused(f"half of {name}", "could not be reached|ended after", run, capfd)
    server.sources.clear()
    refused("an entry that vanished", "not in the registry", run, capfd)
    assert content(places) == before


def refused(case: str, fact: str, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("add", name="source-bad-shop", yes="1", code=hashlib.sha256(CODE).hexdigest()) == 1, case
    told = capfd.readouterr().err
    assert any(part in told for part in fact.split("|")), (case, told)
    assert "Nothing was changed" in told
