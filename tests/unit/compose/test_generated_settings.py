"""What is generated from the table of settings, and that it is current."""

import json
import re
from dataclasses import replace

import pytest

from tools import settings
from tools.settings_table import PORTS, TABLE


def test_what_is_generated_is_current() -> None:
    assert not list(settings.outdated()), "differs from the table of settings. Write it again: make settings"


def test_a_changed_default_reaches_every_file_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE, "BQ_LOCATION", replace(TABLE["BQ_LOCATION"], default="EU"))
    changed = settings.outdated()
    assert set(changed) == {
        ".env.example",
        "docker-compose.yml",
        "docs/settings.md",
        "connections.yaml",
        "dbt_project/profiles.yml",
        "services/Dockerfile",
    }
    assert "BQ_LOCATION: ${BQ_LOCATION:-EU}" in changed["docker-compose.yml"]
    assert "env_var('BQ_LOCATION', 'EU')" in changed["dbt_project/profiles.yml"]
    assert "${BQ_LOCATION:-EU}" in changed["connections.yaml"]
    assert "\nARG BQ_LOCATION=EU\n" in changed["services/Dockerfile"]


def test_a_default_that_only_processes_have_reaches_the_dbt_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    name, default = "BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9999"
    monkeypatch.setitem(TABLE, name, replace(TABLE[name], default=default))
    assert f"env_var('{name}', '{default}')" in settings.outdated()["dbt_project/profiles.yml"]


def test_the_readme_lists_every_port() -> None:
    readme = (settings.ROOT / "README.md").read_text()
    for setting in TABLE.values():
        if setting.port_of:
            assert re.search(rf"127\.0\.0\.1:{setting.default}\b.*`{setting.name}`", readme), setting.name


def test_the_dev_container_forwards_every_port() -> None:
    lines = (settings.ROOT / ".devcontainer/devcontainer.json").read_text().splitlines()
    container = json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))
    assert sorted(container["forwardPorts"]) == sorted(PORTS.values())
    assert sorted(map(int, container["portsAttributes"])) == sorted(PORTS.values())
    assert container["postCreateCommand"] == "python3 -m tools.install platform"


def test_a_file_that_lost_its_generated_lines_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.BLOCKS, "README.md", settings.run_worker)
    with pytest.raises(ValueError, match=r"README.md: .*begin"):
        settings.generated()
