"""A fake connector: a real console script in a real virtual environment. It executes the code that it is given."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from airbyte_lite.connectors.process import ForkServer
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorRunner

from ..stand_in_connector import install

FAKE_CONNECTOR = '''
"""Runs Python code: `-c CODE`, or the "code" of the configuration; `spec` counts how often it was asked."""
import json, os, pathlib, signal, subprocess, sys, time, uuid

IMPORT = uuid.uuid4().hex

def say(**message):
    print(json.dumps(message), flush=True)

def run():
    arguments = sys.argv[1:]
    if arguments[0] == "-c":
        return eval(compile(arguments[1], "code", "exec"), globals())
    if arguments[0] == "spec":
        print("Downloading something ... done")
        print('{"not": "a message"}')
        return say(type="SPEC", spec={"connectionSpecification": {"asked_by": os.getpid()}})
    options = dict(zip(arguments[1::2], arguments[2::2]))
    files = {option.removeprefix("--"): json.loads(pathlib.Path(path).read_text()) for option, path in options.items()}
    exec(files["config"]["code"], globals() | {"files": files, "options": options})
'''


@pytest.fixture(scope="session")
def fake_connector(tmp_path_factory: pytest.TempPathFactory) -> Connector:
    """The fake connector, installed."""
    environment = tmp_path_factory.mktemp("environments") / "fake"
    install(environment, FAKE_CONNECTOR, "source-fake")
    return Connector("source-fake", "", "Fake", "1.0", environment, "source-fake", Path("fake/requirements.txt"))


@pytest.fixture
def fork_server(fake_connector: Connector, tmp_path: Path) -> Iterator[ForkServer]:
    """A fork server of the fake connector."""
    server = ForkServer(fake_connector, tmp_path)
    yield server
    server.close()


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[ConnectorRunner]:
    """A runner with a directory of its own."""
    runner = ConnectorRunner(tmp_path / "work")
    yield runner
    runner.close()
