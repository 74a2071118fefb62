"""The socket proxy before a real engine: run workers run, every abuse is refused and leaves nothing behind."""

import contextlib
import copy
import json
import re
import time
import uuid
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import docker
import pytest
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container
from testcontainers.core.container import DockerContainer

from .conftest import socket_proxy, stand_in
from .raw_http import Address, exchange, request

NAME = f"proxytest{uuid.uuid4().hex[:8]}"
IMAGE = f"{NAME}:local"
CREATE = "/v1.43/containers/create"
# Stands for the platform's image: `dagster api execute_run {…}` reports what it is allowed to do, then waits if asked.
DOCKERFILE = rb"""
FROM python:3.13-slim
RUN cd /usr/local/bin && printf '#!/bin/sh\ngrep -E "CapEff|NoNewPrivs|Seccomp:" /proc/self/status; id -u\n\
touch /x 2>&1; echo "$S3_BUCKET"; case "$3" in *wait*) exec sleep 60;; esac\n' > dagster && chmod 755 dagster
USER 10001
"""
BODY: dict[str, Any] = {
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Env": ["S3_BUCKET=jaffle-shop"],
    "Cmd": ["dagster", "api", "execute_run", "{}"],
    "Image": IMAGE,
    "NetworkDisabled": False,
    "HostConfig": {"NetworkMode": NAME},
    "NetworkingConfig": {NAME: None},
    "Labels": {"dagster/run_id": str(uuid.uuid4()), "dagster/job_name": "all_assets"},
}


@pytest.fixture(scope="module", autouse=True)
def platform(engine: docker.DockerClient) -> Iterator[None]:
    """An image and a network; both are removed at the end."""
    with stand_in(engine, DOCKERFILE, IMAGE, NAME):
        yield


@pytest.fixture(scope="module")
def proxy(platform: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """The proxy with the policy for run workers."""
    log = tmp_path_factory.mktemp("proxy") / "log"
    with socket_proxy(log, project=NAME, image=IMAGE, network=NAME) as address:
        yield address


@pytest.fixture(scope="module")
def dagster(proxy: Address) -> Iterator[docker.DockerClient]:
    """The client that Dagster's launcher uses."""
    client = docker.DockerClient(base_url=f"tcp://{proxy[0]}:{proxy[1]}")
    yield client
    client.close()


@pytest.fixture(scope="module")
def victim(platform: None) -> Iterator[Container]:
    """A running container of another platform on the same engine, with that platform's label."""
    container = DockerContainer(IMAGE, name=f"{NAME}-victim").with_command(["dagster", "api", "execute_run", "wait"])
    with container.with_kwargs(labels={"data-platform.run-worker": "another"}):
        yield container.get_wrapped_container()


def launch(client: docker.DockerClient, argument: str = "{}") -> Container:
    """Create a container as DockerRunLauncher does."""
    return client.containers.create(
        image=IMAGE,
        command=["dagster", "api", "execute_run", argument],
        detach=True,
        environment={"S3_BUCKET": "jaffle-shop"},
        network=NAME,
        labels=BODY["Labels"],
    )


# --- what Dagster needs ----------------------------------------------------------------------------------------------


def test_a_run_worker_runs_hardened(dagster: docker.DockerClient, engine: docker.DockerClient) -> None:
    worker = launch(dagster)
    worker.start()
    assert worker.wait()["StatusCode"] == 0
    said = worker.logs().decode()
    assert re.search(r"CapEff:\s+0000000000000000", said)
    assert re.search(r"NoNewPrivs:\s+1", said)
    assert re.search(r"Seccomp:\s+2", said)
    assert "\n10001\n" in said
    assert "Read-only file system" in said
    assert said.endswith("jaffle-shop\n")
    host = engine.containers.get(str(worker.id)).attrs["HostConfig"]
    assert (host["Privileged"], host["CapDrop"], host["CapAdd"]) == (False, ["ALL"], None)
    assert (host["Memory"], host["PidsLimit"]) == (1 << 30, 256)
    assert (host["Binds"], host["PidMode"], host["IpcMode"]) == (None, "", "private")
    assert host["NetworkMode"] == NAME
    worker.remove()
    with pytest.raises(NotFound):
        engine.containers.get(str(worker.id))


def test_a_run_worker_is_stopped_killed_and_followed(dagster: docker.DockerClient) -> None:
    for end in ("stop", "kill"):
        worker = launch(dagster, "wait")
        worker.start()
        worker.reload()
        assert worker.status == "running"
        while b"jaffle-shop" not in worker.logs():
            time.sleep(0.05)
        worker.stop(timeout=0) if end == "stop" else worker.kill()
        assert worker.wait()["StatusCode"] in (137, 143)
        assert b"jaffle-shop" in b"".join(worker.logs(stream=True, follow=True))
        worker.remove(force=True)


def test_no_more_workers_than_allowed(dagster: docker.DockerClient) -> None:
    workers = [launch(dagster, "wait") for _ in range(2)]
    limit = "2 run workers are running or created; the limit is 2"
    with pytest.raises(APIError, match=limit):
        launch(dagster)
    for worker in workers:
        worker.start()
    with pytest.raises(APIError, match=limit):
        launch(dagster)
    for worker in workers:
        worker.remove(force=True)


def test_a_worker_runs_once(dagster: docker.DockerClient) -> None:
    worker = launch(dagster)
    worker.start()
    worker.wait()
    with pytest.raises(APIError, match="was started before"):
        worker.start()
    worker.remove()


# --- abuses ----------------------------------------------------------------------------------------------------------


def body(**changes: object) -> dict[str, Any]:
    """The launcher's body with fields replaced."""
    return {**copy.deepcopy(BODY), **changes}


def host(**changes: object) -> dict[str, Any]:
    """The launcher's body with fields of its HostConfig replaced."""
    return body(HostConfig={**BODY["HostConfig"], **changes})


def text(old: str, new: str) -> bytes:
    """The launcher's body with a piece of its text replaced."""
    whole = json.dumps(BODY)
    assert old in whole
    return whole.replace(old, new, 1).encode()


PRIVILEGED = json.dumps({**BODY["HostConfig"], "Privileged": True})
BODIES: dict[str, bytes | dict[str, Any]] = {
    "privileged": host(Privileged=True),
    "privileged, lower case": host(privileged=True),
    "privileged, mixed case": host(pRiViLeGeD=True),
    "privileged, escaped key": text('{"NetworkMode"', '{"Privileg\\u0065d": true, "NetworkMode"'),
    "privileged, long s in the key": text('"HostConfig"', '"Ho\u017ftConfig": {"Privileged": true}, "HostConfig"'),
    "second HostConfig": text('"Labels"', f'"HostConfig": {PRIVILEGED}, "Labels"'),
    "second hostconfig in lower case": text('"Labels"', f'"hostconfig": {PRIVILEGED}, "Labels"'),
    "other image": body(Image="python:3.13-slim"),
    "second image": text('"Image"', '"Image": "python:3.13-slim", "Image"'),
    "second image in lower case": text('"NetworkDisabled"', '"image": "python:3.13-slim", "NetworkDisabled"'),
    "image by digest": body(Image=f"{IMAGE}@sha256:{'0' * 64}"),
    "bind mount": host(Binds=["/:/host"]),
    "Mounts": host(Mounts=[{"Type": "bind", "Source": "/", "Target": "/host"}]),
    "the socket": host(Binds=["/var/run/docker.sock:/var/run/docker.sock"]),
    "volume": body(Volumes={"/host": {}}),
    "volumes of another container": host(VolumesFrom=[f"{NAME}-victim"]),
    "device": host(Devices=[{"PathOnHost": "/dev/kmsg", "PathInContainer": "/dev/kmsg", "CgroupPermissions": "rwm"}]),
    "device rule": host(DeviceCgroupRules=["a *:* rwm"]),
    "host network": host(NetworkMode="host"),
    "network of another container": host(NetworkMode=f"container:{NAME}-victim"),
    "second network": body(NetworkingConfig={NAME: None, "bridge": None}),
    "endpoint settings": body(NetworkingConfig={"EndpointsConfig": {NAME: {"Aliases": ["postgres"]}}}),
    "host pid": host(PidMode="host"),
    "host ipc": host(IpcMode="host"),
    "host user namespace": host(UsernsMode="host"),
    "host uts": host(UTSMode="host"),
    "host cgroups": host(CgroupnsMode="host"),
    "cgroup parent": host(CgroupParent="/"),
    "capability": host(CapAdd=["SYS_ADMIN"]),
    "security option": host(SecurityOpt=["apparmor=unconfined", "seccomp=unconfined"]),
    "unmasked paths": host(MaskedPaths=[], ReadonlyPaths=[]),
    "writable root": host(ReadonlyRootfs=False),
    "other runtime": host(Runtime="io.containerd.runc.v2"),
    "sysctl": host(Sysctls={"net.ipv4.ip_forward": "1"}),
    "published port": host(PortBindings={"80/tcp": [{"HostPort": "8099"}]}),
    "memory": host(Memory=1 << 40),
    "restart for ever": host(RestartPolicy={"Name": "always"}),
    "root": body(User="root"),
    "entrypoint": body(Entrypoint=["sh", "-c"]),
    "command": body(Cmd=["sh", "-c", "id", ""]),
    "healthcheck": body(Healthcheck={"Test": ["CMD", "id"]}),
    "loader variable": body(Env=["LD_PRELOAD=/tmp/x.so"]),
    "another platform's label": body(Labels={**BODY["Labels"], "data-platform.run-worker": "another"}),
    "Compose's label": body(Labels={**BODY["Labels"], "com.docker.compose.project": "another"}),
    "terminal": body(Tty=True, OpenStdin=True),
    "not JSON": b"Image=python",
    "two documents": json.dumps(BODY).encode() * 2,
    "nested deeply": b"[" * 100_000,
    "oversized": text('"{}"', json.dumps("x" * 600_000)),
}
GOOD = json.dumps(BODY).encode()
CHUNKED = f"{len(GOOD):x}\r\n".encode() + GOOD + b"\r\n0\r\n\r\n"
SMUGGLED = request("POST", CREATE, host(Privileged=True))
PATHS: dict[str, tuple[str, str]] = {
    "list containers": ("GET", "/v1.43/containers/json?all=1"),
    "engine info": ("GET", "/v1.43/info"),
    "events": ("GET", "/v1.43/events"),
    "list images": ("GET", "/v1.43/images/json"),
    "pull": ("POST", "/v1.43/images/create?fromImage=busybox&tag=latest"),
    "load": ("POST", "/v1.43/images/load"),
    "tag": ("POST", f"/v1.43/images/python:3.13-slim/tag?repo={NAME}&tag=local"),
    "build": ("POST", f"/v1.43/build?remote=https://example.invalid/x.git&t={NAME}"),
    "build session": ("POST", "/session"),
    "commit": ("POST", f"/v1.43/commit?container={NAME}-victim&repo={NAME}"),
    "create a volume": ("POST", "/v1.43/volumes/create"),
    "list volumes": ("GET", "/v1.43/volumes"),
    "prune": ("POST", "/v1.43/containers/prune"),
    "create a network": ("POST", "/v1.43/networks/create"),
    "connect to a network": ("POST", "/v1.43/networks/bridge/connect"),
    "plugins": ("GET", "/v1.43/plugins"),
    "swarm": ("POST", "/v1.43/swarm/init"),
    "name": ("POST", f"{CREATE}?name={NAME}-named"),
    "platform": ("POST", f"{CREATE}?platform=linux/amd64"),
    "double slash": ("POST", "//v1.43/containers/create"),
    "double slash inside": ("POST", "/v1.43//containers/create"),
    "escaped slash": ("POST", "/v1.43/containers%2fcreate"),
    "escaped letter": ("POST", "/v1.43/containers/%63reate"),
    "parent folder": ("POST", "/v1.43/_ping/../containers/create"),
    "escaped parent folder": ("POST", "/v1.43/_ping/%2e%2e/containers/create"),
    "no version": ("POST", "/containers/create"),
    "old version": ("POST", "/v1.24/containers/create"),
    "two versions": ("POST", "/v1.43/v1.43/containers/create"),
    "odd version": ("POST", "/v1.0043/containers/create"),
    "whole address": ("POST", "http://docker/v1.43/containers/create"),
    "tunnel": ("CONNECT", "docker:2375"),
    "parameter in the path": ("POST", f"{CREATE};x=1"),
}


def on_the_engine(engine: docker.DockerClient) -> dict[str, set[str]]:
    """Everything on the engine that a caller could have added, changed or removed."""
    api = engine.api
    return {
        "containers": {f"{item['Id']} {item['State']}" for item in api.containers(all=True)},
        "images": {f"{item['Id']} {item['RepoTags']}" for item in api.images(all=True)},
        "volumes": {item["Name"] for item in api.volumes()["Volumes"] or []},
        "networks": {item["Id"] for item in api.networks()},
    }


@pytest.fixture
def unchanged(engine: docker.DockerClient, victim: Container) -> Iterator[None]:
    """Fails a test after which anything is different on the engine."""
    before = on_the_engine(engine)
    yield
    assert on_the_engine(engine) == before


def assert_refused(address: Address, data: bytes) -> None:
    """Every answer is a refusal, the first one gives its reason, and the connection is closed."""
    answers = exchange(address, data)
    assert answers.statuses, "no answer"
    assert all(400 <= status < 500 for status in answers.statuses), answers.text
    assert len(answers.statuses) == 1, answers.text


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("sent", BODIES.values(), ids=BODIES)
def test_a_creation_with_anything_else_in_it_is_refused(proxy: Address, sent: bytes | dict[str, Any]) -> None:
    assert_refused(proxy, request("POST", CREATE, sent))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("method", "target"), PATHS.values(), ids=PATHS)
def test_any_other_call_and_any_other_spelling_is_refused(proxy: Address, method: str, target: str) -> None:
    assert_refused(proxy, request(method, target, GOOD if "create" in target else b""))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("GET", "/json"),
        ("GET", "/logs?stdout=1"),
        ("POST", "/start"),
        ("POST", "/stop"),
        ("POST", "/kill"),
        ("POST", "/wait"),
        ("DELETE", "?force=1"),
        ("POST", "/exec"),
        ("POST", "/attach?stream=1&stdin=1"),
        ("GET", "/attach/ws?stream=1"),
        ("GET", "/archive?path=/etc/passwd"),
        ("PUT", "/archive?path=/tmp"),
        ("POST", "/update"),
        ("POST", "/rename?name=x"),
        ("POST", "/pause"),
        ("GET", "/export"),
    ],
)
def test_other_peoples_containers_are_out_of_reach(proxy: Address, victim: Container, method: str, call: str) -> None:
    for name in (victim.id, victim.short_id, victim.name):
        assert_refused(proxy, request(method, f"/v1.43/containers/{name}{call}"))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(request("POST", CREATE, CHUNKED, "Transfer-Encoding: chunked", length=-1), id="chunked"),
        pytest.param(request("POST", CREATE, CHUNKED, "Transfer-Encoding: chunked"), id="chunked with a length"),
        pytest.param(request("POST", CREATE, CHUNKED, "Transfer-Encoding:\tchunked"), id="chunked, tab"),
        pytest.param(request("POST", CREATE, CHUNKED, "Transfer-Encoding: xchunked"), id="odd coding"),
        pytest.param(request("POST", CREATE, CHUNKED, "Transfer-Encoding : chunked"), id="space before the colon"),
        pytest.param(request("POST", CREATE, GOOD, "Content-Length: 3"), id="two lengths"),
        pytest.param(request("POST", CREATE, GOOD, length=10_000_000_000), id="huge length"),
        pytest.param(request("POST", CREATE, GOOD, "Content-Encoding: gzip"), id="compressed"),
        pytest.param(request("POST", CREATE, GOOD, "Expect: 100-continue"), id="continue"),
        pytest.param(request("POST", CREATE, GOOD, "Content-Length: +3", length=-1), id="signed length"),
        pytest.param(request("GET", "/v1.43/info", SMUGGLED, "Connection: keep-alive"), id="request in a body"),
        pytest.param(request("GET", "/v1.43/info", b"", "Connection: keep-alive") + SMUGGLED, id="pipelined"),
        pytest.param(
            request("POST", "/session", b"", "Connection: Upgrade", "Upgrade: h2c"), id="upgrade of a session"
        ),
        pytest.param(request("GET", "/_ping", b"", "Connection: Upgrade", "Upgrade: tcp"), id="upgrade of a ping"),
        pytest.param(request("GET", "/_ping", GOOD), id="body where none belongs"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2"),
        pytest.param(request("POST", CREATE + " x", GOOD), id="space in the path"),
        pytest.param(b"GET /_ping HTTP/1.1\nHost: x\nX:" + b"y" * 100_000 + b"\n\n", id="endless header"),
    ],
)
def test_smuggled_hijacked_and_malformed_requests_are_refused(proxy: Address, data: bytes) -> None:
    assert_refused(proxy, data)


@pytest.mark.usefixtures("unchanged")
def test_an_allowed_request_carries_no_second_one(proxy: Address) -> None:
    """A bad request that is pipelined after a good request is parsed and refused like any other."""
    answers = exchange(proxy, request("GET", "/_ping", b"", "Connection: keep-alive") + SMUGGLED)
    assert answers.statuses == [200, 403], answers.text


@pytest.mark.usefixtures("unchanged")
def test_a_body_that_never_ends_creates_nothing(proxy: Address) -> None:
    assert exchange(proxy, request("POST", CREATE, GOOD, length=len(GOOD) + 10), seconds=1).statuses == []


@pytest.mark.usefixtures("unchanged")
def test_our_own_worker_cannot_be_entered(proxy: Address, dagster: docker.DockerClient) -> None:
    worker = launch(dagster, "wait")
    worker.start()
    try:
        for call in (worker.attach, lambda: worker.exec_run("id"), lambda: worker.put_archive("/tmp", b"")):
            with pytest.raises((APIError, NotFound), match=r"socket proxy: (POST|PUT) .* is not"):
                call()
        with pytest.raises(APIError, match="signal"):
            worker.kill(signal="SIGUSR1")
    finally:
        worker.remove(force=True)


@pytest.mark.usefixtures("unchanged")
def test_a_missing_image_is_not_pulled(dagster: docker.DockerClient) -> None:
    with pytest.raises((APIError, ImageNotFound), match=r"socket proxy: (POST|PUT) .* is not"):
        dagster.images.pull("busybox", tag="latest")


def test_the_reason_reaches_the_caller(dagster: docker.DockerClient) -> None:
    changed = {"environment": ["S3_BUCKET=x"], "labels": BODY["Labels"], "network": NAME, "privileged": True}
    with pytest.raises(APIError, match=r"socket proxy: HostConfig\.Privileged: Extra inputs"):
        dagster.containers.create(IMAGE, BODY["Cmd"], detach=True, **changed)


def test_the_proxy_is_not_tired_of_it(proxy: Address) -> None:
    """After all that, it still answers at once, three times on one connection."""
    connection = HTTPConnection(*proxy, timeout=3)
    with contextlib.closing(connection):
        for _ in range(3):
            connection.request("GET", "/_ping")
            assert connection.getresponse().read() == b"OK"
