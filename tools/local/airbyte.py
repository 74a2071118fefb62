"""`make plan`, `apply`, `destroy`, `import` and `seed`: bootstrap's commands on the platform that is running.

That is the Airbyte of AIRBYTE_URL, else `make dev`'s, else Compose's. What bootstrap remembers belongs to the Airbyte
that it describes: with Compose it is in a volume, so that the command runs in the bootstrap container.
"""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tools import env_file
from tools.local.claims import development
from tools.local.platform import ROOT, python, warn
from tools.stack import modes
from tools.stack.compose import read_env


class NotRunningError(Exception):
    """No platform: what to start."""


def command(arguments: list[str], *, terminal: bool) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the environment that run bootstrap, its output on a terminal or not.

    Raises NotRunningError.
    """
    local = [python("bootstrap"), "-m", "bootstrap", *arguments]
    variables = env_file.with_connections(ROOT)
    if "AIRBYTE_URL" in os.environ:
        return local, variables
    if settings := development():
        given = {"CONNECTIONS_FILE": os.environ["CONNECTIONS_FILE"]} if "CONNECTIONS_FILE" in os.environ else {}
        return local, variables | settings | given
    if (ROOT / ".env").exists() and compose_is_up():
        # On a terminal of its own the container's notes would be among its output.
        plain = [] if terminal else ["--no-TTY"]
        run = ["docker", "compose", "run", "--rm", "--no-deps", *plain, *other_file(), "bootstrap"]
        return [*run, "bootstrap", *arguments], modes.environment(read_env())
    raise NotRunningError("no platform runs here. Start one (make dev, make up), or name an Airbyte with AIRBYTE_URL.")


def other_file() -> list[str]:
    """Return the options that give the container the file that CONNECTIONS_FILE names; none without it.

    Raises FileNotFoundError: Docker would make a folder of what is not there.
    """
    name = os.environ.get("CONNECTIONS_FILE")
    if not name:
        return []
    file = (ROOT / name).resolve(strict=True)
    inside = "/opt/platform/given.yaml"
    return ["--volume", f"{file}:{inside}:ro", "--env", f"CONNECTIONS_FILE={inside}"]


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
        line, environment = command(arguments, terminal=output is None and sys.stdin.isatty() and sys.stdout.isatty())
        with ExitStack() as stack:
            file = stack.enter_context(output.open("x")) if output else None
            code = subprocess.run(line, env=environment, cwd=ROOT, stdout=file).returncode
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
        code = 130
    if output and code:
        output.unlink(missing_ok=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
