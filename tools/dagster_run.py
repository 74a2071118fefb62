"""Launches the `all_assets` job through Dagster's GraphQL API and follows the run to its end.

`make run`, `make demo` and `make dev` use it. Standard library only, Python 3.9 or newer.
Usage: python3 -m tools.dagster_run [URL]. Without URL: DAGSTER_URL, or else the default of that setting.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from tools.direct import open_url
from tools.settings_table import TABLE

JOB = "all_assets"
FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}
POLL_SECONDS = 0.2  # between two questions whether the run has ended, which cost Dagster 3 ms of CPU
EVENTS_SECONDS = 1.0  # between two questions for its events, which cost 10 ms and more
ANSWER_SECONDS = 60.0
RELOAD_SECONDS = 300.0  # also of a launch: with hundreds of models on a busy machine
STEPS_FAILED = re.compile(r"[^\n]*Steps failed: \[[^]\n]*\]\.?")
UNREACHABLE_SECONDS = 60.0  # how long the webserver may not answer (it may restart) before following ends

UNREACHABLE = "its code server does not answer; `make dev` and `make up` start it again within seconds"

RELOAD = "mutation { reloadWorkspace { ... on PythonError { message } } }"
JOBS = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } jobs { name } } } } }"
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { name locationOrLoadError {
  ... on PythonError { message causes { message } } } } } } }"""
LAUNCH = """mutation ($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on Error { message }
  ... on RunConfigValidationInvalid { errors { message } } } }"""
TERMINATE = """mutation ($runId: String!) { terminateRun(runId: $runId) {
  __typename ... on TerminateRunFailure { message } ... on PythonError { message } } }"""
STATUS = "query ($runId: ID!) { runOrError(runId: $runId) { ... on Run { status } } }"
EVENTS = """query ($runId: ID!, $cursor: String) {
  runOrError(runId: $runId) { ... on Run { status } }
  logsForRun(runId: $runId, afterCursor: $cursor) { ... on EventConnection { cursor hasMore events {
    __typename
    ... on MessageEvent { message timestamp stepKey }
    ... on MaterializationEvent { assetKey { path } metadataEntries { label ... on IntMetadataEntry { intValue }
      ... on FloatMetadataEntry { floatValue } } }
    ... on AssetCheckEvaluationEvent { evaluation { checkName assetKey { path } success severity
      description metadataEntries { label ... on IntMetadataEntry { intValue }
        ... on FloatMetadataEntry { floatValue } } } }
    ... on ExecutionStepFailureEvent { error { message causes { message } } }
    ... on RunFailureEvent { error { message } } } } } }"""


class DagsterRunError(Exception):
    """A run that could not be launched or followed, or that failed.

    The message says what happened, why, and the next command.
    """


class InterruptedRun(KeyboardInterrupt):
    """Ctrl-C while a run was followed: the run goes on."""

    def __init__(self, url: str, run_id: str) -> None:
        """`url` is Dagster's address."""
        super().__init__()
        self.url, self.run_id = url, run_id


def query(
    url: str, document: str, variables: dict[str, Any] | None = None, seconds: float = ANSWER_SECONDS
) -> dict[str, Any]:
    """Send a GraphQL request and return its data.

    Raises DagsterRunError for a GraphQL error, OSError when Dagster is unreachable.
    """
    body = json.dumps({"query": document, "variables": variables or {}}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    try:
        with open_url(request, timeout=seconds) as answer:
            text = answer.read()
    except http.client.HTTPException as error:  # it ended before its answer was complete
        raise ConnectionError(f"{type(error).__name__} {error}") from error
    try:
        content: dict[str, Any] = dict(json.loads(text))
    except (TypeError, ValueError):
        content = {}
    if "errors" not in content and not isinstance(content.get("data"), dict):
        raise DagsterRunError(f"what answers at {url} is not Dagster. Set DAGSTER_URL to the address of Dagster's page")
    if "errors" in content:
        raise DagsterRunError(f"Dagster refused a query: {content['errors'][0]['message']}")
    data: dict[str, Any] = content["data"]
    return data


def launch(url: str, name: str = JOB) -> str:
    """Launch a job and return the run's id. Raises DagsterRunError when the job is not found or not launched."""
    for repository in query(url, JOBS)["repositoriesOrError"].get("nodes", []):
        if any(job["name"] == name for job in repository["jobs"]):
            selector = {
                "jobName": name,
                "repositoryName": repository["name"],
                "repositoryLocationName": repository["location"]["name"],
            }
            variables = {"parameters": {"selector": selector, "runConfigData": {}}}
            result = query(url, LAUNCH, variables, RELOAD_SECONDS)["launchRun"]
            if result["__typename"] != "LaunchRunSuccess":
                reasons = [result.get("message"), *(error["message"] for error in result.get("errors", []))]
                raise DagsterRunError(f"Dagster did not launch {name}: {'; '.join(filter(None, reasons))}")
            run_id: str = result["run"]["runId"]
            return run_id
    problems = load_errors(url) or ["its code location is not loaded yet"]
    raise DagsterRunError(
        f"Dagster at {url} has no job {name}: {'; '.join(problems)}\n"
        f"Look at the code location in the UI ({url}/locations) or at the log of the code server, then: make run"
    )


def load_errors(url: str) -> list[str]:
    """Return the errors of the code locations that could not be loaded."""
    entries = query(url, LOCATIONS)["workspaceOrError"].get("locationEntries", [])
    errors = [entry["locationOrLoadError"] or {} for entry in entries]
    return [
        UNREACHABLE
        if "DagsterUserCodeUnreachableError" in error["message"]  # the rest of it is gRPC's internal state
        else "\n".join(
            reason.strip() for reason in (error["message"], *(cause["message"] for cause in error["causes"]))
        )
        for error in errors
        if "message" in error
    ]


def terminate(url: str, run_id: str) -> str:
    """End a run, wait for its end and return its status. Raises DagsterRunError when Dagster cannot end it."""
    answer = query(url, TERMINATE, {"runId": run_id})["terminateRun"]
    status = ""
    for event in follow(url, run_id) if answer["__typename"] == "TerminateRunSuccess" else ():
        status = event.get("status", status)
    if not status:  # Dagster refuses to end a run that has just ended
        status = query(url, STATUS, {"runId": run_id})["runOrError"].get("status", "")
    if status not in FINISHED:
        raise DagsterRunError(f"Dagster could not end the run: {answer.get('message', answer['__typename'])}")
    return status


def reload(url: str) -> None:
    """Reload the code locations.

    Raises DagsterRunError with the reason when one cannot be loaded, OSError when Dagster is unreachable.
    """
    try:
        query(url, RELOAD, None, RELOAD_SECONDS)
    except TimeoutError as error:
        raise DagsterRunError(
            f"Dagster at {url} has not loaded the definitions within {RELOAD_SECONDS:.0f} s. It may still load them: "
            f"look at {url}/locations. If it does not: make logs s=code"
        ) from error
    if problems := load_errors(url):
        raise DagsterRunError("\n".join(["the code location cannot be loaded:", *problems]))


def follow(url: str, run_id: str, seconds: float = math.inf) -> Iterator[dict[str, Any]]:
    """Yield a run's events as they happen; the last item is `{"status": …}`. Waits while the webserver restarts.

    Raises DagsterRunError when the run was deleted, when the webserver does not answer for UNREACHABLE_SECONDS, or when
    the run has not ended after `seconds`. The run then goes on.
    """
    cursor, unreachable_since, had_ended = None, None, False
    end = time.monotonic() + seconds
    while True:
        if time.monotonic() > end:
            raise DagsterRunError(
                f"the run has not ended after {seconds:.0f} s and goes on. Look at its page: {url}/runs/{run_id}"
            )
        try:
            data = query(url, EVENTS, {"runId": run_id, "cursor": cursor})
        except OSError as error:
            unreachable_since = unreachable_since or time.monotonic()
            if time.monotonic() - unreachable_since > UNREACHABLE_SECONDS:
                raise DagsterRunError(
                    f"Dagster at {url} has not answered for {UNREACHABLE_SECONDS:.0f} s: {error}\n"
                    "The run may still be working. Look at the services: make ps"
                ) from error
            time.sleep(POLL_SECONDS)
            continue
        unreachable_since = None
        if "events" not in data["logsForRun"] or "status" not in data["runOrError"]:
            raise DagsterRunError(
                f"Dagster at {url} does not know the run {run_id}: it was deleted. Start another run: make run"
            )
        yield from data["logsForRun"]["events"]
        cursor = data["logsForRun"]["cursor"]
        status = data["runOrError"]["status"]
        if not data["logsForRun"]["hasMore"]:
            if had_ended and status in FINISHED:
                yield {"status": status}
                return
            # Dagster looks up the status of an answer after its events: the last events may not be among them.
            had_ended = status in FINISHED or _ends(url, run_id, min(EVENTS_SECONDS, end - time.monotonic()))


def _ends(url: str, run_id: str, seconds: float) -> bool:
    """Return True when the run has ended, False when the webserver does not answer or `seconds` have passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(POLL_SECONDS)
        try:
            if query(url, STATUS, {"runId": run_id})["runOrError"].get("status") in (*FINISHED, None):
                return True
        except OSError:
            return False
    return False


def describe(event: dict[str, Any], started: float) -> str | None:
    """Return the line to show for an event, or None for an event that is not shown."""
    at = f"{float(event['timestamp']) / 1000 - started:6.1f} s" if "timestamp" in event else ""
    kind = event.get("__typename")
    if kind == "MaterializationEvent" and event["assetKey"]:
        entries = {entry["label"]: entry.get("intValue", entry.get("floatValue")) for entry in event["metadataEntries"]}
        took = entries.get("Execution Duration")
        details = f"  ({took:.1f} s)" if took else ""
        rows = entries.get("dagster/row_count")
        details += f"  {rows} rows" if rows is not None else ""
        return f"{at}  asset  {'/'.join(event['assetKey']['path'])}{details}"
    if kind == "AssetCheckEvaluationEvent":
        check = event["evaluation"]
        verdict = "ok   " if check["success"] else "WARN " if check["severity"] == "WARN" else "FAIL "
        line = f"{at}  check  {verdict}{'/'.join(check['assetKey']['path'])}: {check['checkName']}"
        return line if check["success"] else "\n          ".join([line, *_details(check)])
    if kind == "ExecutionStepFailureEvent":
        error = event["error"] or {"message": event["message"], "causes": []}
        reasons = [error["message"], *(cause["message"] for cause in error["causes"])]
        return f"{at}  FAILED {event['stepKey']}\n" + "\n".join(f"          {reason.strip()}" for reason in reasons)
    if kind == "RunFailureEvent":
        if steps := STEPS_FAILED.match(event["message"]):  # the rest repeats the errors of the steps
            return f"{at}  FAILED {steps[0]}"
        error = event["error"] or {"message": ""}
        return f"{at}  FAILED {event['message']} {error['message']}".rstrip()
    return None


def _details(check: dict[str, Any]) -> list[str]:
    """Return the lines that say what a check has found: its description and its numbers."""
    numbers = [
        f"{entry['label']}: {value}"
        for entry in check.get("metadataEntries") or []
        for value in [entry.get("intValue", entry.get("floatValue"))]
        if value is not None
    ]
    lines = (check.get("description") or "").splitlines()
    return [line for line in [*lines, ", ".join(numbers)] if line]


def run(url: str) -> float:
    """Run the job and print its progress. Return the seconds from launch to end. Raises DagsterRunError if it fails."""
    started, began = time.time(), time.monotonic()  # the events have times, and the clock may be set meanwhile
    try:
        run_id = launch(url)
    except urllib.error.HTTPError as error:
        raise DagsterRunError(
            f"Dagster at {url} answers with HTTP {error.code}: its code server may have just ended, and then starts "
            "again within seconds. Next: make run; the log is shown by: make logs s=webserver"
        ) from error
    except TimeoutError as error:
        raise DagsterRunError(
            f"Dagster at {url} has not answered for {ANSWER_SECONDS:.0f} s: it may be loading its definitions. Wait "
            f"until {url}/locations shows them. If {url}/runs has no new run then: make run"
        ) from error
    except OSError as error:
        raise DagsterRunError(
            f"Dagster does not answer at {url}: {error}\nStart the platform first: `make up` or `make dev`."
        ) from error
    print(f"  run {run_id}  {url}/runs/{run_id}", flush=True)
    assets = checks = failed = 0
    status = ""
    try:
        for event in follow(url, run_id):
            line = describe(event, started)
            if line:
                print(f"  {line}", flush=True)
            assets += event.get("__typename") == "MaterializationEvent"
            if event.get("__typename") == "AssetCheckEvaluationEvent":
                checks += 1
                failed += not event["evaluation"]["success"] and event["evaluation"]["severity"] == "ERROR"
            status = event.get("status", status)
    except KeyboardInterrupt as interrupt:
        raise InterruptedRun(url, run_id) from interrupt
    seconds = time.monotonic() - began
    print(f"  {status} in {seconds:.1f} s: {assets} assets, {checks} checks, {failed} failed checks", flush=True)
    if status != "SUCCESS" or failed:
        ending = f"ended with {status}" if status != "SUCCESS" else f"succeeded, but {failed} of its checks failed"
        raise DagsterRunError(f"the run {ending}: see the lines above, and the page of the run: {url}/runs/{run_id}")
    return seconds


def main() -> None:
    """Run the job on the Dagster whose address is the argument or DAGSTER_URL."""
    url = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("DAGSTER_URL") or TABLE["DAGSTER_URL"].default
    if reason := TABLE["DAGSTER_URL"].refusal(url):
        sys.exit(f"run: {reason}")
    try:
        run(url)
    except DagsterRunError as error:
        sys.exit(f"run: {error}")


if __name__ == "__main__":
    main()
