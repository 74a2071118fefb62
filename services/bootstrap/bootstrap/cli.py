"""The command line: `bootstrap wait | seed | plan | apply | destroy | import | schema`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Annotated

import typer

import connections_file
from airbyte_as_code.airbyte_client import AirbyteClient
from airbyte_as_code.apply import apply as apply_file
from airbyte_as_code.change import Change
from airbyte_as_code.destroy import destroy as destroy_objects
from airbyte_as_code.destroy import made
from airbyte_as_code.errors import UserError
from airbyte_as_code.pinning import differences, pin, read_pins
from airbyte_as_code.plan import make_plan
from airbyte_as_code.render import PRUNE_UNASKED, as_json, destruction_lines, left_lines, line, plan_lines
from airbyte_as_code.state import State
from bootstrap.first_start import set_up
from bootstrap.settings import Settings
from connections_file import ConnectionsFile, ConnectionsFileError
from platform_kit.settings import SettingsError

CHANGES_EXIT_CODE = 2


class _PlanHasChanges(Exception):
    """Makes `plan --detailed-exitcode` exit with CHANGES_EXIT_CODE."""


Adopt = Annotated[
    bool, typer.Option("--adopt", help="Take over objects that have a declared name but were not created by apply.")
]

RefreshSchema = Annotated[
    bool, typer.Option("--refresh-schema", help="Also discover each source, and take its columns and types over.")
]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Upload the seed files, and change Airbyte to what connections.yaml declares.",
)


@app.command()
def wait(timeout: Annotated[float, typer.Option(help="The most seconds to wait.")] = 180) -> None:
    """Wait until S3 and Airbyte answer."""
    from bootstrap.waiting import wait as wait_for

    wait_for(Settings.read(), timeout, _say)


@app.command()
def seed(
    upload: Annotated[
        bool, typer.Option("--upload", help="Upload also if AIRBYTE_MODE=external, like SEED_UPLOAD=yes.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also overwrite objects that seed did not upload.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also delete objects that seed uploaded and whose files are gone.")
    ] = False,
) -> None:
    """Upload to S3 the data files of SEED_DATA_DIR that are missing there or have changed."""
    from bootstrap.seed import seed as seed_bucket  # boto3 takes long to import

    seed_bucket(Settings.read(), _report, upload=upload, overwrite=overwrite, prune=prune)


@app.command()
def plan(
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with code 2 if there are changes.")
    ] = False,
    as_json_: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
    adopt: Adopt = False,
    refresh_schema: RefreshSchema = False,
) -> None:
    """Show what apply would change; change nothing."""
    settings = Settings.read()
    file = connections_file.load(settings.connections_file)
    pins = read_pins(settings.connectors)
    with AirbyteClient(settings) as client:
        connectors = list(differences(client, pins))
        state = State(settings.state_directory)
        found = make_plan(client, file, state, adopt=adopt, refresh_schema=refresh_schema)
        found = replace(found, connectors=connectors)
    if as_json_:
        _say(json.dumps(as_json(found), indent=2))
    else:
        for text in plan_lines(found):
            _say(text)
        _say_notes(file)
    if detailed_exitcode and not found.is_empty:
        raise _PlanHasChanges


@app.command()
def apply(
    adopt: Adopt = False,
    refresh_schema: RefreshSchema = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also delete and replace objects and lose sync states; asks first.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --prune: do not ask.")] = False,
) -> None:
    """Change Airbyte to what the connections file declares. Without --prune, nothing is deleted or lost."""
    settings = Settings.read()
    file = connections_file.load(settings.connections_file)
    pins = read_pins(settings.connectors)
    with AirbyteClient(settings) as client:
        file.expand()  # reports a variable that is not set before anything changes
        set_up(client, settings.setup_email, _say)
        pin(client, pins, _say)  # first, because the version decides the specification of the configuration
        state = State(settings.state_directory, on_wait=_say_waiting)
        options = {"adopt": adopt, "prune": prune, "refresh_schema": refresh_schema}
        left = apply_file(client, file, state, _report, **options, show=_show, ask=None if yes else _ask)
    _say_notes(file)
    for text in left_lines(left):
        _say(text)


def _say_waiting() -> None:
    _say("Another run of bootstrap is active. Waiting for its end.")


def _say_notes(file: ConnectionsFile) -> None:
    for text in file.notes():
        _say(f"note: {text}")


def _show(destroyed: list[Change]) -> None:
    for text in destruction_lines(destroyed):
        _say(text)


def _ask(destroyed: list[Change]) -> None:
    """Ask whether to destroy this. Raises UserError without a terminal, typer.Abort if the answer is no."""
    _require_terminal("apply --prune", PRUNE_UNASKED)
    typer.confirm(f"Make these {len(destroyed)} changes? Tables in the warehouse stay.", abort=True)


def _require_terminal(command: str, unasked: str) -> None:
    """Raise UserError without a terminal; `unasked` is the command that does not ask."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(
            f"{command} asks for confirmation, but this is not a terminal. No object was changed.\n"
            f"To make these changes without confirmation: {unasked}"
        )


@app.command()
def destroy(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete the connections, sources and destinations that apply created. Nothing else is deleted."""
    settings = Settings.read()
    file = connections_file.load(settings.connections_file)
    state = State(settings.state_directory, on_wait=_say_waiting)
    with AirbyteClient(settings) as client:
        objects = made(client, file, state)
        for kind, item in objects:
            _say("- " + line(kind, item["name"], "delete"))
        if objects and not yes:
            _require_terminal("destroy", "make destroy o=--yes")
            typer.confirm(
                f"Delete these {len(objects)} objects and their sync states? Tables in the warehouse stay.", abort=True
            )
        destroy_objects(client, file, state, objects, _report)
        if not objects:
            _say("Nothing to delete: this workspace has no objects that apply created.")


@app.command("import")
def import_(
    workspace: Annotated[str | None, typer.Option(help="The id of the workspace, if there are several.")] = None,
) -> None:
    """Print a connections file of the objects in a workspace. Secrets become references to the environment."""
    from airbyte_as_code.importing import read_workspace

    settings = Settings.read()
    with AirbyteClient(settings) as client:
        imported = read_workspace(client, settings.airbyte_url, workspace)
    _say(imported.text().rstrip())
    for text in imported.notes:
        _say_on_stderr(f"note: {text}")
    if imported.variables:
        names = ", ".join(imported.variables)
        _say_on_stderr(f"Set these secrets in connections.env. Without Docker, you can also export them: {names}.")
    _say_on_stderr("Then: make plan o=--adopt")


@app.command()
def schema() -> None:
    """Print the JSON schema of the connections file."""
    from connections_file.schema import schema_text

    _say(schema_text().rstrip())


def main() -> None:
    """Run the command line. Every error exits with code 1, because 2 means that a plan has changes."""
    try:
        app()
    except _PlanHasChanges:
        sys.exit(CHANGES_EXIT_CODE)
    except (UserError, ConnectionsFileError, SettingsError) as error:
        _say_on_stderr(f"bootstrap: {error}")
        sys.exit(1)
    except SystemExit as end:  # typer exits with 2 if an argument is invalid
        sys.exit(1 if end.code else 0)


def _say(text: str) -> None:
    print(text, flush=True)


def _say_on_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _report(kind: str, name: str, outcome: str) -> None:
    _say(line(kind, name, outcome))
