"""`make plan`, `apply`, `destroy`, `import` and `seed`: run bootstrap's commands on the running platform.

The Airbyte is the one of AIRBYTE_URL if set, else that of `make dev`, else that of `make up`. On Compose the command
runs in the bootstrap container, because bootstrap's state for that Airbyte is in a volume.
"""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tools import dagster_run, endings, env_file
from tools.local import foreign
from tools.local.claims import development
from tools.local.connectors_there import wait_for_connectors
from tools.local.platform import ROOT, python, warn
from tools.stack import definitions, modes, running
from tools.stack.compose import read_env

LACKING = "airbyte-lite does not have all connectors of the checkout yet. Waiting for `make dev` to restart it."


def command(arguments: list[str], *, terminal: bool) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the environment that run bootstrap.

    `terminal` says whether its output goes to a terminal. Raises NotRunningError when no platform is running, and
    FileNotFoundError when CONNECTIONS_FILE names no existing file.
    """
    local = [python("bootstrap"), "-m", "bootstrap", *arguments]
    variables = env_file.with_connections(ROOT)
    if os.environ.get("AIRBYTE_URL"):
        return local, variables
    if settings := development():
        given = {"CONNECTIONS_FILE": os.environ["CONNECTIONS_FILE"]} if os.environ.get("CONNECTIONS_FILE") else {}
        return local, env_file.with_connections(ROOT, foreign.without(os.environ)) | settings | given
    if running.compose_services():
        # With a terminal, Compose would write the container's errors into its output.
        plain = [] if terminal else ["--no-TTY"]
        run = ["docker", "compose", "run", "--rm", "--no-deps", *plain, *other_file(), "bootstrap"]
        return [*run, "bootstrap", *arguments], modes.environment(read_env())
    raise running.NotRunningError("Airbyte", "AIRBYTE_URL")


def other_file() -> list[str]:
    """Return the options that mount the file of CONNECTIONS_FILE in the container; none if the variable is not set.

    Raises FileNotFoundError when the file does not exist: Docker would create a folder instead.
    """
    name = os.environ.get("CONNECTIONS_FILE")
    if not name:
        return []
    file = (ROOT / name).resolve(strict=True)
    inside = "/opt/platform/given.yaml"
    return ["--volume", f"{file}:{inside}:ro", "--env", f"CONNECTIONS_FILE={inside}"]


def load_definitions(url: str) -> int:
    """Let Dagster load the applied file, and return the exit code.

    `make dev` does it too when the file is saved, but a `make run` may start earlier.
    """
    try:
        dagster_run.reload(url)
    except (dagster_run.DagsterRunError, OSError) as error:
        warn(f"apply: Airbyte has the new configuration, but Dagster at {url} has not loaded it: {error}")
        return 1
    return 0


def main(arguments: list[str]) -> int:
    """Run a command of bootstrap and return its exit code. `import FILE` writes the output into a new file."""
    output = None
    if arguments[:1] == ["import"]:
        if not "".join(arguments[1:2]).strip():
            warn("import: the name of the new file is missing. For example: make import f=imported.yaml")
            return 1
        output = Path(arguments.pop(1)).expanduser()  # of f=~/imported.yaml, some shells leave the ~
    try:
        line, environment = command(arguments, terminal=output is None and sys.stdin.isatty() and sys.stdout.isatty())
        if line[0] != "docker" and not os.environ.get("AIRBYTE_URL") and arguments[0] != "seed":  # seed uses S3 only
            wait_for_connectors(ROOT, environment["AIRBYTE_URL"], lambda: print(LACKING, file=sys.stderr, flush=True))
        with ExitStack() as stack:
            file = stack.enter_context(output.open("x")) if output else None
            code = subprocess.run(
                line, env=environment, cwd=ROOT, stdout=file, preexec_fn=endings.end_with_parent
            ).returncode
            if arguments[:1] == ["apply"]:  # connections.yaml may have changed, also if the answer was no
                running.restart_console()
                # Another Airbyte, or another file, is not the one of the platform's Dagster.
                if code == 0 and not os.environ.get("CONNECTIONS_FILE"):
                    if line[0] == "docker":
                        definitions.renew(environment)
                    elif not os.environ.get("AIRBYTE_URL") and (settings := development()):
                        code = load_definitions(settings["DAGSTER_URL"])
    except FileExistsError:
        warn(f"import: {output} exists already and was not changed. Name another file: make import f=<file>")
        return 1
    except FileNotFoundError as error:
        warn(f"{arguments[0]}: {error.filename}: file not found.")
        return 1
    except running.NotRunningError as error:
        warn(f"{arguments[0]}: {error}")
        return 1
    except KeyboardInterrupt:
        code = endings.interrupted(arguments[0])
    if output and code:
        output.unlink(missing_ok=True)
    return code


if __name__ == "__main__":
    sys.exit(endings.ended(sys.argv[1], lambda: main(sys.argv[1:])))
