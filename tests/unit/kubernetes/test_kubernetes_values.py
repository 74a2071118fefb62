"""The values for the official Helm charts use documented keys only, and say the same as the platform on Compose."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.settings import Settings
from platform_kit.settings import SettingsError
from tools.settings_table import TABLE

ROOT = Path(__file__).resolve().parents[3]
HERE = ROOT / "deploy" / "kubernetes"
DOCUMENTED = yaml.safe_load((HERE / "documented-keys.yaml").read_text())
COMPOSE = yaml.safe_load((ROOT / "compose/dagster/dagster.yaml").read_text())


def values(chart: str) -> dict[str, Any]:
    """Our values for a chart."""
    found: dict[str, Any] = yaml.safe_load((HERE / f"values-{chart}.yaml").read_text())
    return found


def paths(value: Any, path: str = "") -> Iterator[str]:
    """The path of every leaf; a list of mappings gives those of its items."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from paths(item, f"{path}.*")
    else:
        yield path


def console() -> dict[str, Any]:
    """The deployment of the console."""
    documents = yaml.safe_load_all((HERE / "console.yaml").read_text())
    [found] = [document for document in documents if document["kind"] == "Deployment"]
    return dict(found)


def compared(chart: str, found: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The values' keys that the chart does not document, and the documented keys that the values do not use."""
    documented = {key for keys in DOCUMENTED[chart].values() for key in keys}
    exact = {key for key in documented if not key.endswith(".**")}
    open_ = {key.removesuffix("**") for key in documented - exact}
    used = set(paths(found))
    unknown = {path for path in used - exact if not any(f"{path}.".startswith(prefix) for prefix in open_)}
    unused = {prefix for prefix in open_ if not any(f"{path}.".startswith(prefix) for path in used)}
    return unknown, (exact - used) | unused


@pytest.mark.parametrize("chart", ["dagster", "airbyte"])
def test_every_key_is_documented_and_every_documented_key_is_used(chart: str) -> None:
    assert compared(chart, values(chart)) == (set(), set())


def test_a_key_that_the_chart_does_not_have_is_found() -> None:
    found = values("dagster")
    found["dagsterDaemon"]["runMonitor"] = found["dagsterDaemon"].pop("runMonitoring")
    found["dagsterDaemon"]["resource"] = found["dagsterDaemon"].pop("resources")
    found["dagster-user-deployments"]["deployments"][0]["envSecret"] = [{"name": "platform"}]
    unknown, unused = compared("dagster", found)
    settings = "enabled", "maxResumeRunAttempts", "pollIntervalSeconds", "startTimeoutSeconds"
    assert {path for path in unknown if "runMonitor" in path} == {
        f"dagsterDaemon.runMonitor.{name}" for name in settings
    }
    assert {path.split(".")[-1] for path in unknown if path.startswith("dagsterDaemon.resource.")} == {"cpu", "memory"}
    assert "dagster-user-deployments.deployments.*.envSecret.*.name" in unknown
    assert unused == {f"dagsterDaemon.runMonitoring.{name}" for name in settings} | {"dagsterDaemon.resources."}


def test_dagster_is_told_the_same_as_on_compose() -> None:
    found = values("dagster")
    daemon = found["dagsterDaemon"]
    assert daemon["runCoordinator"]["type"] == COMPOSE["run_coordinator"]["class"]
    pools = COMPOSE["concurrency"]["pools"]
    assert found["concurrency"]["pools"] == {
        "granularity": pools["granularity"],
        "defaultLimit": pools["default_limit"],
    }
    assert daemon["runMonitoring"]["maxResumeRunAttempts"] == COMPOSE["run_monitoring"]["max_resume_run_attempts"]
    retries = COMPOSE["run_retries"]
    assert daemon["runRetries"]["maxRetries"] == retries["max_retries"]
    assert daemon["runRetries"]["retryOnAssetOrOpFailure"] == retries["retry_on_asset_or_op_failure"]
    assert found["retention"]["sensor"]["purgeAfterDays"] == COMPOSE["retention"]["sensor"]["purge_after_days"]
    assert found["telemetry"]["enabled"] is COMPOSE["telemetry"]["enabled"] is False


def test_the_releases_are_those_of_the_locks() -> None:
    lock = (ROOT / "services/orchestrator/requirements.txt").read_text()
    dagster, integrations = (
        re.search(rf"^{name}==(\S+)", lock, re.MULTILINE) for name in ("dagster", "dagster-postgres")
    )
    assert dagster
    assert integrations
    for service in ("dagsterWebserver", "dagsterDaemon"):
        assert values("dagster")[service]["image"]["tag"] == dagster[1]
    assert (HERE / "requirements.in").read_text().splitlines()[-1] == f"dagster-k8s=={integrations[1]}"


def test_nothing_of_ours_runs_as_root_or_holds_a_secret() -> None:
    [job] = [
        document for document in yaml.safe_load_all((HERE / "bootstrap.yaml").read_text()) if document["kind"] == "Job"
    ]
    pod = job["spec"]["template"]["spec"]
    console_pod = console()["spec"]["template"]["spec"]
    hardened = [each["containers"][0]["securityContext"] for each in (pod, console_pod)]
    found = values("dagster")
    hardened += [found["dagsterWebserver"]["securityContext"], found["dagsterDaemon"]["securityContext"]]
    hardened.append(found["dagster-user-deployments"]["deployments"][0]["securityContext"])
    hardened.append(found["runLauncher"]["config"]["k8sRunLauncher"]["securityContext"])
    assert pod["securityContext"]["runAsNonRoot"] is console_pod["securityContext"]["runAsNonRoot"] is True
    for context in hardened:
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
    for chart in ("dagster", "airbyte"):
        secret = [path for path in paths(values(chart)) if re.search(r"(?i)password|token|accesskey", path)]
        assert all(re.search("Secret(Name|Key)?$", path) for path in secret)


def test_a_replaced_job_keeps_the_state_of_apply() -> None:
    """`kubectl replace --force` deletes every object of the file."""
    kinds = {document["kind"] for document in yaml.safe_load_all((HERE / "bootstrap.yaml").read_text())}
    assert kinds == {"Job"}
    claim = yaml.safe_load((HERE / "bootstrap-state.yaml").read_text())
    job = yaml.safe_load((HERE / "bootstrap.yaml").read_text())
    claims = [
        volume["persistentVolumeClaim"]["claimName"]
        for pod in (job, console())
        for volume in pod["spec"]["template"]["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    ]
    assert claims.count(claim["metadata"]["name"]) == 2


def test_bootstrap_the_code_server_and_runs_get_every_setting() -> None:
    documents = yaml.safe_load_all((HERE / "bootstrap.yaml").read_text())
    [job] = [document for document in documents if document["kind"] == "Job"]
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": "platform"}}, {"secretRef": {"name": "platform"}}]
    [code] = values("dagster")["dagster-user-deployments"]["deployments"]
    assert (code["envConfigMaps"], code["envSecrets"]) == ([{"name": "platform"}], [{"name": "platform"}])
    assert code["includeConfigInLaunchedRuns"] == {"enabled": True}


def test_the_console_gets_every_setting_and_no_variable_of_its_service() -> None:
    pod = console()["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": "platform"}}, {"secretRef": {"name": "platform"}}]
    own = {item["name"]: item["value"] for item in container["env"]}
    assert own.keys() <= TABLE.keys()
    assert pod["enableServiceLinks"] is False, "CONSOLE_PORT would be the address of the Service"
    memory = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["console"]["mem_limit"]
    assert container["resources"]["limits"]["memory"] == memory.replace("m", "Mi")


def test_the_console_starts_only_with_a_password_and_knows_the_host_of_its_probe() -> None:
    [container] = console()["spec"]["template"]["spec"]["containers"]
    own = {item["name"]: item["value"] for item in container["env"]}
    with pytest.raises(SettingsError, match="CONSOLE_PASSWORD"):
        Settings.read(own)
    read = Settings.read(own | {"CONSOLE_PASSWORD": "secret"})
    assert read.names[-1] == "console.example.com"
    [host] = container["readinessProbe"]["httpGet"]["httpHeaders"]
    assert host == {"name": "Host", "value": "127.0.0.1"}
