"""airbyte-cdk's standard tests of a source, with airbyte-lite in the place of the connector's own process.

pytest runs this file in the environment `connector-tests`, see `tools/connectors/standard.py`. The variable
CONNECTOR_TESTS is a JSON object: `command`, the command line that runs a command of the connector; `root`, the folder
in which it runs; `overdue`, its exit code and the words for a command that a time limit of airbyte-lite ended;
`folder`, the connector's folder; `scenario`, the fields of a ConnectorTestScenario.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase

GIVEN = json.loads(os.environ["CONNECTOR_TESTS"])


class ByAirbyteLite:
    """Stands for the connector, which never runs in this process."""

    def spec(self, logger: Any) -> Any:
        """Only mark this object as a connector; `run` runs every command."""
        raise NotImplementedError(logger)


def run(source: ByAirbyteLite, args: list[str], **_expected: Any) -> EntrypointOutput:  # noqa: ARG001
    """Run a command of the connector through airbyte-lite and return its messages.

    A test fails if a time limit ended its command: it may expect an error, but the connector has given none.
    """
    result = subprocess.run([*GIVEN["command"], *args], cwd=GIVEN["root"], stdout=subprocess.PIPE, text=True)
    code, words = GIVEN["overdue"]
    if result.returncode == code:
        told = json.loads(result.stdout.splitlines()[-1])["trace"]["error"]["message"]
        pytest.fail(f"{words}: {told}", pytrace=False)
    return EntrypointOutput(messages=result.stdout.splitlines())


entrypoint_wrapper._run_command = run  # the function with which the tests run every command


class TestConnector(SourceTestSuiteBase):  # type: ignore[misc]
    """The standard tests. Those of images (`image_tests`) build an image from a connector's sources: deselected."""

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        """Return the folder of the connector. Its name is the connector's."""
        return Path(GIVEN["folder"])

    @classmethod
    def create_connector(cls, scenario: ConnectorTestScenario | None = None) -> ByAirbyteLite:  # noqa: ARG003
        """Return what stands for the connector, whatever the scenario: its configuration is an argument of `run`."""
        return ByAirbyteLite()

    @classmethod
    def get_scenarios(cls) -> list[ConnectorTestScenario]:
        """Return the one scenario."""
        return [ConnectorTestScenario(**GIVEN["scenario"])]
