"""Foreign clients of Airbyte's API against airbyte-lite, each in an environment of its own (`make clients`)."""

from pathlib import Path
from typing import Any

import pytest

from ..syncs import Syncs
from .conftest import Run, World

SDKS = ("airbyte_api_0_44", "airbyte_api_0_53")
PREFECT = ("prefect_airbyte", "airbyte_prefect")


def connections(world: World) -> list[str]:
    return sorted(world[name] for name in ("people", "broken", "endless"))


def test_airflow(run: Run) -> None:
    facts = run("airflow", "use_airflow.py")
    assert facts["check"] is True
    assert "401" in facts["wrong credentials"]
    assert (facts["sync"], facts["records"], facts["deferred sync"]) == ("succeeded", 3, "success")
    assert (facts["sensor"], facts["deferred sensor"]) == ("succeeded", "not deferred")
    assert "Job failed" in facts["failed sync"]
    assert "has failed" in facts["deferred failed sync"]
    assert "Job failed" in facts["sensor of a failed sync"]
    assert "409" in facts["second sync"]
    assert (facts["running"], facts["killed"]) == ("running", "cancelled")
    assert "Timeout" in facts["timed out"]
    assert facts["cancelled at its time-out"] == "cancelled"


@pytest.mark.parametrize("package", PREFECT)
def test_prefect(run: Run, package: str) -> None:
    facts = run(package, "use_prefect.py", package)
    assert facts["check"] is True
    assert "401" in facts["wrong credentials"]
    assert facts["status"] == "active"
    assert (facts["sync"], facts["records"]) == ("succeeded", 3)
    assert facts["unknown connection"].startswith("ConnectionNotFoundException")
    assert facts["block"] == ["succeeded", 0]  # the second sync finds no new file
    assert facts["failed sync"].startswith("AirbyteSyncJobFailed")


def test_pyairbyte(run: Run, world: World) -> None:
    facts = run("pyairbyte", "use_pyairbyte.py")
    assert facts["check"] is True
    assert "401" in facts["wrong credentials"]
    assert facts["connections"] == connections(world)
    assert (facts["sources"], facts["destinations"]) == (3, 3)
    assert (facts["streams"], facts["sync"], facts["records"]) == (["people"], "succeeded", 3)
    assert facts["last"] is True
    assert facts["attempts"] == [["succeeded", 3]]
    assert "people" in facts["log"]
    assert facts["catalog"] == ["people"]
    assert "history" in facts["state"]
    assert facts["failed sync"].startswith("AirbyteConnectionSyncError")
    assert "409" in facts["second sync"]
    assert (facts["running"], facts["cancelled"]) == ("running", "cancelled")


@pytest.mark.parametrize("release", SDKS)
def test_older_sdks(run: Run, world: World, release: str) -> None:
    facts: dict[str, Any] = run(release, "use_sdk.py")
    assert facts.get("check", True) is True  # the oldest has no health check
    assert "401" in facts["wrong credentials"]
    assert facts["connections"] == connections(world)
    assert facts["sources"] == ["s3"] * 3
    assert facts["destinations"] == ["DestinationBigquery"] * 3
    assert (facts["sync"], facts["records"], facts["failed sync"]) == ("succeeded", 3, "failed")
    assert "409" in facts["second sync"]
    assert (facts["running"], facts["cancelled"], facts["jobs"]) == ("running", "cancelled", True)


def test_datahub(run: Run, world: World, syncs: Syncs, tmp_path: Path) -> None:
    # DataHub discovers the schema of every active connection; its patterns, which could leave one out, have no effect.
    syncs.call("PATCH", f"connections/{world['endless']}", {"status": "inactive"})
    facts = run("datahub", "use_datahub.py", str(tmp_path / "metadata.json"))
    assert "401" in facts["wrong credentials"]
    [failure] = facts["failures"]
    assert "there-is-no-such-bucket" in failure
    assert {"dataFlow.dataFlowInfo", "dataJob.dataJobInfo", "dataset.upstreamLineage"} <= set(facts["kinds"])
    assert facts["tables"] == ["urn:li:dataset:(urn:li:dataPlatform:bigquery,local-dev.people,PROD)"]
    assert {"id", "name"} <= set(facts["columns"])
