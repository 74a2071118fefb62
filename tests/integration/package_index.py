"""An index of Python packages in a folder, with a small connector in the place of one on PyPI."""

import json
import sys
import zipfile
from pathlib import Path

import pytest

from tools import install

from .stand_in_connector import STAND_IN

ENTRY = {
    "sourceDefinitionId": "00000000-0000-0000-0000-0000000000aa",
    "name": "Stand-in",
    "dockerRepository": "airbyte/source-stand-in",
    "dockerImageTag": "1.0",
    "remoteRegistries": {"pypi": {"enabled": True, "packageName": "airbyte-source-stand-in"}},
    "suggestedStreams": {"streams": ["users"]},
}
"""The connector in Airbyte's registry."""


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let uv use the index in the folder `packages`; return the path of Airbyte's registry with the connector."""
    monkeypatch.setattr(install, "find_python", lambda _uv: str(Path(sys.executable).resolve()))
    monkeypatch.setenv("UV_DEFAULT_INDEX", (folder / "packages").as_uri())
    registry = folder / "oss_registry.json"
    registry.write_text(json.dumps({"sources": [ENTRY], "destinations": []}))
    return str(registry)


def publish(folder: Path, version: str, program: str = STAND_IN) -> None:
    """Write the wheel of the connector into the index in the folder `packages`."""
    packages = folder / "packages/airbyte-source-stand-in"
    packages.mkdir(parents=True, exist_ok=True)
    name = f"airbyte_source_stand_in-{version}"
    with zipfile.ZipFile(packages / f"{name}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("stand_in.py", program)
        wheel.writestr(
            f"{name}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: airbyte-source-stand-in\nVersion: {version}\n"
        )
        wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}.dist-info/entry_points.txt", "[console_scripts]\nsource-stand-in = stand_in:run\n")
        wheel.writestr(f"{name}.dist-info/RECORD", "")
    links = "".join(f'<a href="{wheel.name}">{wheel.name}</a>' for wheel in packages.glob("*.whl"))
    (packages / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
