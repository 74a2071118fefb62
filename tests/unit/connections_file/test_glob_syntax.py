"""Globs with a syntax that the connector reads in another way: refused with the right spelling."""

import re
from pathlib import Path

import pytest

from connections_file import ConnectionsFileError, globs, load
from connections_file.glob_syntax import mistake

FILE = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {}}
connections:
  - name: orders
    source:
      connector: CONNECTOR
      configuration:
        streams:
          - name: orders
            globs:
              - '*.csv'
              - GLOB
    destination: d
    streams: [{name: orders, sync_mode: full_refresh_append, dbt_source: shop.orders}]
"""
# A key, and the globs of which each matches it.
RIGHT: dict[str, list[str]] = {
    "a.csv": ["a.csv", "*.csv", "**", "**/*.csv", "?.csv", "[ab].csv", "[!b].csv", "[a-c].csv"],
    "(1) [copy].csv": ["(1) [[]copy].csv", r"(1) \[copy\].csv"],
    r"back\slash.csv": [r"back\\slash.csv", r"back[\\]slash.csv"],
    "a{b,c}.csv": ["a[{]b,c}.csv", r"a\{b,c}.csv"],
    "a|b.csv": ["a[|]b.csv"],
    "v1.2,3.csv": ["v1.2[,]3.csv"],
    "!a.csv": [r"\!a.csv"],
    "/data/a.csv": [r"\/data/*.csv"],
    "./data/a.csv": [r"\./data/*.csv"],
    " a.csv": ["[ ]a.csv"],
    "x*.csv": ["x[*].csv"],
    "Smith, John.csv": ["Smith, John.csv"],
    "a(1).csv": ["a*(1).csv"],
    "date=2024-01-01/part=0/x$.csv": ["date=*/part=?/x$.csv"],
    ".hidden/.a.csv": [".hidden/.*.csv"],
    "a{b}.csv": ["a{b}.csv"],
}
# A glob that is probably meant in another way, and the spelling in its message.
WRONG = {
    "{a,b}.csv": "'a.csv', 'b.csv'",
    "x/{1..3}.csv": "[1-3]",
    "@(a|b).csv": "'a.csv', 'b.csv'",
    "(a|b).csv": "'a.csv', 'b.csv'",
    "+(a).csv": "a glob for each",
    "!(b).csv": "[!a]",
    "!b.csv": r"'\!b.csv'",
    "a.csv|b.csv": "'a.csv', 'b.csv'",
    "a.csv, b.csv": "'a.csv', 'b.csv'",
    "**.csv": "'**/*.csv' for the files of all folders below, or '*.csv'",
    "data/**.csv": "'data/**/*.csv'",
    "data**": "'data/**'",
    "a**b/c.csv": "'a*/**/*b/c.csv'",
    "/data/*.csv": "'data/*.csv'",
    "./a.csv": "'a.csv'",
    "data/": "'data/*', or with all folders below 'data/**'",
    "s3://bucket/data/*.csv": "'data/*.csv'",
    "s3://bucket": "'**'",
    r"data\*.csv": "'data/*.csv'",
    r"C:\data\a.csv": "'data/a.csv'",
    r"\data\*.csv": "'data/*.csv'",
    "data\\": "'data/*'",
    "v1.2,3.csv": "If the key has the ',', write [,].",
    " a.csv": "'a.csv'",
    "a.csv ": "'a.csv'",
    " ": "'**'",
    r".*\.csv": "'*.csv'",
    r"^data/.*\.csv$": "'data/*.csv'",
    "orders_.+": "'orders_*'",
    r"data/\d+.csv": "regular expression",
}


@pytest.mark.parametrize(("key", "glob"), [(key, glob) for key, found in RIGHT.items() for glob in found])
def test_a_glob_that_the_connector_reads_as_it_is_meant(key: str, glob: str) -> None:
    assert mistake(glob) is None
    assert globs.matches(key, glob)


@pytest.mark.parametrize("glob", WRONG)
def test_another_syntax_is_told_with_a_right_spelling(glob: str) -> None:
    told = mistake(glob) or ""
    assert WRONG[glob] in told
    spelled = re.findall(r"'([^']*)'", re.sub(r"the '[|,;]'", "", told.partition("Write")[2]))
    assert [mistake(each) for each in spelled] == [None] * len(spelled)


def test_the_connections_file_is_refused_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "connections.yaml"
    text = FILE.replace("CONNECTOR", "source-s3").replace("GLOB", "'data/${PART}'")
    path.write_text(text)
    with pytest.raises(ConnectionsFileError, match=re.escape("connections.yaml:13")) as of_variable:
        load(path, {"PART": "{a,b}.csv"}).sources[0].expanded({})
    assert "data/a.csv" in str(of_variable.value)
    path.write_text(FILE.replace("CONNECTOR", "source-s3").replace("GLOB", "'{a,b}.csv'"))
    with pytest.raises(ConnectionsFileError, match=re.escape("connections.yaml:13: connections[0].source.")):
        load(path, {})
    path.write_text(FILE.replace("CONNECTOR", "source-sftp-bulk").replace("GLOB", "'/data/a.csv'"))
    assert load(path, {}).sources
