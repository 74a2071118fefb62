"""The socket proxy for the real Airbyte's worker: its `docker run` works, by Docker's own client, nothing else.

A stand-in image takes a connector's place. The tests check the way to the engine, which is the same for every image.
"""

import json
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from .conftest import socket_proxy, stand_in
from .raw_http import Address, exchange, request

NAME = f"connectortest{uuid.uuid4().hex[:8]}"
IMAGE = f"airbyte/source-{NAME}:1.0"
FOREIGN = f"somebody/source-{NAME}:1.0"
CREATE = "/v1.43/containers/create"
DOCKERFILE = rb"""
FROM python:3.13-slim
RUN printf '#!/bin/sh\n\
case "$1" in\n\
  spec) grep -E "CapEff|NoNewPrivs|Seccomp:" /proc/self/status; pwd; ls -d /data /local; echo "$WORKER_JOB_ID" ;;\n\
  write) echo "read $(wc -l) lines"; echo "to stderr" >&2 ;;\n\
  read) yes "a record" | head -n 200000 ;;\n\
  check) echo started; exec sleep 60 ;;\n\
  discover) exit 3 ;;\n\
esac\n' > /usr/local/bin/connector && chmod 755 /usr/local/bin/connector
ENTRYPOINT ["/usr/local/bin/connector"]
"""


@pytest.fixture(scope="module", autouse=True)
def platform(engine: docker.DockerClient) -> Iterator[None]:
    """A connector's image with a second name, a network and two volumes; all are removed at the end."""
    with stand_in(engine, DOCKERFILE, IMAGE, NAME) as image:
        image.tag(FOREIGN)
        yield


@pytest.fixture(scope="module")
def proxy(platform: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """The proxy with the policy for connectors. At the end, its log must have no stack trace."""
    log = tmp_path_factory.mktemp("proxy") / "log"
    volumes = {"workspace": f"{NAME}_workspace", "local": f"{NAME}_local"}
    with socket_proxy(log, policy="connectors", project=NAME, network=NAME, **volumes) as address:
        yield address
    assert "Traceback" not in log.read_text()


def command(proxy: Address, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """A command line of Docker's own client, through the proxy, and its environment."""
    environment = {"PATH": os.environ["PATH"], "DOCKER_HOST": f"tcp://{proxy[0]}:{proxy[1]}", "HOME": "/nonexistent"}
    return ["docker", *arguments], environment


def options(**changes: str) -> list[str]:
    """The options of the worker's `docker run` (DockerProcessFactory, Airbyte 0.63); a change replaces one."""
    values = {
        "w": "/data/7fa0a9dc-3097-4859-be05-9730f3acb88f/0",
        "log-driver": "none",
        "name": f"source-{NAME}-{uuid.uuid4().hex}-0-cpgsm",
        "network": NAME,
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    given = [part for name, value in values.items() for part in ("-w" if name == "w" else f"--{name}", value)]
    mounts = ["-v", f"{NAME}_workspace:/data", "-v", f"{NAME}_local:/local"]
    variables = {
        "DEPLOYMENT_MODE": "OSS",
        "WORKER_CONNECTOR_IMAGE": IMAGE,
        "LAUNCHDARKLY_KEY": "",
        "SOCAT_KUBE_CPU_LIMIT": "2.0",
        "FEATURE_FLAG_CLIENT": "config",
        "AIRBYTE_VERSION": "0.63.19",
        "WORKER_JOB_ID": "12",
    }
    return [
        "run",
        "--rm",
        "--init",
        "-i",
        *given,
        *mounts,
        *(p for v in variables.items() for p in ("-e", "=".join(v))),
    ]


def run(proxy: Address, *tail: str, standard_input: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The worker's `docker run` with the image and command at its end."""
    line, environment = command(proxy, *options(), *tail)
    return subprocess.run(line, env=environment, input=standard_input, capture_output=True, timeout=60)


def ours(engine: docker.DockerClient) -> list[Any]:
    """The connectors that are there, in every state."""
    return engine.containers.list(all=True, filters={"label": f"data-platform.connector={NAME}"})


# --- what the worker needs -------------------------------------------------------------------------------------------


def test_a_connector_runs_hardened_and_is_removed(proxy: Address, engine: docker.DockerClient) -> None:
    result = run(proxy, IMAGE, "spec")
    said = result.stdout.decode()
    assert result.returncode == 0, result.stderr
    assert re.search(r"CapEff:\s+0000000000000000", said)
    assert re.search(r"NoNewPrivs:\s+1", said)
    assert re.search(r"Seccomp:\s+2", said)
    assert said.endswith("/data/7fa0a9dc-3097-4859-be05-9730f3acb88f/0\n/data\n/local\n12\n")
    assert not ours(engine)


def test_a_destination_reads_its_input_to_the_end_and_then_reports(proxy: Address) -> None:
    """The caller's direction of the connection ends first; 12 MB pass it."""
    result = run(
        proxy, IMAGE, "write", "--config", "destination_config.json", standard_input=b"x" * 59 + b"\n" * 200_000
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, b"read 200000 lines\n", b"to stderr\n")


@pytest.mark.parametrize("unread", [b"", b"x" * 12_000_000], ids=["no input", "input left unread"])
def test_output_arrives_whole(proxy: Address, unread: bytes) -> None:
    """The output also arrives if the container ends before its input, as when a destination crashes."""
    result = run(proxy, IMAGE, "read", "--config", "source_config.json", standard_input=unread)
    assert (result.returncode, result.stdout.count(b"a record\n"), result.stderr) == (0, 200_000, b"")


def test_its_exit_code_is_the_workers(proxy: Address) -> None:
    assert run(proxy, IMAGE, "discover").returncode == 3


def test_its_limits_and_name_are_the_platforms(proxy: Address, engine: docker.DockerClient) -> None:
    line, environment = command(proxy, *options(), "--memory=1g", "--cpus=1", IMAGE, "check")
    process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"started\n"
        [container] = ours(engine)
        host = container.attrs["HostConfig"]
        assert container.name.startswith(f"{NAME}-source-{NAME}-")
        assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (2 << 30, 2_000_000_000, 256)
        assert (host["Privileged"], host["CapDrop"], host["Binds"], host["NetworkMode"]) == (False, ["ALL"], None, NAME)
        assert host["LogConfig"]["Type"] == "none"
        process.send_signal(signal.SIGTERM)  # how the worker cancels a sync
        assert process.wait(20) == 143
    finally:
        process.kill()
        process.communicate()
    assert not ours(engine)


def test_no_more_connectors_than_allowed(proxy: Address, engine: docker.DockerClient) -> None:
    started = []
    try:
        for _ in range(2):
            line, environment = command(proxy, *options(), IMAGE, "check")
            started.append(subprocess.Popen(line, env=environment, stdout=subprocess.PIPE))
            assert started[-1].stdout
            assert started[-1].stdout.readline() == b"started\n"
        assert b"2 connectors are running or created; the limit is 2" in run(proxy, IMAGE, "spec").stderr
    finally:
        for process in started:
            process.terminate()
            process.communicate(timeout=20)
    assert not ours(engine)


@pytest.mark.parametrize("look", [["inspect"], ["image", "inspect"], ["images", "--quiet"]])
def test_the_worker_can_see_whether_an_image_is_there(proxy: Address, look: list[str]) -> None:
    line, environment = command(proxy, *look, IMAGE)
    assert subprocess.run(line, env=environment, capture_output=True, check=True).stdout.strip()
    absent = subprocess.run([*line[:-1], "airbyte/source-absent:1.0"], env=environment, capture_output=True)
    assert absent.returncode or not absent.stdout.strip()


# --- abuses ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def unchanged(engine: docker.DockerClient) -> Iterator[None]:
    """Fails a test after which a container, an image, a volume or a network is different."""

    def now() -> tuple[set[str], ...]:
        api = engine.api
        return (
            {f"{item['Id']} {item['State']}" for item in api.containers(all=True) if NAME in str(item)},
            {f"{item['Id']} {item['RepoTags']}" for item in api.images(all=True) if NAME in str(item)},
            {item["Name"] for item in api.volumes()["Volumes"] or [] if NAME in item["Name"]},
        )

    before = now()
    yield
    assert now() == before


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("extra", "why"),
    [
        (["--privileged"], "HostConfig.Privileged"),
        (["--cap-add", "SYS_ADMIN"], "HostConfig.CapAdd"),
        (["--security-opt", "seccomp=unconfined"], "HostConfig.SecurityOpt"),
        (["-v", "/:/host"], "HostConfig.Binds"),
        (["--mount", "type=bind,source=/,target=/host"], "HostConfig.Mounts"),
        (["--volumes-from", "somebody"], "HostConfig.VolumesFrom"),
        (["--device", "/dev/kmsg"], "HostConfig.Devices"),
        (["--pid", "host"], "HostConfig.PidMode"),
        (["--ipc", "host"], "HostConfig.IpcMode"),
        (["--uts", "host"], "HostConfig.UTSMode"),
        (["--userns", "host"], "HostConfig.UsernsMode"),
        (["--publish", "8099:80"], "Extra inputs"),
        (["--entrypoint", "sh"], "Entrypoint"),
        (["--user", "0"], "User"),
        (["--label", "com.docker.compose.project=other"], "Labels"),
        (["--network-alias", "postgres"], "NetworkingConfig"),
        (["--restart", "no", "--sysctl", "net.ipv4.ip_forward=1"], "HostConfig.Sysctls"),
        (["--add-host", "localstack:10.0.0.1"], "HostConfig.ExtraHosts"),
        (["--runtime", "io.containerd.runc.v2"], "HostConfig.Runtime"),
        (["--cgroup-parent", "/"], "HostConfig.CgroupParent"),
        (["--health-cmd", "id"], "Healthcheck"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_further_option_is_refused(proxy: Address, extra: list[str], why: str) -> None:
    line, environment = command(proxy, *options(), *extra, IMAGE, "spec")
    result = subprocess.run(line, env=environment, capture_output=True, timeout=30)
    assert result.returncode, result.stdout
    assert why.encode() in result.stderr + result.stdout


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("changes", "tail", "why"),
    [
        ({"network": "host"}, [IMAGE, "spec"], "network"),
        ({"network": "bridge"}, [IMAGE, "spec"], "network"),
        ({"log_driver": "json-file"}, [IMAGE, "spec"], "LogConfig"),
        ({"w": "/"}, [IMAGE, "spec"], "WorkingDir"),
        ({"w": "/data/../etc"}, [IMAGE, "spec"], "WorkingDir"),
        ({"name": "postgres"}, [IMAGE, "spec"], "name"),
        ({}, [FOREIGN, "spec"], "is not a connector"),
        ({}, ["python:3.13-slim", "spec"], "is not a connector"),
        ({}, [IMAGE.replace(":1.0", ""), "spec"], "is not a connector"),
        ({}, [IMAGE, "sh"], "command"),
    ],
)
def test_a_changed_option_is_refused(proxy: Address, changes: dict[str, str], tail: list[str], why: str) -> None:
    line, environment = command(proxy, *options(**changes), *tail)
    result = subprocess.run(line, env=environment, capture_output=True, timeout=30)
    assert result.returncode, result.stdout
    assert why.encode() in result.stderr


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "arguments",
    [
        ["pull", "airbyte/source-faker:6.2.10"],
        ["ps"],
        ["images"],
        ["image", "inspect", FOREIGN],
        ["info"],
        ["volume", "ls"],
        ["network", "ls"],
        ["build", "-"],
        ["exec", "0" * 64, "id"],
        ["cp", f"{'0' * 64}:/etc/passwd", "-"],
        ["commit", "0" * 64, f"airbyte/source-{NAME}:2.0"],
        ["tag", FOREIGN, f"airbyte/source-{NAME}:2.0"],
        ["system", "prune", "--force"],
    ],
    ids=lambda arguments: " ".join(arguments)[:20],
)
def test_every_other_command_is_refused(proxy: Address, arguments: list[str]) -> None:
    line, environment = command(proxy, *arguments)
    result = subprocess.run(line, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
    assert result.returncode, result.stdout
    assert b"socket proxy: " in result.stderr or b"o such container" in result.stderr


@pytest.mark.usefixtures("unchanged")
def test_other_containers_cannot_be_attached_to(proxy: Address, engine: docker.DockerClient) -> None:
    other = engine.containers.create(IMAGE, ["check"], name=f"{NAME}-other")
    try:
        for call in ("attach?stream=1&stdin=1&stdout=1", "start", "kill", "wait", "json", "logs?stdout=1", "exec"):
            method = "GET" if call.startswith(("json", "logs")) else "POST"
            upgrade = ("Connection: Upgrade", "Upgrade: tcp") if call.startswith("attach") else ()
            answers = exchange(proxy, request(method, f"/v1.43/containers/{other.id}/{call}", b"", *upgrade))
            assert answers.statuses == [403], answers.text
    finally:
        other.remove(force=True)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "data",
    [
        request("POST", f"/v1.43/containers/{'0' * 64}/attach?stream=1", b"", "Connection: Upgrade", "Upgrade: h2c"),
        request("POST", CREATE, b"{}", "Connection: Upgrade", "Upgrade: tcp"),
        request("GET", "/_ping", b"", "Connection: Upgrade", "Upgrade: tcp"),
        request("POST", CREATE, json.dumps({"Image": IMAGE, "image": "python:3.13-slim"}).encode()),
        request("POST", CREATE, b'{"HostConfig": {"Privileg\\u0065d": true}}'),
        request("POST", CREATE, b'{"HostConfig": {"privileged": true}}'),
        request("POST", f"{CREATE}?name=source-x&name=postgres", b"{}"),
        request("GET", '/v1.43/images/json?filters={"reference":["python:3.13-slim"]}'),
        request("GET", '/v1.43/images/json?filters={"reference":{"airbyte/source-x:1":true},"label":["x"]}'),
    ],
)
def test_upgrades_and_odd_spellings_are_refused(proxy: Address, data: bytes) -> None:
    answers = exchange(proxy, data)
    assert len(answers.statuses) == 1, answers.text
    assert 400 <= answers.statuses[0] < 500, answers.text
