"""What airbyte-lite may do with the containers of connectors that are images, and what the platform sets itself."""

import json
from typing import Any

import pytest

from socket_proxy import server
from socket_proxy.calls import IMAGE_CONNECTOR_CALLS, parse_call
from socket_proxy.errors import Refused
from socket_proxy.image_connector import container, parse_create
from socket_proxy.policy import policy
from socket_proxy.settings import ImageSettings, from_environment
from tests.e2e.raw_http import exchange, request

from .conftest import ID, Served, with_value

SETTINGS = ImageSettings(project="shop", network="shop_connectors")
WORKER = f"/v1.45/containers/{ID}"
# What docker-py 7 sends for airbyte-lite.
BODY: dict[str, Any] = {
    "Hostname": None,
    "User": None,
    "Tty": False,
    "OpenStdin": False,
    "AttachStdin": False,
    "AttachStdout": True,
    "AttachStderr": True,
    "Env": ["HOME=/tmp", "USE_STREAM_CAPABLE_STATE=true", "https_proxy=http://proxy"],
    "Cmd": ["read", "--config", "/data/config.json"],
    "Image": "airbyte/source-postgres:3.7.1",
    "Entrypoint": None,
    "WorkingDir": "/tmp",
    "HostConfig": {
        "Memory": 1,
        "MemorySwap": 1,
        "ReadonlyRootfs": True,
        "NetworkMode": "bridge",
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "ExtraHosts": ["host.docker.internal:host-gateway"],
        "LogConfig": {"Type": "none", "Config": {}},
        "Tmpfs": {"/tmp": "rw"},
        "PidsLimit": 256,
        "Init": True,
        "Mounts": [{"Type": "volume", "Target": "/data"}],
    },
    "NetworkingConfig": None,
    "Labels": {"data-platform.connector": "of another platform"},
}


def changed(path: str, value: object) -> bytes:
    """The body with one value put at `a.b`."""
    keys = path.split(".") if path != "Label" else ["Labels", "com.docker.compose.project"]
    return with_value(BODY, keys, value)


def test_the_body_becomes_a_hardened_container() -> None:
    made = container(parse_create(json.dumps(BODY).encode(), SETTINGS), SETTINGS)
    host = made["HostConfig"]
    assert (made["Image"], made["Cmd"], made["Env"]) == (BODY["Image"], BODY["Cmd"], BODY["Env"])
    assert made["Labels"] == {"data-platform.connector": "shop"}
    assert (host["CapDrop"], host["SecurityOpt"], host["Privileged"]) == (["ALL"], ["no-new-privileges:true"], False)
    assert host["ReadonlyRootfs"]
    assert host["NetworkMode"] == "shop_connectors"
    assert host["Mounts"] == [{"Type": "volume", "Target": "/data"}]
    assert host["Memory"] == host["MemorySwap"] == 2048 << 20
    assert "Binds" not in host


def test_a_specification_is_read_without_a_network() -> None:
    spec = parse_create(changed("Cmd", ["spec"]), SETTINGS)
    assert container(spec, SETTINGS)["HostConfig"]["NetworkMode"] == "none"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("HostConfig.Privileged", True),
        ("HostConfig.CapAdd", ["SYS_ADMIN"]),
        ("HostConfig.CapDrop", ["NET_RAW"]),
        ("HostConfig.SecurityOpt", ["seccomp=unconfined"]),
        ("HostConfig.Binds", ["/:/host"]),
        ("HostConfig.Mounts", [{"Type": "bind", "Source": "/", "Target": "/data"}]),
        ("HostConfig.Mounts", [{"Type": "volume", "Source": "shop_airbyte", "Target": "/data"}]),
        ("HostConfig.Mounts", [{"Type": "volume", "Target": "/"}]),
        ("HostConfig.Tmpfs", {"/": "rw"}),
        ("HostConfig.NetworkMode", "host"),
        ("HostConfig.NetworkMode", "shop_platform"),
        ("HostConfig.NetworkMode", "container:postgres"),
        ("HostConfig.ExtraHosts", ["postgres:host-gateway"]),
        ("HostConfig.ReadonlyRootfs", False),
        ("HostConfig.LogConfig.Type", "json-file"),
        ("HostConfig.SomethingNew", {"a": [1]}),
        ("HostConfig.PidMode", "host"),
        ("HostConfig.Devices", [{"PathOnHost": "/dev/sda"}]),
        ("NetworkingConfig", {"EndpointsConfig": {"shop_platform": {"Aliases": ["postgres"]}}}),
        ("Image", "airbyte/destination-bigquery:2.8.0"),
        ("Image", "airbyte/source-s3"),
        ("Image", "airbyte/source-s3:4@sha256:0"),
        ("Image", "evil/airbyte/source-s3:4"),
        ("Image", "postgres:17"),
        ("Entrypoint", ["sh"]),
        ("Cmd", ["sh", "-c", "id"]),
        ("Cmd", ["write", "--config", "x"]),
        ("Env", ["LD_PRELOAD=/data/x.so"]),
        ("Env", ["HOME"]),
        ("WorkingDir", "/"),
        ("User", "root"),
        ("Tty", True),
        ("OpenStdin", True),
        ("Label", "shop"),
        ("Healthcheck", {"Test": ["CMD", "id"]}),
    ],
)
def test_anything_else_is_refused(path: str, value: object) -> None:
    with pytest.raises(Refused):
        parse_create(changed(path, value), SETTINGS)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/v1.45/images/create?fromImage=airbyte/source-postgres&tag=3.7.1"),
        ("POST", f"{WORKER}/exec"),
        ("GET", f"{WORKER}/archive?path=/data"),
        ("PUT", f"{WORKER}/archive?path=/"),
        ("PUT", f"{WORKER}/archive"),
        ("PUT", f"{WORKER}/archive?path=/data&copyUIDGID=1"),
        ("GET", f"{WORKER}/logs?stdout=1"),
        ("POST", f"{WORKER}/kill"),
        ("GET", "/v1.45/containers/json?limit=1"),
        ("GET", "/v1.45/images/json"),
        ("DELETE", f"{WORKER}?link=1"),
        ("POST", "/v1.45/containers/create?name=postgres"),
    ],
)
def test_other_calls_are_refused(method: str, target: str) -> None:
    with pytest.raises(Refused):
        parse_call(method, target, IMAGE_CONNECTOR_CALLS)


def test_other_images_cannot_be_looked_at() -> None:
    looked = parse_call("GET", "/v1.45/images/airbyte/source-postgres:3.7.1/json", IMAGE_CONNECTOR_CALLS)
    assert policy(SETTINGS).check_image(looked) == looked
    with pytest.raises(Refused):
        policy(SETTINGS).check_image(parse_call("GET", "/v1.45/images/postgres:17/json", IMAGE_CONNECTOR_CALLS))


def test_a_list_has_the_connectors_of_this_platform_only(images: Served) -> None:
    """The filter that the caller sends makes no difference."""
    filters = "filters=%7B%22label%22%3A+%5B%22data-platform.connector%3Dother%22%5D%7D"
    answers = exchange(images.address, request("GET", f"/v1.45/containers/json?limit=-1&all=0&{filters}"))
    assert answers.statuses == [200]
    assert images.engine.asked == [
        "GET /v1.45/containers/json?all=1&filters=%7B%22label%22%3A+%5B%22data-platform.connector%3Dshop%22%5D%7D"
    ]


def test_files_are_put_into_a_container_before_its_start(images: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    large = b"x" * (2 << 20)  # aiohttp's own limit is 1 MiB
    assert exchange(images.address, request("PUT", f"{WORKER}/archive?path=/data", large)).statuses == [200]
    put = request("PUT", f"{WORKER}/archive?path=/data", b"x" * 1000)
    assert exchange(images.address, put).statuses == [200]
    assert images.engine.bodies == [{"archive": large}, {"archive": b"x" * 1000}]
    assert "application/x-tar" in images.engine.heads[-1]
    images.engine.state = "running"
    assert exchange(images.address, put).statuses == [409]
    images.engine.state, images.engine.label = "created", "data-platform.run-worker"
    assert exchange(images.address, put).statuses == [403]
    monkeypatch.setattr(server, "ARCHIVE_BYTES", 999)
    images.engine.label = "data-platform.connector"
    assert exchange(images.address, put).statuses == [413]
    assert len(images.engine.bodies) == 2


def test_the_policy_comes_from_the_environment() -> None:
    given = {"PROXY_POLICY": "image-connectors", "PROXY_PROJECT": "shop", "PROXY_NETWORK": "shop_connectors"}
    assert from_environment(given) == SETTINGS
