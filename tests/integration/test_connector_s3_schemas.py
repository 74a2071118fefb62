"""Repairs of the S3 connector: the columns that it discovers. Each case fails without its repair."""

import datetime
from typing import Any

from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorRunner
from tests.data_files import parquet

from .running import Server
from .s3_source import CSV, JSONL, PARQUET, Put
from .syncs import s3_configuration


def test_the_discovered_types_hold_the_values_of_all_files(
    runner: ConnectorRunner, connector: Connector, s3: Server, bucket: str, put: Put
) -> None:
    """In whatever order the files are read, and with the new columns of each."""
    day, moment = datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4, 5)
    rows: dict[str, tuple[list[Any], str | None]] = {
        # for each stream: the value in each of its files, and the format of its column; None: another type than text
        "moments": ([day, moment], "date-time"),
        "moments first": ([moment, day], "date-time"),
        "texts": ([day, "soon"], ""),
        "texts first": (["soon", moment], ""),
        "numbers": ([5, day, 5], ""),
        "objects": ([{"a": 1}, "x", [1]], ""),
        "lists": ([[1], ["x"]], None),
        "null": ([None, day], "date"),
        "null and lists": ([None, [1]], None),
    }
    for name, (values, _) in rows.items():
        for number, value in enumerate(values):
            put(f"{name}/{number}.parquet", parquet({"x": [value], f"only_{number}": [1]}))
    configuration = s3_configuration(s3.url, bucket, "", [])
    put(
        "lines.jsonl",
        '{"x": null, "y": null, "z": 1}\n{"x": [1], "y": {"a": 1}, "z": {}}\n{"x": [], "y": [1], "new": 1}\n',
    )
    configuration["streams"] = [{"name": name, "globs": [f"{name}/*"], "format": PARQUET} for name in rows]
    configuration["streams"].append({"name": "lines", "globs": ["lines.jsonl"], "format": JSONL})
    offered = {
        stream["name"]: stream["json_schema"]["properties"] for stream in runner.discover(connector, configuration)
    }
    lines = {name: column["type"][1] for name, column in offered.pop("lines").items() if not name.startswith("_ab_")}
    assert lines == {"x": "array", "y": "string", "z": "string", "new": "integer"}
    found = {
        name: column.get("format", "") if column["type"] == ["null", "string"] else None
        for name, column in ((name, columns["x"]) for name, columns in offered.items())
    }
    assert found == {name: expected for name, (_, expected) in rows.items()}
    assert all(f"only_{len(values) - 1}" in offered[name] for name, (values, _) in rows.items())


def test_names_that_differ_by_case_only_are_discovered_as_one_column(
    runner: ConnectorRunner, connector: Connector, s3: Server, bucket: str, put: Put
) -> None:
    """Unless one file, or one object, has both: then they are two columns, as in Airbyte."""
    for key, content in {
        "files/0.csv": "id,Name\n1,a\n",
        "files/1.csv": "ID,name\n2.5,b\n",
        "files/2.csv": "id,name\n2,c\n",
        "both/0.csv": "id,ID\n7,8\n",
        "both/1.csv": "id\n7\n",
        "objects/0.jsonl": '{"id": 1, "A": "x", "b": 1}\n{"ID": 2.5, "a": "y", "B": 2, "b": 3}\n',
    }.items():
        put(key, content)
    configuration = s3_configuration(s3.url, bucket, "", [])
    guessed = CSV | {"inference_type": "Primitive Types Only"}
    formats = {"files": guessed, "both": guessed, "objects": JSONL}
    configuration["streams"] = [{"name": name, "globs": [f"{name}/*"], "format": f} for name, f in formats.items()]
    offered = runner.discover(connector, configuration)
    found = {
        stream["name"]: {
            name: column["type"] for name, column in stream["json_schema"]["properties"].items() if name[0] != "_"
        }
        for stream in offered
    }
    assert found == {
        "files": {"id": ["null", "number"], "name": ["null", "string"]},
        "both": {"id": ["null", "integer"], "ID": ["null", "integer"]},
        "objects": {
            "id": ["null", "number"],
            "a": ["null", "string"],
            "b": ["null", "integer"],
            "B": ["null", "integer"],
        },
    }
