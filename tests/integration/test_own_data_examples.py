"""The examples of docs/bring-your-own-data.md, read by Airbyte's S3 connector in one discovery and one read."""

import gzip
import re
from typing import Any

import yaml

from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorRunner
from connections_file.columns import column_mistakes, with_input_schemas
from tests.data_files import avro, parquet
from tools.local.platform import ROOT

from .s3_source import Put, read_all
from .syncs import s3_configuration

PAGE = (ROOT / "docs/bring-your-own-data.md").read_text()
EXAMPLES = re.findall(r"(?:^```text\n(.*?)^```\n\n)?^```yaml\n(name: .*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)

# Values that a guess of the types would change, and a column that is not declared.
DECLARED: dict[str, Any] = {
    "name": "declared",
    "globs": ["declared.csv"],
    "columns": {"no": "integer", "zip": "string", "long": "string", "flag": "integer", "paid": "boolean"},
    "format": {"filetype": "csv", "encoding": "utf-8-sig", "true_values": ["true"], "false_values": ["false"]},
}
DECLARED_FILE = "\ufeffno,zip,long,flag,paid,other\n1,02134,12345678901234567890,0,true,x\n"


def test_every_example_is_read_as_the_page_says(
    s3: Any, bucket: str, put: Put, runner: ConnectorRunner, connector: Connector
) -> None:
    files: dict[str, str | bytes] = {
        "compressed": gzip.compress(b"id,zip\n1,02134\n"),
        "lines": '{"id": 1, "zip": "02134"}\n',
        "parquet": parquet({"id": [1], "zip": ["02134"]}),
        "avro": avro({"id": "int", "zip": ["null", "string"]}, (1, "02134")),
        "declared": DECLARED_FILE,
    }
    streams = [DECLARED]
    for text, options in EXAMPLES:
        stream = yaml.safe_load(options)
        streams.append(stream)
        if text:
            files[stream["name"]] = text.encode(stream["format"].get("encoding", "utf-8"))
    for stream in streams:
        put(stream["globs"][0], files[stream["name"]])
    declared = s3_configuration(s3.url, bucket, "", []) | {"streams": streams}
    assert list(column_mistakes("source-s3", declared)) == []
    records = read_all(runner, connector, with_input_schemas("source-s3", declared))
    assert records == {
        "declared": [{"no": 1, "zip": "02134", "long": "12345678901234567890", "flag": 0, "paid": True}],
        "semicolons": [{"id": 1, "name": "Zoë", "amount": "5,50"}],
        "quotes": [{"id": 1, "text": "it's, here"}],
        "nulls": [{"id": 1, "name": "N/A"}],
        "titles": [{"id": 1, "name": "Ada"}],
        "headless": [{"id": 1, "zip": "02134"}],
        "words": [{"id": 1, "paid": True}],
        "compressed": [{"id": 1, "zip": "02134"}],
        "lines": [{"id": 1, "zip": "02134"}],
        "parquet": [{"id": 1, "zip": "02134"}],
        "avro": [{"id": 1, "zip": "02134"}],
    }
