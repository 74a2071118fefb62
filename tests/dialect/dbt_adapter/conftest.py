"""dbt's fixtures of a project, with the emulator as the warehouse."""

from collections.abc import Iterator
from typing import Any

import pytest
from dbt.tests.fixtures.project import *  # noqa: F403 -- dbt gives them as a plugin, which only a root conftest can load
from dbt_common.behavior_flags import BehaviorFlagRendered

from tests.integration.running import Server


@pytest.fixture(scope="class")  # type: ignore[no-redef]  # instead of dbt's
def dbt_profile_target(warehouse: Server) -> dict[str, Any]:
    """Return the dbt profile of the emulator."""
    return {
        "type": "bigquery",
        "method": "oauth-secrets",
        "token": "local",
        "project": "local-dev",
        "location": "US",
        "threads": 4,
        "job_retries": 0,
        "api_endpoint": warehouse.url,
    }


@pytest.fixture(scope="session", autouse=True)
def quick_flags() -> Iterator[None]:
    """Skip dbt's search for the module that asks for a flag: with pytest's modules it takes a second a flag."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BehaviorFlagRendered, "_default_source", staticmethod(lambda: "dbt.adapters.bigquery.impl"))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let dbt and its clients warn: the warnings are not ours."""
    for item in items:
        if "dbt_adapter" in item.path.parts:
            item.add_marker(pytest.mark.filterwarnings("ignore"))
