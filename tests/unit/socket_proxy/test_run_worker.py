"""What a run worker may be, and what the platform sets itself."""

import json
from typing import Any

import pytest

from socket_proxy.errors import Refused
from socket_proxy.settings import WorkerSettings, from_environment
from socket_proxy.sweeper import over
from socket_proxy.worker import container, parse_create

from .conftest import with_value

SETTINGS = WorkerSettings(
    project="shop", image="shop/orchestrator:1", network="shop", compute_logs="shop_logs:/opt/logs"
)
# What docker-py 7.2 sends for dagster-docker 0.29.27.
BODY: dict[str, Any] = {
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Env": ["POSTGRES_PASSWORD=se=cret", "DAGSTER_RUN_JOB_NAME=all_assets"],
    "Cmd": ["dagster", "api", "execute_run", "{}"],
    "Image": "shop/orchestrator:1",
    "NetworkDisabled": False,
    "HostConfig": {"NetworkMode": "shop"},
    "NetworkingConfig": {"shop": None},
    "Labels": {"dagster/run_id": "0b0c1f7e-3f5c-4f0e-9f8d-3a1b2c3d4e5f", "dagster/job_name": "all_assets"},
}


def changed(path: str, value: object) -> bytes:
    """The launcher's body with one value put at `a.b`."""
    return with_value(BODY, path.split("."), value)


def test_the_launchers_body_becomes_a_hardened_container() -> None:
    made = container(parse_create(json.dumps(BODY).encode(), SETTINGS), SETTINGS)
    host = made.pop("HostConfig")
    assert made == {
        "Image": "shop/orchestrator:1",
        "Cmd": ["dagster", "api", "execute_run", "{}"],
        "Env": BODY["Env"],
        "Labels": {**BODY["Labels"], "data-platform.run-worker": "shop"},
        "StopTimeout": 25,
    }
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert host["Memory"] == host["MemorySwap"] == 1024 * 1024 * 1024
    assert host["PidsLimit"] == 256
    assert host["Mounts"] == [{"Type": "volume", "Source": "shop_logs", "Target": "/opt/logs"}]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("HostConfig.Privileged", True),
        ("HostConfig.privileged", True),
        ("hostConfig", {"Privileged": True}),
        ("HostConfig.Binds", ["/:/host"]),
        ("HostConfig.Mounts", [{"Type": "bind", "Source": "/", "Target": "/host"}]),
        ("HostConfig.Devices", [{"PathOnHost": "/dev/kmsg"}]),
        ("HostConfig.DeviceCgroupRules", ["a *:* rwm"]),
        ("HostConfig.NetworkMode", "host"),
        ("HostConfig.NetworkMode", "container:postgres"),
        ("HostConfig.PidMode", "host"),
        ("HostConfig.IpcMode", "host"),
        ("HostConfig.UsernsMode", "host"),
        ("HostConfig.CgroupParent", "/"),
        ("HostConfig.CapAdd", ["SYS_ADMIN"]),
        ("HostConfig.SecurityOpt", ["seccomp=unconfined"]),
        ("HostConfig.VolumesFrom", ["postgres"]),
        ("HostConfig.PortBindings", {"80/tcp": [{"HostPort": "80"}]}),
        ("HostConfig.Memory", 1 << 50),
        ("HostConfig.Runtime", "io.containerd.runc.v2"),
        ("HostConfig.Sysctls", {"net.ipv4.ip_forward": "1"}),
        ("HostConfig", None),
        ("Image", "debian:trixie-slim"),
        ("Image", "shop/orchestrator:1@sha256:00"),
        ("Image", 1),
        ("Volumes", {"/host": {}}),
        ("User", "root"),
        ("Entrypoint", ["sh"]),
        ("Cmd", ["sh", "-c", "id", ""]),
        ("Cmd", ["dagster", "api", "grpc", "{}"]),
        ("Cmd", ["dagster", "api", "execute_run", "{}", "--help"]),
        ("Cmd", "dagster api execute_run {}"),
        ("Env", ["LD_PRELOAD=/tmp/x.so"]),
        ("Env", ["PYTHONPATH=/tmp"]),
        ("Env", ["dagster_home=/tmp"]),
        ("Env", ["S3"]),
        ("Env", ["S3_BUCKET=\0"]),
        ("Labels", {**BODY["Labels"], "data-platform.run-worker": "other"}),
        ("Labels", {**BODY["Labels"], "com.docker.compose.project": "other"}),
        ("Labels", {}),
        ("NetworkingConfig", {"EndpointsConfig": {"shop": {"IPAMConfig": {}}}}),
        ("NetworkingConfig", {"shop": {"Aliases": ["postgres"]}}),
        ("NetworkingConfig", {"shop": None, "bridge": None}),
        ("Tty", True),
        ("Healthcheck", {"Test": ["CMD", "id"]}),
    ],
)
def test_any_other_field_or_value_is_refused(path: str, value: object) -> None:
    with pytest.raises(Refused):
        parse_create(changed(path, value), SETTINGS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"Image"', '"Image": "debian", "Image"'),
        ('"Image"', '"image": "debian", "Image"'),
        ('"Image"', '"\\u0049mage": "debian", "Image"'),
        ('{"NetworkMode"', '{"Privileg\\u0065d": true, "NetworkMode"'),
        ('{"NetworkMode"', '{"NetworkMode": "host", "NetworkMode"'),
        ('"Labels"', '"HostConfig": {"NetworkMode": "host"}, "Labels"'),
        ('"Labels"', '"hostconfig": {"Privileged": true}, "Labels"'),
        ('"Labels"', '"\u017ftopSignal": "9", "Labels"'),
        ('"Tty": false', '"Tty": NaN'),
        ('"shop/orchestrator:1"', '"shop/orchestrator:1", }'),
        ('{"NetworkMode"', "[" * 200_000 + '{"NetworkMode"'),
    ],
)
def test_spellings_that_decoders_read_differently_are_refused(old: str, new: str) -> None:
    text = json.dumps(BODY)
    assert old in text
    with pytest.raises(Refused):
        parse_create(text.replace(old, new, 1).encode(), SETTINGS)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff\xfe", json.dumps(BODY).encode("utf-16")])
def test_other_bodies_are_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        parse_create(body, SETTINGS)


def test_a_refusal_names_the_field_and_not_the_secret_beside_it() -> None:
    with pytest.raises(Refused, match=r"HostConfig\.Privileged: Extra inputs") as refused:
        parse_create(changed("HostConfig.Privileged", "se=cret"), SETTINGS)
    assert "se=cret" not in refused.value.reason


def test_settings_come_from_the_environment() -> None:
    values = {
        "PROXY_PROJECT": "shop",
        "PROXY_IMAGE": "shop/orchestrator:1",
        "PROXY_NETWORK": "shop",
        "PROXY_CPUS": "1.5",
    }
    assert from_environment({**values, "HOME": "/"}).cpus == 1.5
    for wrong in ({"PROXY_IMAGE": ""}, {"PROXY_MEMORY": "1g"}, {"PROXY_COMPUTE_LOGS": "/etc:/etc"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            from_environment(values | wrong)
    with pytest.raises(ValueError, match="PROXY_IMAGE is missing"):
        from_environment({name: value for name, value in values.items() if name != "PROXY_IMAGE"})


def test_the_sweeper_keeps_the_newest_finished_workers_and_everything_alive() -> None:
    states = ["running", "exited", "created", "exited", "dead", "exited", "created"]
    workers = [{"Id": str(n), "State": state, "Created": 1000 - n * 200} for n, state in enumerate(states)]
    assert [worker["Id"] for worker in over(workers, keep=2, now=1010)] == ["4", "5", "6"]


def test_a_google_key_is_mounted_where_the_environment_says() -> None:
    settings = SETTINGS.model_copy(update={"google_key": "/home/me/key.json"})
    made = container(parse_create(json.dumps(BODY).encode(), settings), settings)
    [_, mount] = made["HostConfig"]["Mounts"]
    assert mount == {
        "Type": "bind",
        "Source": "/home/me/key.json",
        "Target": "/run/secrets/google_key",
        "ReadOnly": True,
    }
    assert made["Env"][-1] == "GOOGLE_APPLICATION_CREDENTIALS=/run/secrets/google_key"
