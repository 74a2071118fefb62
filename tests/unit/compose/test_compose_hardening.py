"""Every service of every mode is held to the same rules; exceptions are named here, with their reasons."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from socket_proxy.settings import ConnectorSettings, ImageSettings, from_environment
from socket_proxy.worker import VARIABLE
from tools.local.platform import LOCALSTACK_HAS_ITS_OBJECTS
from tools.settings_table import TABLE
from tools.stack import doctor

ROOT = Path(__file__).resolve().parents[3]
FILES = {name: (ROOT / name).read_text() for name in ("docker-compose.yml", "compose/airbyte/docker-compose.yml")}
MODES = {path.relative_to(ROOT): path.read_text() for path in sorted((ROOT / "compose").glob("*/*.env"))}
TEXT = "\n".join([*FILES.values(), *MODES.values()])
EXAMPLE = (ROOT / ".env.example").read_text()
DAGSTER = yaml.safe_load((ROOT / "compose/dagster/dagster.yaml").read_text())

# The proxies read the socket's group as root, then become user 10001 before they listen.
PROXIES = {"socket-proxy", "airbyte-engine", "connector-engine"}
# Airbyte's own images are not made for another user or for a read-only root.
AIRBYTES = {f"airbyte-{name}" for name in ("bootloader", "cron", "proxy", "server", "temporal", "webapp", "worker")}
CAPABILITIES = {
    **dict.fromkeys(PROXIES, ("SETUID", "SETGID")),
    # nginx gives its workers another user.
    **dict.fromkeys(["airbyte-proxy", "airbyte-webapp"], ("CHOWN", "SETGID", "SETUID")),
}
BINDS = {
    **{name: ["/var/run/docker.sock:/var/run/docker.sock"] for name in PROXIES},
    "bootstrap": ["./connections.yaml:/opt/platform/connections.yaml:ro"],
    "console": ["./connections.yaml:/opt/platform/connections.yaml:ro"],
    "localstack": ["./compose/localstack:/etc/localstack/init:ro"],
}
ONE_SHOT = {"bootstrap", "migrate", "airbyte-bootloader"}
NETWORKS = {
    **dict.fromkeys(["daemon", "webserver"], ("engine", "platform")),
    "socket-proxy": ("engine",),
    "airbyte": ("connector-engine", "platform"),
    "connector-engine": ("connector-engine",),
    "localstack": ("connectors", "platform"),
    **dict.fromkeys([*AIRBYTES, "airbyte-db"], ("airbyte",)),
    "airbyte-worker": ("airbyte", "airbyte-engine"),
    "airbyte-engine": ("airbyte-engine",),
    "airbyte-proxy": ("airbyte", "platform"),
}
PROFILES = {
    "airbyte": ("lite",),
    "connector-engine": ("lite",),
    "warehouse": ("emulator",),
    **dict.fromkeys([*AIRBYTES, "airbyte-db", "airbyte-engine"], ("compose",)),
}
SECRET = re.compile(r"PASSWORD|PWD|SECRET(?!_PERSISTENCE)|_KEY|TOKEN|CREDENTIALS")
# Not secret in spite of the name: the name under which Compose mounts the key's folder, and an empty telemetry setting.
NOT_SECRET = {"GOOGLE_APPLICATION_CREDENTIALS", "PROXY_GOOGLE_KEY", "SEGMENT_WRITE_KEY"}


def resolve(text: str) -> dict[str, Any]:
    """The compose file as Compose resolves it with nothing but the required variables set, to their own names."""
    for _ in range(2):  # a default can refer to another variable
        text = re.sub(
            r"\$\{(\w+):?-([^{}]*)\}", lambda found: found[2] or found[1] * bool(SECRET.search(found[1])), text
        )
    text = re.sub(r"\$\{(\w+)(:\?[^}]*)?\}", r"\1", text)
    resolved: dict[str, Any] = yaml.safe_load(text)
    return resolved


MAIN, AIRBYTE = map(resolve, FILES.values())
COMPOSE = {key: MAIN.get(key, {}) | AIRBYTE.get(key, {}) for key in ("services", "networks", "volumes")}
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def environment(name: str) -> dict[str, Any]:
    """A service's variables, with those of the default mode's files."""
    files = [resolve_lines(ROOT / file) for file in SERVICES[name].get("env_file", []) if isinstance(file, str)]
    stated: dict[str, Any] = SERVICES[name].get("environment", {})
    return {key: value for each in files for key, value in each.items()} | stated


def resolve_lines(path: Path) -> dict[str, str]:
    """The variables of one of the modes' files, a required one set to its own name."""
    text = re.sub(r"\$\{(\w+)(:[?-][^}]*)?\}", r"\1", path.read_text())
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


def test_the_services_are_those_of_the_platform() -> None:
    expected = {"postgres", "localstack", "warehouse", "airbyte", "bootstrap", "migrate", "code", "webserver", "daemon"}
    assert set(MAIN["services"]) == expected | {"console", "socket-proxy", "connector-engine"}
    assert set(AIRBYTE["services"]) == AIRBYTES | {"airbyte-db", "airbyte-engine"}
    assert {name: tuple(service["profiles"]) for name, service in SERVICES.items() if "profiles" in service} == PROFILES


@pytest.mark.parametrize("name", SERVICES)
class TestEveryService:
    def test_ports_are_on_loopback(self, name: str) -> None:
        assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))

    def test_privileges(self, name: str) -> None:
        service = SERVICES[name]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["cap_drop"] == ["ALL"]
        assert tuple(service.get("cap_add", [])) == CAPABILITIES.get(name, ())
        forbidden = {
            "privileged",
            "pid",
            "ipc",
            "network_mode",
            "userns_mode",
            "uts",
            "cgroup",
            "devices",
            "cgroup_parent",
        }
        assert not forbidden & set(service)

    def test_init(self, name: str) -> None:
        """An init process in a proxy's container would stay root and could not send the proxy a signal."""
        assert SERVICES[name]["init"] is (name not in PROXIES)

    def test_not_root(self, name: str) -> None:
        if name in AIRBYTES:
            assert "user" not in SERVICES[name]
            return
        user, _, group = SERVICES[name]["user"].partition(":")
        if name in PROXIES:
            assert (user, group) == ("0", "0")
        else:
            assert int(user) > 0
            assert int(group) > 0

    def test_nothing_is_written_but_volumes_and_tmpfs(self, name: str) -> None:
        service = SERVICES[name]
        assert service.get("read_only", False) is (name not in AIRBYTES)
        binds = [volume for volume in service.get("volumes", []) if volume.startswith((".", "/", "~"))]
        assert binds == BINDS.get(name, [])

    def test_limits(self, name: str) -> None:
        service = SERVICES[name]
        assert {"mem_limit", "cpus", "pids_limit"} <= set(service)
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}

    def test_networks(self, name: str) -> None:
        assert tuple(sorted(SERVICES[name]["networks"])) == NETWORKS.get(name, ("platform",))

    def test_restarts_and_health(self, name: str) -> None:
        service = SERVICES[name]
        if name in ONE_SHOT:
            assert service["restart"] == "on-failure:3"
            assert "healthcheck" not in service
        else:
            assert service["restart"] == "unless-stopped"
            assert {"test", "interval", "timeout", "retries", "start_period", "start_interval"} <= set(
                service["healthcheck"]
            )
        for other, entry in service.get("depends_on", {}).items():
            # A service of a mode is waited for where it is.
            same = PROFILES.get(other) in (None, PROFILES.get(name))
            assert entry.get("required", True) is same
            assert "condition" in entry

    def test_images_are_pinned(self, name: str) -> None:
        assert re.fullmatch(r"[\w./-]+:(?!latest)[\w.-]+", SERVICES[name]["image"])

    def test_no_secret_but_through_the_environment(self, name: str) -> None:
        service = SERVICES[name]
        for key, value in environment(name).items():
            # Resolved with required variables only: a default would show here as something else than a name.
            assert not SECRET.search(key) or key in NOT_SECRET or re.fullmatch(r"[A-Z_]*", str(value or ""))
        elsewhere = {key: service[key] for key in ("build", "command", "labels") if key in service}
        assert not SECRET.search(str(elsewhere))


def test_the_networks_names_are_fixed_and_the_engines_is_closed() -> None:
    assert COMPOSE["networks"]["platform"]["name"] == "COMPOSE_PROJECT_NAME_platform"
    for name in ("engine", "airbyte-engine", "connector-engine"):
        assert COMPOSE["networks"][name] == {"internal": True}


def test_secrets_have_no_default_and_the_example_is_empty() -> None:
    for name, default in re.findall(r"\$\{(\w+):?-([^}]*)\}", TEXT):
        assert not SECRET.search(name) or name in NOT_SECRET or default == ""
    for name, value in re.findall(r"^#?(\w+)=(.*)$", EXAMPLE, re.MULTILINE):
        assert not SECRET.search(name) or value == ""
    looking = {name for name in TABLE if SECRET.search(name)} - NOT_SECRET
    assert looking <= {setting.name for setting in TABLE.values() if setting.secret}


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    used = set(re.findall(r"\$\{(\w+)", TEXT)) - set(re.findall(r"INPUTS_\w+", TEXT))
    described = {setting.name for setting in TABLE.values() if setting.env != "none"}
    assert used == described - {"COMPOSE_PROFILES"}


def test_what_a_run_worker_gets_is_what_the_daemon_has_and_the_proxy_lets_through() -> None:
    names = DAGSTER["run_launcher"]["config"]["env_vars"]
    daemon = environment("daemon")
    assert set(names) <= set(daemon)
    assert all(re.search(VARIABLE, f"{name}=x") for name in names)
    assert not {"DOCKER_HOST", "DAGSTER_HOME"} & set(names)
    assert set(names) >= set(daemon) - {
        "AIRBYTE_CONNECTORS",
        "AIRBYTE_SETUP_EMAIL",
        "DOCKER_HOST",
        "PLATFORM_NETWORK",
        "DAGSTER_CURRENT_IMAGE",
        "DAGSTER_DAEMON_HEARTBEAT_TOLERANCE",
        "GOOGLE_APPLICATION_CREDENTIALS",  # the proxy mounts the key and names it
        # No run evaluates a sensor.
        *("FILE_SENSOR", "FILE_SENSOR_SECONDS", "FILE_SETTLE_SECONDS", "ALERT_URLS", "ALERTS_DIR", "DAGSTER_LINK"),
        "ALLOWED_HOSTS",  # of the webserver
        *("DRIFT_SENSOR_SECONDS", "BOOTSTRAP_STATE_DIR", "DBT_DOCS"),
    }


def test_the_links_of_alerts_lead_to_the_port_of_dagster() -> None:
    for name in ("code", "console"):
        assert environment(name)["DAGSTER_LINK"] == "http://127.0.0.1:3000"
    assert (
        FILES["docker-compose.yml"].count("DAGSTER_LINK: ${DAGSTER_LINK:-http://127.0.0.1:${DAGSTER_PORT:-3000}}") == 2
    )


def test_the_proxy_lets_through_what_dagster_asks_for() -> None:
    proxy, daemon = SERVICES["socket-proxy"]["environment"], SERVICES["daemon"]
    assert proxy["PROXY_IMAGE"] == daemon["image"] == daemon["environment"]["DAGSTER_CURRENT_IMAGE"]
    assert (
        proxy["PROXY_NETWORK"] == daemon["environment"]["PLATFORM_NETWORK"] == COMPOSE["networks"]["platform"]["name"]
    )
    volume, folder = proxy["PROXY_COMPUTE_LOGS"].split(":")
    assert volume == COMPOSE["volumes"]["compute_logs"]["name"]
    assert f"compute_logs:{folder}" in SERVICES["webserver"]["volumes"]
    assert DAGSTER["compute_logs"]["config"]["base_dir"] == folder
    assert set(DAGSTER["run_launcher"]["config"]["container_kwargs"]) == {"stop_timeout"}


def test_the_doctor_looks_at_every_file_that_is_mounted_from_the_checkout() -> None:
    files = {config["file"] for config in AIRBYTE["configs"].values()}
    assert {f"compose/airbyte/{file.removeprefix('./')}" for file in files} == set(doctor.MOUNTED_BY_AIRBYTE)
    binds = [bind for name, binds in BINDS.items() if name not in PROXIES for bind in binds]
    assert {bind.split(":")[0] for bind in binds} == {f"./{name}" for name in doctor.MOUNTED + doctor.MOUNTED_FOLDERS}


def test_localstack_is_the_release_that_its_scripts_are_written_for() -> None:
    """They use private parts of it; test_persistent_s3.py runs them in the release of the lock."""
    [written_for] = re.findall(
        r'^WRITTEN_FOR = "(.+)"$', (ROOT / "compose/localstack/persistent_s3/install.py").read_text(), re.MULTILINE
    )
    [locked] = re.findall(
        r"^localstack-core\S*==(\S+)", (ROOT / "compose/stand-in/localstack/requirements.txt").read_text(), re.MULTILINE
    )
    assert locked.startswith(written_for)
    assert SERVICES["localstack"]["image"] == f"localstack/localstack:{locked}"


def test_localstack_is_healthy_by_the_same_sign_on_compose_and_as_a_process() -> None:
    assert LOCALSTACK_HAS_ITS_OBJECTS in SERVICES["localstack"]["healthcheck"]["test"][-1]
    [script] = [path.name for path in (ROOT / "compose/localstack/start.d").iterdir() if path.suffix == ".py"]
    assert script in LOCALSTACK_HAS_ITS_OBJECTS


def test_the_connectors_proxy_lets_through_what_the_worker_asks_for() -> None:
    proxy, worker = SERVICES["airbyte-engine"]["environment"], SERVICES["airbyte-worker"]["environment"]
    assert proxy["PROXY_POLICY"] == "connectors"
    assert (proxy["PROXY_NETWORK"], worker["DOCKER_NETWORK"]) == (COMPOSE["networks"]["platform"]["name"],) * 2
    for variable, mount, volume in (("PROXY_WORKSPACE", "WORKSPACE", "workspace"), ("PROXY_LOCAL", "LOCAL", "local")):
        name = COMPOSE["volumes"][f"airbyte_{volume}"]["name"]
        assert proxy[variable] == worker[f"{mount}_DOCKER_MOUNT"] == name
        assert f"airbyte_{volume}:{worker[f'{mount}_ROOT']}" in SERVICES["airbyte-worker"]["volumes"]
    assert worker["DOCKER_HOST"] == "tcp://airbyte-engine:2375"
    settings = from_environment({name: str(value) for name, value in proxy.items()})
    assert isinstance(settings, ConnectorSettings)
    at_once = {name: worker[f"MAX_{name}_WORKERS"] for name in ("SYNC", "CHECK", "DISCOVER", "SPEC")}
    assert settings.max_workers >= sum(at_once.values()) + at_once["SYNC"], "a sync runs two connectors"
    for connector in resolve_lines(ROOT / "compose/airbyte/compose.env")["AIRBYTE_CONNECTORS"].split():
        settings.require_image(f"airbyte/{connector}")


def test_airbyte_lite_reaches_the_engine_by_its_proxy_only() -> None:
    proxy, airbyte = SERVICES["connector-engine"]["environment"], SERVICES["airbyte"]
    assert airbyte["environment"]["DOCKER_HOST"] == "tcp://connector-engine:2375"
    assert proxy["PROXY_NETWORK"] == COMPOSE["networks"]["connectors"]["name"]
    settings = from_environment({name: str(value) for name, value in proxy.items()})
    assert type(settings) is ImageSettings
    assert settings.memory_mib == int(TABLE["AIRBYTE_LITE_CONNECTOR_MEMORY_MIB"].default)


# Airbyte's three JVM services, and the variables without a default in the configuration files that are in their images:
# without one of them a service ends at its start.
JVMS = ("airbyte-server", "airbyte-worker", "airbyte-cron")
DATABASE = {"DATABASE_URL", "DATABASE_USER", "DATABASE_PASSWORD"}
MIGRATIONS = {f"{name}_DATABASE_MINIMUM_FLYWAY_MIGRATION_VERSION" for name in ("CONFIGS", "JOBS")}
STORAGE = {"STORAGE_TYPE"} | {
    f"STORAGE_BUCKET_{name}" for name in ("LOG", "STATE", "WORKLOAD_OUTPUT", "ACTIVITY_PAYLOAD")
}
OTHERS = {"AIRBYTE_VERSION", "INTERNAL_API_HOST", "JOB_ERROR_REPORTING_SENTRY_DSN", "LOCAL_ROOT", "WORKSPACE_ROOT"}


@pytest.mark.parametrize("name", JVMS)
def test_airbytes_services_have_what_they_do_not_start_without(name: str) -> None:
    variables = SERVICES[name]["environment"]
    assert set(variables) >= DATABASE | MIGRATIONS | STORAGE | OTHERS
    # It registers their workflows, and their store of secrets.
    assert (variables["MICRONAUT_ENVIRONMENTS"], variables["SECRET_PERSISTENCE"]) == (
        "control-plane",
        "TESTING_CONFIG_DB_TABLE",
    )
    # Connectors have no limits of the server's: empty, as an absent one would be two gigabytes.
    assert {value for key, value in variables.items() if key.startswith("JOB_MAIN_CONTAINER")} == {""}


def test_the_bootloader_has_no_store_of_secrets() -> None:
    variables = set(SERVICES["airbyte-bootloader"]["environment"])
    assert variables >= DATABASE | {"AIRBYTE_VERSION", "CONNECTOR_REGISTRY_SEED_PROVIDER"}
    # With the other services' store of secrets it ends with "No bean of type DSLContext … local-secrets".
    assert not variables & {"SECRET_PERSISTENCE", "MICRONAUT_ENVIRONMENTS"}


def test_the_heap_leaves_room_within_the_limit() -> None:
    for name in (*JVMS, "airbyte-bootloader"):
        variables = SERVICES[name]["environment"]
        # Not JAVA_TOOL_OPTIONS: the images' start scripts set 75 too, and the last option wins.
        assert not {key for key in variables if key.startswith("J") and key.endswith("TOOL_OPTIONS")}
        [percentage] = re.findall(r"^-XX:MaxRAMPercentage=(\d+)$", variables["JAVA_OPTS"])
        assert int(percentage) < 75


def test_telemetry_is_off_and_the_list_of_connectors_stays() -> None:
    for name in (*JVMS, "airbyte-bootloader"):
        variables = SERVICES[name]["environment"]
        assert (variables["TRACKING_STRATEGY"], variables["SEGMENT_WRITE_KEY"]) == ("logging", "")
        assert variables["CONNECTOR_REGISTRY_SEED_PROVIDER"] == "local"
    for name in JVMS:
        variables = SERVICES[name]["environment"]
        assert variables["JOB_ERROR_REPORTING_SENTRY_DSN"] == ""
        assert variables["PUBLISH_METRICS"] == variables["UPDATE_DEFINITIONS_CRON_ENABLED"] == "false"


def test_our_images() -> None:
    text = (ROOT / "services/Dockerfile").read_text()
    assert "syntax=" not in text, "asks a registry for a front end"
    stages = {
        match["name"]: (match["base"], match["body"])
        for match in re.finditer(
            r"^FROM (?P<base>\S+) AS (?P<name>\S+)\n(?P<body>.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL
        )
    }
    assert len(stages) == len(re.findall(r"^FROM ", text, re.MULTILINE))
    assert {base for base, _ in stages.values()} - set(stages) == {"$PYTHON_IMAGE"}
    assert set(re.findall(r"\bfrom=([^\s,]+)", text)) <= set(stages)
    assert "UV_REQUIRE_HASHES=1" in text
    assert not re.search(r"^(ADD|COPY) (--\S+ )*\. ", text, re.MULTILINE), "copies everything"
    for name, (_, body) in stages.items():
        if name.startswith("build"):
            # Under a strict umask only the owner can read the checkout's files: each copied folder is made readable.
            pattern = r"^COPY (?:(?!--from).)* (/opt/(?!venv\.txt|connectors\.txt|connectors/)\w+)"
            readable = "".join(re.findall(r"^RUN chmod -R a\+rX ([^&\n]+)", body, re.MULTILINE))
            folders = set(re.findall(pattern, body, re.MULTILINE))
            assert folders or name in ("build", "build-source-s3"), name  # they copy locks only
            assert folders <= set(re.findall(r"/opt/\w+", readable)), name
        else:
            assert re.findall(r"^COPY (?!--from=build)", body, re.MULTILINE) == [], name
    services = {service["build"]["target"] for service in SERVICES.values() if "build" in service}
    assert services == {name for name, (base, _) in stages.items() if base == "service"} - {"build-orchestrator"}
    for name in services:
        assert re.findall(r"^USER (.+)$", stages[name][1], re.MULTILINE) == ["platform"], name


def test_the_build_context_holds_no_secrets() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert kept == {"compose/dagster", "connections.yaml", "dbt_project", "packages", "seed_data", "services"}


def test_secrets_of_connections_reach_only_who_plans_and_applies() -> None:
    mine = {"path": "connections.env", "required": False}
    assert [name for name, service in SERVICES.items() if mine in service.get("env_file", [])] == [
        "bootstrap",
        "console",
    ]
    assert SERVICES["bootstrap"]["env_file"][0] == mine  # the platform's own come later, and win
    assert "connections.env" in (ROOT / ".gitignore").read_text().splitlines()
