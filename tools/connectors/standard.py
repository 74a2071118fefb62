"""Runs airbyte-cdk's standard tests (airbyte_cdk.test.standard_tests) with a connector, through airbyte-lite.

The tests run in an environment of their own. There, `standard_tests/suite.py` replaces the function that runs a
command in the tests' process: each command is run by `run_command.py`, with the fork server or the container, the
limits and the protocol of airbyte-lite.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from airbyte_lite.connectors.masking import secret_values
from platform_kit.redaction import Redactor
from tools import install
from tools.connectors import block, run_command
from tools.connectors.new import Places

TESTS = {
    "spec": "test_spec",
    "configuration": "test_config_matches_spec",
    "check": "test_check",
    "discover": "test_discover",
    "read": "test_basic_read",
    "bad catalog": "test_fail_read_with_bad_catalog",
}
"""The columns of the table, and the test behind each."""
PASSED, RAISES, FAILED, NOT_ASKED = "passed", "passed: raises", "failed", "needs an account"
OVERDUE = "ended: time limit"
SUITE = Path(__file__).parent / "standard_tests/suite.py"
ENVIRONMENT = "connector-tests"
SECONDS = 1800
"""Time for all tests of one connector."""


@dataclass
class Answers:
    """The results of one connector."""

    results: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    """Why a test failed, without secrets."""


@dataclass(frozen=True)
class Scenario:
    """What is tested with which configuration: a ConnectorTestScenario."""

    configuration: dict[str, Any]
    status: str
    sections: tuple[str, ...]


def scenario(schema: dict[str, Any], configuration: dict[str, Any] | None) -> Scenario:
    """Return the scenario for a connector's schema, and for a configuration if there is one.

    Without an account, only the specification and the refusal of invented values can be tested.
    """
    given = configuration if configuration is not None else block.defaults(schema)
    needs_account = '"airbyte_secret": true' in json.dumps(schema)  # also if the secret is not required, as in notion
    if given is not None and (configuration is not None or not needs_account):
        return Scenario(given, "succeed", ("spec", "connection", "discovery", "full_refresh"))
    invented = given if given is not None else block.made_up(schema)
    return Scenario(invented, "failed", ("spec", "connection"))


def ask(places: Places, name: str, schema: dict[str, Any], configuration: dict[str, Any] | None) -> Answers:
    """Run the standard tests of an installed connector. The reasons have a mask in the place of secrets."""
    chosen = scenario(schema, configuration)
    unknown = {"properties": {key: {"airbyte_secret": True} for key in configuration or {}}}
    redact = Redactor(secret_values(configuration or {}, schema or unknown))
    answers = read_report(run(places, name, chosen, redact), redact)
    if chosen.status == "failed" and answers.results["check"] == FAILED:
        # Some connectors raise an error where others report a status. The tests know this as another expectation.
        raising = replace(chosen, status="exception", sections=("connection",))
        again = read_report(run(places, name, raising, redact), redact)
        if again.results["check"] == PASSED:
            answers.results["check"] = RAISES
            del answers.reasons["check"]
    return answers


def run(places: Places, name: str, chosen: Scenario, redact: Callable[[str], str]) -> str:
    """Run the tests with one scenario and return pytest's report (JUnit XML).

    Raises InstallError, without secrets, if the tests do not run or do not end in time.
    """
    folder = places.root / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    configuration = folder / "config.json"
    configuration.touch(mode=0o600)
    configuration.write_text(json.dumps(chosen.configuration), encoding="utf-8")
    fields = {"config_path": str(configuration), "status": chosen.status, "sections": chosen.sections}
    command = [sys.executable, "-m", "tools.connectors.run_command", str(places.root), name]
    overdue = [run_command.OVERDUE, OVERDUE]
    given = {
        "command": command,
        "root": str(install.ROOT),
        "overdue": overdue,
        "folder": str(folder),
        "scenario": fields,
    }
    line = [
        *(str(install.ENVIRONMENTS / ENVIRONMENT / "bin/python"), "-m", "pytest", "--quiet", "-c", os.devnull),
        *("--rootdir", str(folder), "-p", "no:cacheprovider", "-p", "airbyte_cdk.test.standard_tests.pytest_hooks"),
        *("-m", "not image_tests", "-W", "ignore", f"--junitxml={report}", str(SUITE)),
    ]
    variables = {"CONNECTOR_TESTS": json.dumps(given), "TMPDIR": str(folder)}
    output = folder / "output.txt"
    with output.open("w") as written_to:
        process = subprocess.Popen(
            line,
            cwd=install.ROOT,
            env=install.environment() | variables,
            stdout=written_to,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise install.InstallError(f"airbyte-cdk's standard tests did not end within {SECONDS} s") from None
        finally:
            if process.poll() is None:  # its commands and their connectors are in its group
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    written = report.read_text(encoding="utf-8") if report.exists() else ""
    if TESTS["spec"] not in written:
        told = redact(output.read_text(encoding="utf-8", errors="replace"))
        raise install.InstallError(f"airbyte-cdk's standard tests did not run:\n{told[-2000:]}")
    return written


def read_report(report: str, redact: Callable[[str], str]) -> Answers:
    """Return the result of each test in a report, without secrets. A test that is not in it has failed."""
    answers = Answers()
    written = ElementTree.fromstring(report)  # noqa: S314 -- our own pytest wrote it
    cases = {str(case.get("name")).partition("[")[0]: case for case in written.iter("testcase")}
    for question, test in TESTS.items():
        case = cases.get(test)
        faults = [] if case is None else [*case.findall("failure"), *case.findall("error")]
        if case is None or faults:
            told = faults[0].get("message") or faults[0].text or "" if faults else "the test did not run"
            before, overdue, reason = told.partition(f"{OVERDUE}: ")
            answers.results[question], told = (OVERDUE, reason) if overdue else (FAILED, before)
            # First without secrets: they may have line breaks, or begin before the cut.
            answers.reasons[question] = re.sub(r"\s+", " ", redact(told))[:300]
        else:
            answers.results[question] = NOT_ASKED if case.find("skipped") is not None else PASSED
    return answers
