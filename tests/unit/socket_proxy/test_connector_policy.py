"""What a connector of the real Airbyte may be, and what the platform sets itself."""

import json
from typing import Any

import pytest

from socket_proxy.calls import CONNECTOR_CALLS, parse_call
from socket_proxy.connector import container, parse_create, stated
from socket_proxy.errors import Refused
from socket_proxy.policy import policy
from socket_proxy.settings import ConnectorSettings, from_environment

from .conftest import with_value

SETTINGS = ConnectorSettings(project="shop", network="shop_platform", workspace="shop_workspace", local="shop_local")
ID = "0123456789abcdef" * 4
# What Docker's command line 28.2 sends for the worker's `docker run`; other versions send other empty fields.
BODY: dict[str, Any] = {
    "Hostname": "",
    "User": "",
    "AttachStdin": True,
    "AttachStdout": True,
    "AttachStderr": True,
    "Tty": False,
    "OpenStdin": True,
    "StdinOnce": True,
    "Env": ["WORKER_JOB_ID=12", "LAUNCHDARKLY_KEY=", "AIRBYTE_VERSION=0.63.19"],
    "Cmd": ["read", "--config", "source_config.json"],
    "Image": "airbyte/source-s3:4.16.1",
    "Volumes": {},
    "WorkingDir": "/data/12/0",
    "Entrypoint": None,
    "Labels": {},
    "HostConfig": {
        "Binds": ["shop_local:/local", "shop_workspace:/data"],
        "ContainerIDFile": "",
        "LogConfig": {"Type": "none", "Config": {}},
        "NetworkMode": "shop_platform",
        "PortBindings": {},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": True,
        "VolumesFrom": None,
        "ConsoleSize": [0, 0],
        "CapAdd": None,
        "Privileged": False,
        "SecurityOpt": None,
        "Memory": 0,
        "MemorySwappiness": -1,
        "Devices": [],
        "Init": True,
        "MaskedPaths": None,
    },
    "NetworkingConfig": {"EndpointsConfig": {"shop_platform": {"IPAMConfig": None, "Aliases": None, "MacAddress": ""}}},
}


def changed(path: str, value: object) -> bytes:
    """The body with one value put at `a.b`."""
    return with_value(BODY, path.split("."), value)


def test_the_workers_body_becomes_a_hardened_container() -> None:
    made = container(parse_create(json.dumps(BODY).encode(), SETTINGS), SETTINGS)
    host = made.pop("HostConfig")
    assert {key: made[key] for key in ("Image", "Cmd", "Env", "WorkingDir", "Labels")} == {
        "Image": "airbyte/source-s3:4.16.1",
        "Cmd": ["read", "--config", "source_config.json"],
        "Env": BODY["Env"],
        "WorkingDir": "/data/12/0",
        "Labels": {"data-platform.connector": "shop"},
    }
    assert (host["CapDrop"], host["SecurityOpt"], host["Privileged"]) == (["ALL"], ["no-new-privileges:true"], False)
    assert [(mount["Type"], mount["Source"], mount["Target"]) for mount in host["Mounts"]] == [
        ("volume", "shop_workspace", "/data"),
        ("volume", "shop_local", "/local"),
    ]
    assert "Binds" not in host


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("HostConfig.Privileged", True),
        ("HostConfig.CapAdd", ["SYS_ADMIN"]),
        ("HostConfig.Binds", ["shop_workspace:/data", "/:/local"]),
        ("HostConfig.Binds", ["shop_workspace:/data", "shop_local:/local", "/:/host"]),
        ("HostConfig.Binds", ["shop_workspace:/data"]),
        ("HostConfig.NetworkMode", "host"),
        ("HostConfig.LogConfig.Type", "json-file"),
        ("HostConfig.RestartPolicy.Name", "always"),
        ("HostConfig.MemorySwappiness", 10),
        ("HostConfig.AutoRemove", False),
        ("HostConfig.SomethingNew", {"a": [1]}),
        ("NetworkingConfig.EndpointsConfig", {"shop_platform": {"Aliases": ["postgres"]}}),
        ("Image", "airbyte/worker:0.63.19"),
        ("Image", "airbyte/source-s3"),
        ("Image", "airbyte/source-s3:4@sha256:0"),
        ("Image", "evil/airbyte/source-s3:4"),
        ("Image", "airbyte/source-s3/x:4"),
        ("Entrypoint", ["sh"]),
        ("Cmd", ["sh", "-c", "id"]),
        ("Cmd", []),
        ("Env", ["WORKER_JOB_ID"]),
        ("Env", ["WORKER_JOB_ID=\0"]),
        ("WorkingDir", "/data/../etc"),
        ("WorkingDir", "/local"),
        ("User", "root"),
        ("Tty", True),
        ("OpenStdin", False),
    ],
)
def test_anything_else_is_refused(path: str, value: object) -> None:
    with pytest.raises(Refused):
        parse_create(changed(path, value), SETTINGS)


@pytest.mark.parametrize("path", ["HostConfig.SomethingNew", "SomethingNew"])
@pytest.mark.parametrize("value", [None, "", 0, False, [], {}, [0, ""], {"a": {"b": []}}])
def test_what_is_empty_does_not_matter(path: str, value: object) -> None:
    parse_create(changed(path, value), SETTINGS)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_deeply_nested_body_is_refused(opening: bytes, closing: bytes) -> None:
    """Deeper than Python recurses, and not too deep for its JSON decoder."""
    with pytest.raises(Refused, match="nested too deeply"):
        parse_create(b'{"a":' + opening * 5000 + b"1" + closing * 5000 + b"}", SETTINGS)


def test_every_variable_that_the_worker_hands_on_is_let_through() -> None:
    """The list is from the worker's own log of a `docker run` (0.63.9), and what a sync adds."""
    handed_on = [
        "DEPLOYMENT_MODE=OSS",
        "WORKER_CONNECTOR_IMAGE=airbyte/source-s3:4.16.1",
        "AUTO_DETECT_SCHEMA=true",
        "LAUNCHDARKLY_KEY=",
        "SOCAT_KUBE_CPU_REQUEST=0.1",
        "SOCAT_KUBE_CPU_LIMIT=2.0",
        "FIELD_SELECTION_WORKSPACES=",
        "USE_STREAM_CAPABLE_STATE=true",
        "AIRBYTE_ROLE=dev",
        "WORKER_ENVIRONMENT=DOCKER",
        "APPLY_FIELD_SELECTION=false",
        "WORKER_JOB_ATTEMPT=0",
        "OTEL_COLLECTOR_ENDPOINT=http://host.docker.internal:4317",
        "FEATURE_FLAG_CLIENT=config",
        "AIRBYTE_VERSION=0.63.9",
        "WORKER_JOB_ID=12",
        "CONCURRENT_SOURCE_STREAM_READ=false",
    ]
    assert container(parse_create(changed("Env", handed_on), SETTINGS), SETTINGS)["Env"] == handed_on


@pytest.mark.parametrize(
    "other",
    [
        "LD_PRELOAD=/data/x.so",
        "PYTHONPATH=/data",
        "PATH=/data",
        "AIRBYTE_READ_CMD=sh /data/x",
        "DESTINATION_BIGQUERY_OPTS=-javaagent:/data/x.jar",
        "OPENSSL_CONF=/data/x",
        "WORKER_JOB_ID_=12",
        "https_proxy=http://proxy",
        "my.\nvariable=1",
    ],
)
def test_another_variable_is_left_out_and_told(other: str, caplog: pytest.LogCaptureFixture) -> None:
    body = changed("Env", ["WORKER_JOB_ID=12", other, "AIRBYTE_ROLE=dev"])
    assert container(parse_create(body, SETTINGS), SETTINGS)["Env"] == ["WORKER_JOB_ID=12", "AIRBYTE_ROLE=dev"]
    name, _, value = other.partition("=")
    assert f"without the variables {name!r}:" in caplog.text
    assert f"={value}" not in caplog.text


def test_stated() -> None:
    assert stated({"a": [], "b": {"c": 0, "d": [None]}, "e": [0, 1], "f": "x"}) == {"e": [0, 1], "f": "x"}
    assert stated({"a": {"b": None}}) is None


def test_a_name_gets_the_projects_prefix() -> None:
    call = parse_call("POST", "/v1.45/containers/create?name=source-s3-read-12-0-abcde", CONNECTOR_CALLS)
    sent, _ = policy(SETTINGS).creation(call, json.dumps(BODY).encode())
    assert sent.target == "/v1.45/containers/create?name=shop-source-s3-read-12-0-abcde"


@pytest.mark.parametrize(
    "target",
    [
        "/v1.45/images/airbyte/worker:0.63.19/json",
        "/v1.45/images/python:3.13-slim/json",
        '/v1.45/images/json?filters={"reference":["postgres:17"]}',
        '/v1.45/images/json?filters={"reference":["airbyte/source-s3:4","postgres:17"]}',
        '/v1.45/images/json?filters={"dangling":["true"]}',
        "/v1.45/images/json?filters=x",
    ],
)
def test_other_images_cannot_be_looked_at(target: str) -> None:
    with pytest.raises(Refused):
        policy(SETTINGS).check_image(parse_call("GET", target, CONNECTOR_CALLS))


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/v1.45/images/create?fromImage=airbyte/source-s3&tag=4.16.1"),
        ("GET", f"/v1.45/containers/{ID}/json"),
        ("GET", f"/v1.45/containers/{ID}/logs?stdout=1"),
        ("POST", f"/v1.45/containers/{ID}/exec"),
        ("POST", f"/v1.45/containers/{ID}/attach"),
        ("POST", f"/v1.45/containers/{ID}/attach?stream=1&detachKeys=x"),
        ("POST", f"/v1.45/containers/{ID}/kill?signal=SIGUSR1"),
        ("GET", "/v1.45/images/airbyte/../postgres:17/json"),
        ("GET", "/v1.45/images/airbyte%2fsource-s3:4/json"),
    ],
)
def test_other_calls_are_refused(method: str, target: str) -> None:
    with pytest.raises(Refused):
        parse_call(method, target, CONNECTOR_CALLS)


def test_the_policy_comes_from_the_environment() -> None:
    given = {"PROXY_POLICY": "connectors", "PROXY_PROJECT": "shop", "PROXY_NETWORK": "shop_platform"}
    volumes = {"PROXY_WORKSPACE": "shop_workspace", "PROXY_LOCAL": "shop_local"}
    assert from_environment(given | volumes) == SETTINGS
    with pytest.raises(ValueError, match="there are run-workers, connectors"):
        from_environment(given | volumes | {"PROXY_POLICY": "none"})
    with pytest.raises(ValueError, match="PROXY_WORKSPACE is missing"):
        from_environment(given)
