"""The work that is done once when the S3 connector starts, before its commands are forked."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airbyte_lite.connectors import process
from airbyte_lite.connectors.protocol import ConnectorError
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorRunner

from .running import Server
from .syncs import s3_configuration

# Added to the repairs: a second specification, check of its schema, or reading of botocore's files is an error.
FORBID = """
import botocore.loaders
from jsonschema import Draft202012Validator
from source_s3.source import SourceS3Spec
from source_s3.v4 import Config

repaired = install


def install():
    repaired()

    def again(*_, **__):
        raise RuntimeError("computed again")

    botocore.loaders.JSONFileLoader.load_file = botocore.loaders.Loader.list_available_services = again
    Config.schema = SourceS3Spec.schema = Draft202012Validator.check_schema = again
"""

# Added to the repairs, which are made after the import.
NO_DOCUMENTS = """
import sys

made = install


def install():
    made()
    if found := {"nltk", "unstructured", "docx", "pptx"} & sys.modules.keys():
        raise RuntimeError(f"imported: {sorted(found)}")
"""


@pytest.fixture
def listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The list of the repairs, in a copy of the package that is used for the connector."""
    package = shutil.copytree(process.PACKAGE, tmp_path / "airbyte_lite")
    monkeypatch.setattr(process, "PACKAGE", package)
    return package / "connectors" / "repairs" / "__init__.py"


@pytest.fixture
def own_runner(tmp_path: Path) -> Iterator[ConnectorRunner]:
    runner = ConnectorRunner(tmp_path / "connectors")
    yield runner
    runner.close()


def test_repairs_refuse_another_version(listing: Path, own_runner: ConnectorRunner, connector: Connector) -> None:
    listing.write_text(listing.read_text().replace('"7.39.1"', '"0.1"'))
    with pytest.raises(ConnectorError, match=r"need airbyte-cdk 0\.1, but 7\.39\.1 is installed"):
        own_runner.spec(connector)


def test_the_start_computes_what_is_the_same_in_each_command_and_imports_no_library_for_documents(
    listing: Path,
    own_runner: ConnectorRunner,
    connector: Connector,
    s3: Server,
    bucket: str,
    put: Callable[[str, str | bytes], None],
) -> None:
    listing.write_text(listing.read_text() + FORBID + NO_DOCUMENTS)
    put("people.csv", "id,name\n1,Ada\n")
    configuration = s3_configuration(s3.url, bucket, "people", ["*.csv"])
    assert own_runner.check(connector, configuration).succeeded
    assert [stream["name"] for stream in own_runner.discover(connector, configuration)] == ["people"]
    without = {name: value for name, value in configuration.items() if name != "bucket"}
    assert "'bucket' is a required property" in own_runner.check(connector, without).message

    # A command that reads documents imports their libraries itself.
    put("notes.md", "# Notes\n\nThe text.\n")
    configuration["streams"][0] |= {"name": "notes", "globs": ["*.md"], "format": {"filetype": "unstructured"}}
    assert own_runner.check(connector, configuration).succeeded
    (stream,) = own_runner.discover(connector, configuration)
    assert {"content", "document_key"} <= stream["json_schema"]["properties"].keys()
    catalog = {"streams": [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}]}
    with (
        pytest.raises(ConnectorError, match=r"notes\.md.* pdf2image"),  # it is not installed: airbyte-cdk needs it
        own_runner.read(connector, configuration, catalog, []) as read,
    ):
        list(read)
