"""The image is built with the settings of its containers, because dbt's manifest in the image depends on them."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]


def test_what_dbt_reads_is_a_build_argument_with_the_containers_value() -> None:
    project = ROOT / "dbt_project"
    files = [project / "profiles.yml", project / "dbt_project.yml", *(project / "models").rglob("*.*")]
    read = {name for file in files for name in re.findall(r"env_var\('(\w+)'", file.read_text())}
    read.remove("BIGQUERY_EMULATOR_HOST")  # where the warehouse is changes nothing in a manifest

    [migrate] = [
        service
        for service in yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].values()
        if service.get("build", {}).get("target") == "orchestrator"
    ]
    given = {name: migrate["build"]["args"].get(name) for name in read}
    assert given == {name: migrate["environment"].get(name) for name in read} | {"WAREHOUSE": "${WAREHOUSE:-emulator}"}

    dockerfile = (ROOT / "services/Dockerfile").read_text()
    before_prepare = dockerfile[: dockerfile.index("bin/orchestrator-prepare")]
    defaults = dict(re.findall(r"^ARG (\w+)=(.*)$", before_prepare, re.MULTILINE))
    assert {name: f"${{{name}:-{defaults.get(name)}}}" for name in read} == given
