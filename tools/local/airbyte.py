"""`make plan`, `make apply`, `make destroy`, `make import`: bootstrap's commands on the platform that is running.

That is the Airbyte of AIRBYTE_URL, else `make dev`'s, else Compose's. What bootstrap remembers belongs to the Airbyte
that it describes: with Compose it is in a volume, so that the command runs in the bootstrap container.
"""

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from local.platform import ROOT, python, warn

DEVELOPMENT = ROOT / ".local" / "dev" / "environment.json"


class NotRunningError(Exception):
    """No platform: what to start."""


def command(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the environment that run bootstrap. Raises NotRunningError."""
    local = [python("bootstrap"), "-m", "bootstrap", *arguments]
    variables = dict(os.environ) | {"PYTHONPATH": str(ROOT / "services/bootstrap")}
    if "AIRBYTE_URL" in os.environ:
        return local, variables
    if DEVELOPMENT.exists():
        given = {"CONNECTIONS_FILE": os.environ["CONNECTIONS_FILE"]} if "CONNECTIONS_FILE" in os.environ else {}
        return local, variables | json.loads(DEVELOPMENT.read_text()) | given
    if (ROOT / ".env").exists() and compose_is_up():
        # The file as it is now, not the one that the image was built with.
        file = f"{ROOT / 'connections.yaml'}:/opt/platform/connections.yaml:ro"
        terminal = [] if sys.stdin.isatty() and sys.stdout.isatty() else ["--no-TTY"]
        run = ["docker", "compose", "run", "--rm", "--no-deps", "--volume", file, *terminal, "bootstrap"]
        return [*run, "python", "-m", "bootstrap", *arguments], dict(os.environ)
    raise NotRunningError("no platform runs here. Start one (make dev, make up), or name an Airbyte with AIRBYTE_URL.")


def compose_is_up() -> bool:
    """Return whether Compose runs anything of this checkout."""
    if shutil.which("docker") is None:
        return False
    listed = subprocess.run(["docker", "compose", "ps", "--quiet"], cwd=ROOT, capture_output=True)
    return listed.returncode == 0 and bool(listed.stdout.strip())


def main(arguments: list[str]) -> int:
    """Run a command of bootstrap; `import FILE` writes what it prints into a file that must not exist yet."""
    output = None
    if arguments[:1] == ["import"]:
        if len(arguments) < 2:
            warn("import: no file. For example: make import f=imported.yaml")
            return 1
        output = Path(arguments.pop(1))
    try:
        line, environment = command(arguments)
        with ExitStack() as stack:
            file = stack.enter_context(output.open("x")) if output else None
            result = subprocess.run(line, env=environment, cwd=ROOT, stdout=file)
    except FileExistsError:
        warn(f"import: {output} exists already. Name another file, or move it away.")
        return 1
    except FileNotFoundError as error:
        warn(f"{arguments[0]}: {error.filename} is not there.")
        return 1
    except NotRunningError as error:
        warn(f"{arguments[0]}: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    if output and result.returncode:
        output.unlink()
    return result.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
