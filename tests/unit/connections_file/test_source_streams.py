"""A stream and its file source contradict each other: refused with both places."""

from pathlib import Path

import pytest

from connections_file import ConnectionsFileError, load

FILE = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {}}
connections:
  - name: orders
    source:
      connector: source-s3
      configuration:
        streams:
          - name: orders
            OPTIONS
    destination: d
    streams:
      - name: orders
        sync_mode: full_refresh_append
        dbt_source: shop.orders
        SETTINGS
"""
SOURCE_LINE, STREAM_LINE = 11, 17


def mistakes(directory: Path, options: str, settings: str, **environment: str) -> list[str]:
    path = directory / "connections.yaml"
    path.write_text(FILE.replace("OPTIONS", options).replace("SETTINGS", settings))
    try:
        load(path, environment)
    except ConnectionsFileError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    ("glob", "key"),
    [
        ("a.csv", "b.csv"),
        ("*.csv", "shop/a.csv"),
        ("shop/**/*.csv", "shop/a.CSV"),
        ("**", ".hidden/a.csv"),
        ("[ab].csv", "c.csv"),
        ("?.csv", "ab.csv"),
        ("*.zip", "a.zip"),  # the glob must match a.zip#file
    ],
)
def test_a_file_without_a_glob_and_a_glob_without_a_file(tmp_path: Path, glob: str, key: str) -> None:
    of_file, of_glob = mistakes(tmp_path, f"globs: ['{glob}']", f"files: ['{key}']")
    assert f"connections.yaml:{STREAM_LINE}: connections[0].streams[0].files[0]: " in of_file
    assert f"connections.yaml:{SOURCE_LINE}: connections[0].source.configuration.streams[0].globs[0]: " in of_glob
    assert f"connections.yaml:{SOURCE_LINE}" in of_file
    assert f"connections.yaml:{STREAM_LINE}" in of_glob
    for told in (of_file, of_glob):
        assert repr(glob) in told or glob in told
        assert key in told


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ("globs: [a.csv]", "files: [a.csv]"),
        ("globs: ['**/*.csv']", "files: [a.csv, x/y/b.csv]"),
        ("globs: ['m*.csv', a.csv]", "files: [m01.csv, m02.csv, a.csv]"),
        ("globs: ['${DIR}/a.csv']", "files: [x/b.csv]"),  # unknown here
        ("globs: ['${NAME}.csv']", "files: [a.csv]"),
        ("format: {filetype: csv}", "files: [any/a.csv]"),
        ("globs: [a.csv]", "files: []"),
        ("globs: ['m/*.zip#*.csv']", "files: [m/a.zip]"),
        ("globs: ['m/**']", "files: [m/a.zip]"),
    ],
)
def test_globs_and_files_that_agree(tmp_path: Path, options: str, settings: str) -> None:
    assert mistakes(tmp_path, options, settings, NAME="a") == []


def test_a_stream_that_the_source_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text(
        FILE.replace("OPTIONS", "globs: [a]").replace("- name: orders\n        s", "- name: order\n        s")
    )
    path.write_text(path.read_text().replace("SETTINGS", "files: [a]"))
    with pytest.raises(ConnectionsFileError) as error:
        load(path, {})
    assert f"{path}:14: connections[0].streams[0].name: " in str(error.value)
    assert f"({path}:9). Its streams: orders." in str(error.value)


@pytest.mark.parametrize("settings", ["primary_key: [[ID]]", "selected_fields: [ID]"])
def test_a_key_that_is_no_declared_column(tmp_path: Path, settings: str) -> None:
    [told] = mistakes(tmp_path, "columns: {id: integer, zip: string}", settings)
    assert f"connections.yaml:{STREAM_LINE}: connections[0].streams[0]." in told
    assert "'ID'" in told
    assert "id, zip" in told
    assert mistakes(tmp_path, "columns: {id: integer}", settings.replace("ID", "id")) == []
