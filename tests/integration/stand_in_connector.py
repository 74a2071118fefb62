"""Connectors for tests that are not about connectors: small programs, which start in no time.

Each is what airbyte-lite expects of a connector: a console script in a virtual environment.
"""

import json
import venv
from pathlib import Path

STAND_IN = '''
"""Answers spec, and discovers a stream for each stream of its configuration or of the manifest in it."""
import json, pathlib, sys

SECRET = {"type": "string", "airbyte_secret": True}
SECRETS = {"token": SECRET, "aws_access_key_id": SECRET, "aws_secret_access_key": SECRET}
SPEC = {"type": "object", "properties": SECRETS | {"credentials": {"type": "object", "properties": SECRETS}}}

def stream(declared):
    found = {"name": declared["name"], "supported_sync_modes": ["full_refresh", "incremental"]}
    schema = declared.get("schema_loader", {}).get("schema") or {"type": "object", "properties": {"data": {}}}
    key = [[column] for column in declared.get("primary_key", [])]
    cursor = [declared["incremental_sync"]["cursor_field"]] if "incremental_sync" in declared else []
    found |= {"json_schema": schema, "source_defined_primary_key": key}
    return found | {"default_cursor_field": cursor, "source_defined_cursor": True}

def run():
    command, *options = sys.argv[1:]
    if command == "spec":
        answer = {"type": "SPEC", "spec": {"connectionSpecification": SPEC}}
    else:
        assert command == "discover", command
        configuration = json.loads(pathlib.Path(options[options.index("--config") + 1]).read_text())
        streams = configuration.get("__injected_declarative_manifest", configuration)["streams"]
        answer = {"type": "CATALOG", "catalog": {"streams": [stream(declared) for declared in streams]}}
    print(json.dumps(answer), flush=True)
'''


def install(environment: Path, program: str, *commands: str) -> None:
    """Make a virtual environment in which each command is the function `run` of the program."""
    venv.create(environment, symlinks=True)
    (site_packages,) = environment.glob("lib/python*/site-packages")
    (site_packages / "stand_in.py").write_text(program)
    metadata = site_packages / "stand_in-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stand-in\nVersion: 1.0\n")
    scripts = "".join(f"{command} = stand_in:run\n" for command in commands)
    (metadata / "entry_points.txt").write_text(f"[console_scripts]\n{scripts}")


def stand_ins(directory: Path, definitions: dict[str, str]) -> dict[str, str]:
    """Install stand-ins for connectors, whose definition ids are given by name.

    Return the variables with which airbyte-lite uses them in the place of the real ones.
    """
    install(directory / "environments/stand-in", STAND_IN, *definitions)
    registry = directory / "registry"
    registry.mkdir()
    tables = [
        f"""[{name}]
definition_id = {json.dumps(identifier)}
title = "Stand-in"
version = "1.0"
lock = "stand-in/requirements.txt"
command = {json.dumps(name)}
"""
        for name, identifier in definitions.items()
    ]
    (registry / "connectors.toml").write_text("\n".join(tables))
    return {"CONNECTOR_ENVIRONMENTS": str(directory / "environments"), "CONNECTORS_DIR": str(registry)}
