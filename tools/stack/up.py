"""`make up`: brings the platform from any state to a healthy one and shows each service as it becomes healthy."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from datetime import datetime, timezone
from typing import Any

from tools.stack import bigquery, doctor, env, images, modes
from tools.stack.compose import ROOT, StackError, config, output, read_env, say, states, urls

# Seconds. The slowest measured start, on two busy cores, took 45. The real Airbyte is reported to take up to 5 minutes.
DEADLINE, DEADLINE_COMPOSE = 240, 900
POLL = 0.4
LEFT_TITLE = "Not done, because"
"""The beginning of the last lines of bootstrap's log, which say what it left undone."""


def up() -> None:
    """Make .env, check the machine, make the images, start the services and wait until they are healthy.

    Raises StackError.
    """
    env.make_env()
    findings = doctor.examine()
    doctor.show([finding for finding in findings if finding.level != "ok"])
    doctor.stop_if_ill(findings)
    if not images.are_current():
        say("making the images")
        images.make_images()
        late = bigquery.check(read_env())  # examine() may have skipped it, because it needs an image
        doctor.show([finding for finding in late if finding.level != "ok"])
        doctor.stop_if_ill(late)
    remove_other_modes()
    say("starting the services")
    started, since, before = time.monotonic(), datetime.now(timezone.utc), states()
    command = ["docker", "compose", "--progress", "quiet", "up", "--detach", "--remove-orphans", "--no-build"]
    variables = os.environ | connections_digest()
    process = subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        wait(process, before, started)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate()
    for line in left_by_bootstrap(since):
        say(line)
    addresses, mode = urls(read_env()), modes.mode(read_env())
    say(f"healthy after {time.monotonic() - started:.0f} s")
    say(f"  Console    {addresses['console']}   (the platform in the browser)")
    say(f"  Dagster    {addresses['webserver']}")
    if mode.airbyte == "lite":
        say(f"  Airbyte    {addresses['airbyte']}")
    elif mode.airbyte == "compose":
        say(f"  Airbyte    {addresses['airbyte-proxy']}   (user airbyte, password AIRBYTE_UI_PASSWORD in .env)")
    if mode.warehouse == "emulator":
        say(f"  BigQuery   {addresses['warehouse']}   (make sql q='select …')")
    say(f"  S3         {addresses['localstack']}")
    say("Next: make run (materialize all assets), make ps, make logs s=airbyte, make down")


def connections_digest() -> dict[str, str]:
    """Return the variable with the digest of connections.yaml, a label of the console's container."""
    return {"INPUTS_CONNECTIONS_FILE": hashlib.sha256((ROOT / "connections.yaml").read_bytes()).hexdigest()[:16]}


def left_by_bootstrap(since: datetime) -> list[str]:
    """Return the lines that bootstrap has logged since that time about what it left undone."""
    logs = ["docker", "compose", "logs", "--no-color", "--no-log-prefix", "--since", since.isoformat(), "bootstrap"]
    _, title, rest = output(*logs, check=False).rpartition(LEFT_TITLE)
    return (title + rest).rstrip().splitlines() if title else []


def remove_other_modes() -> None:
    """Remove the containers of another mode, which Compose would leave running on their ports. Their data stays."""
    others = sorted(set(states()) - set(config()["services"]))
    if others:
        say(f"stopping the services of another mode: {', '.join(others)}")
        output("docker", "compose", "--profile", "*", "rm", "--stop", "--force", *others)


def wait(process: subprocess.Popen[str], before: dict[str, dict[str, Any]], started: float) -> None:
    """Report each service as it becomes healthy or done, until all are.

    `before` holds the states before the start: Compose may still replace a container that was healthy then. Raises
    StackError with the logs of the services that failed or were too slow.
    """
    services = config()["services"]
    waiting = list(services)
    deadline = DEADLINE_COMPOSE if "airbyte-server" in services else DEADLINE
    while waiting:
        code, now = process.poll(), states()
        verdicts = {}
        for name in waiting:
            state = now.get(name, {})
            same = state.get("StartedAt") == before.get(name, {}).get("StartedAt")
            if same and code is None:  # Compose may still restart or replace this container
                continue
            verdicts[name] = judge(state, one_shot="healthcheck" not in services[name])
        for name in [name for name, verdict in verdicts.items() if verdict in ("healthy", "done")]:
            waiting.remove(name)
            say(f"  {name:<16} {verdicts[name]:<7} after {time.monotonic() - started:5.1f} s")
        if code:
            raise StackError(
                f"{reason(process)}\n{explain([n for n in waiting if verdicts.get(n) == 'failed'] or waiting)}"
            )
        if waiting and time.monotonic() - started > deadline:
            raise StackError(f"not healthy after {deadline} s: {', '.join(waiting)}\n{explain(waiting)}")
        time.sleep(POLL)


def judge(state: dict[str, Any], one_shot: bool) -> str:
    """Return "healthy", "done", "failed" or "waiting" for a container's state."""
    if state.get("Status") == "exited":
        return "done" if one_shot and state["ExitCode"] == 0 else "failed"
    health = (state.get("Health") or {}).get("Status")
    return "healthy" if state.get("Status") == "running" and health == "healthy" else "waiting"


def reason(process: subprocess.Popen[str]) -> str:
    """Return the last five lines of Compose's output."""
    said = process.stdout.read() if process.stdout else ""
    return "\n".join(said.strip().splitlines()[-5:])


def explain(services: list[str]) -> str:
    """Return the last lines of these services' logs, and the next commands."""
    logs = output("docker", "compose", "logs", "--no-color", "--tail", "25", *services, check=False)
    last = f"Last lines of {', '.join(services)}:\n{logs.rstrip()}"
    return f"{last}\nCorrect the cause, then run: make up. To see all logs: make logs"
