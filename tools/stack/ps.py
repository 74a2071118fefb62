"""`make ps`: each service with its health and address, and the run workers."""

from __future__ import annotations

from tools.stack.compose import config, read_env, run_workers, say, states, urls
from tools.stack.running import without_containers


def ps() -> None:
    """Print a line for each service of the compose file. Raises StackError when no container exists."""
    now = states() if read_env() else {}
    if not now:
        raise without_containers("no container of this platform exists. Start the platform: make up")
    addresses = urls(read_env())
    for name in config()["services"]:
        state = now.get(name, {})
        what = state.get("Status", "absent")
        if what == "exited":
            what = "done" if state["ExitCode"] == 0 else f"failed ({state['ExitCode']})"
        elif state.get("Health"):
            what = state["Health"]["Status"]
        say(f"  {name:<13} {what:<12} {addresses.get(name, '')}".rstrip())
    running, every = len(run_workers("status=running")), len(run_workers())
    say(f"  run workers   {running} running, {every - running} finished (kept for their logs)")
