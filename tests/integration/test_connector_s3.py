"""Airbyte's S3 connector through the runner, against LocalStack."""

import gzip
import hashlib
import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from airbyte_lite.connectors.protocol import ConnectorError, error_of, parse_message
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorRunner, Limits
from airbyte_lite.loader.order import FILE, NDJSON, PARQUET, Order, StreamOrder
from airbyte_lite.loader.rows import Column
from airbyte_lite.loader.types import FieldType
from platform_kit.settings_table import TABLE

from .s3_types import S3Client
from .syncs import s3_configuration

PAYMENTS = """ID,ORDERID,PAYMENTMETHOD,STATUS,AMOUNT,CREATED
1,1,credit_card,success,1000,2018-01-01
2,2,bank_transfer,fail,2000,2018-01-02
"""
WHOLE_SECOND = 1.1
"""Seconds between two versions of a file: S3's time of modification has whole seconds, and the connector goes by it."""

Put = Callable[[str, str | bytes], None]


@dataclass
class Result:
    """The messages of a read, by type, and its end."""

    records: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    errors: list[ConnectorError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failure: ConnectorError | None = None
    exit_code: int | None = None

    def add(self, line: bytes) -> None:
        message = parse_message(line)
        assert message is not None, line
        assert message["type"] != "CONTROL", "the configuration is in its current form"
        if message["type"] == "RECORD":
            data = message["record"]["data"]
            self.records.append({k: v for k, v in data.items() if not k.startswith("_ab_source_file_")})
        elif message["type"] == "STATE":
            self.states.append(message["state"])
        elif error := error_of(message):
            self.errors.append(error)
        elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            self.statuses.append(message["trace"]["stream_status"]["status"])
        elif message["type"] == "LOG" and message["log"]["level"] == "WARN":
            self.warnings.append(message["log"]["message"])


class S3:
    """The connector with one bucket."""

    def __init__(self, runner: ConnectorRunner, connector: Connector, endpoint: str, bucket: str) -> None:
        self.runner, self.connector, self.endpoint, self.bucket = runner, connector, endpoint, bucket

    def configuration(self, glob: str, **stream: Any) -> dict[str, Any]:
        csv = {
            "filetype": "csv",
            "inference_type": "Primitive Types Only",
            "null_values": [""],
            "true_values": ["true"],
            "false_values": ["false"],
        }
        options = {"format": csv | stream.pop("format", {}), **stream}
        return s3_configuration(self.endpoint, self.bucket, "stream", [glob], **options)

    def types(self, configuration: dict[str, Any]) -> dict[str, str]:
        (stream,) = self.runner.discover(self.connector, configuration)
        properties = stream["json_schema"]["properties"]
        return {name: kind(schema) for name, schema in properties.items() if not name.startswith("_ab_source_file_")}

    def read(
        self,
        configuration: dict[str, Any],
        stream: dict[str, Any] | None = None,
        state: list[dict[str, Any]] | None = None,
        sync_mode: str = "incremental",
        others: dict[str, Any] | None = None,
    ) -> Result:
        if stream is None:
            (stream,) = self.runner.discover(self.connector, configuration)
        catalog = {"streams": [{"stream": stream, "sync_mode": sync_mode, "destination_sync_mode": "append"}]}
        result = Result()
        with self.runner.read(self.connector, configuration, catalog, state or [], others) as read:
            try:
                for line in read:
                    result.add(line)
            except ConnectorError as error:
                result.failure = error
        result.exit_code = read.exit_code
        return result

    def read_batches(self, glob: str, folder: Path, format_: str) -> Result:
        """Let the connector write the columns `id` and `name` of CSV files to batches in the folder."""
        columns = [Column("id", "id", FieldType("INTEGER")), Column("name", "name", FieldType("STRING"))]
        order = Order("reported", str(folder), format_, 1 << 20, {"stream": StreamOrder("batch", columns, 1, 1)})
        types = {"id": {"type": ["null", "integer"]}, "name": {"type": ["null", "string"]}}
        schema = {"type": "object", "properties": types}
        stream = {"name": "stream", "json_schema": schema, "supported_sync_modes": ["full_refresh"]}
        configuration = self.configuration(glob, input_schema='{"id": "integer", "name": "string"}')
        return self.read(configuration, stream, sync_mode="full_refresh", others={FILE: order.dump()})


def kind(schema: dict[str, Any]) -> str:
    """Return the type of a column, which may be null as well."""
    kinds = {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])
    (only,) = kinds - {"null"}
    return str(only)


@pytest.fixture
def source(runner: ConnectorRunner, connector: Connector, s3: Any, bucket: str) -> S3:
    return S3(runner, connector, s3.url, bucket)


def test_spec_accepts_the_configuration(source: S3) -> None:
    specification = source.runner.spec(source.connector)
    validator = Draft7Validator(specification["connectionSpecification"])
    assert list(validator.iter_errors(source.configuration("*.csv"))) == []
    assert specification["documentationUrl"] == "https://docs.airbyte.com/integrations/sources/s3"


def test_check_succeeds(source: S3, put: Put) -> None:
    put("payments.csv", PAYMENTS)
    result = source.runner.check(source.connector, source.configuration("payments.csv"))
    assert (result.succeeded, result.message) == (True, "")


def test_check_with_wrong_credentials(source: S3, keyless_s3: str) -> None:
    source.endpoint = keyless_s3
    result = source.runner.check(source.connector, source.configuration("*.csv"))
    assert not result.succeeded
    assert "credentials" in result.message


def test_check_of_a_server_that_is_not_there(source: S3) -> None:
    source.endpoint = "http://127.0.0.1:9"
    result = source.runner.check(source.connector, source.configuration("*.csv"))
    assert not result.succeeded
    assert "http://127.0.0.1:9 (connection refused)" in result.message


def test_missing_bucket(source: S3) -> None:
    source.bucket = "no-such-bucket"
    configuration = source.configuration("*.csv")
    result = source.runner.check(source.connector, configuration)
    assert not result.succeeded
    assert "The bucket no-such-bucket does not exist." in result.message
    with pytest.raises(ConnectorError, match="no-such-bucket does not exist") as raised:
        source.runner.discover(source.connector, configuration)
    assert raised.value.failure_type == "config_error"


def test_configuration_of_an_older_form_comes_back_in_the_current_one(source: S3, put: Put) -> None:
    put("payments.csv", PAYMENTS)
    current = source.configuration("payments.csv")
    older = current | {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    del older["credentials"]
    (stream,) = source.runner.discover(source.connector, older)
    catalog = {"streams": [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}]}
    with source.runner.read(source.connector, older, catalog, []) as read:
        assert sum(b'"RECORD"' in line for line in read) == 2
    assert read.configuration_update == current


def test_glob_without_files_passes_for_an_empty_table_unless_checked(source: S3) -> None:
    """This is why a sync runs the check before it overwrites a table with no rows."""
    configuration = source.configuration("nothing-*.csv")
    result = source.runner.check(source.connector, configuration)
    assert not result.succeeded
    assert result.message.startswith("Stream stream: No files were identified in the stream")
    assert "globs" in result.message
    assert source.types(configuration) == {"data": "object"}
    read = source.read(configuration)
    assert (read.records, read.statuses, read.exit_code) == ([], ["STARTED", "COMPLETE"], 0)


def test_header_without_rows(source: S3, put: Put) -> None:
    put("header.csv", "id,name\n")
    inferred = source.configuration("header.csv")
    given = source.configuration("header.csv", input_schema='{"id": "integer", "name": "string"}')
    assert source.runner.check(source.connector, inferred).succeeded
    assert source.runner.check(source.connector, given).succeeded
    with pytest.raises(ConnectorError, match=r"header\.csv: the file has no rows.*input_schema"):
        source.runner.discover(source.connector, inferred)
    read = source.read(given)
    assert (read.records, read.statuses, read.exit_code) == ([], ["STARTED", "COMPLETE"], 0)


def test_file_without_content_fails_its_check(source: S3, put: Put) -> None:
    put("empty.csv", "")
    assert not source.runner.check(source.connector, source.configuration("empty.csv")).succeeded


def test_types_of_the_jaffle_files(source: S3, put: Put) -> None:
    put("payments.csv", PAYMENTS)
    configuration = source.configuration("payments.csv", primary_key="ID")
    assert source.types(configuration) == {
        "ID": "integer",
        "ORDERID": "integer",
        "PAYMENTMETHOD": "string",
        "STATUS": "string",
        "AMOUNT": "integer",
        "CREATED": "string",
    }
    (stream,) = source.runner.discover(source.connector, configuration)
    assert stream["source_defined_primary_key"] == [["ID"]]
    assert stream["supported_sync_modes"] == ["full_refresh", "incremental"]
    assert stream["default_cursor_field"] == ["_ab_source_file_last_modified"]
    assert source.read(configuration).records[1] == {
        "ID": 2,
        "ORDERID": 2,
        "PAYMENTMETHOD": "bank_transfer",
        "STATUS": "fail",
        "AMOUNT": 2000,
        "CREATED": "2018-01-02",
    }


def test_ones_and_zeros_are_numbers_only_where_the_words_for_true_are_given(source: S3, put: Put) -> None:
    put("one.csv", "id,paid\n1,true\n")
    assert source.types(source.configuration("one.csv")) == {"id": "integer", "paid": "boolean"}
    default = source.configuration("one.csv", format={"true_values": ["1", "true"], "false_values": ["0"]})
    assert source.types(default) == {"id": "boolean", "paid": "boolean"}


def test_quotes_newlines_and_characters_beyond_ascii(source: S3, put: Put) -> None:
    put("text.csv", 'id,text\n1,"a, b\nc ""d"""\n2,Ωé€😀\n3,"  "\n')
    texts = [record["text"] for record in source.read(source.configuration("text.csv")).records]
    assert texts == ['a, b\nc "d"', "Ωé€😀", "  "]


def test_byte_order_mark(source: S3, put: Put) -> None:
    put("bom.csv", "\ufeffid,name\n5,x\n")
    put("plain.csv", "id,name\n5,x\n")
    for file in ("bom.csv", "plain.csv"):
        configuration = source.configuration(file, format={"encoding": "utf-8-sig"})
        assert source.read(configuration).records == [{"id": 5, "name": "x"}]
    with pytest.raises(ConnectorError, match=r"byte order mark.*utf-8-sig"):
        source.types(source.configuration("bom.csv"))


def test_empty_cells_are_left_out(source: S3, put: Put) -> None:
    put("cells.csv", "id,name,amount\n1,,\n2,x,5\n")
    configuration = source.configuration("cells.csv")
    assert source.types(configuration) == {"id": "integer", "name": "string", "amount": "integer"}
    read = source.read(configuration)
    assert read.records == [{"id": 1}, {"id": 2, "name": "x", "amount": 5}]


def test_value_of_another_type_is_passed_on_as_it_is(source: S3, put: Put) -> None:
    put("file.csv", "id\n1\n2\n")
    configuration = source.configuration("file.csv")
    (stream,) = source.runner.discover(source.connector, configuration)
    put("file.csv", "id,new\n3,x\nfour,y\n")
    read = source.read(configuration, stream)
    assert read.records == [{"id": 3}, {"id": "four"}], "types and columns are those of the catalog"
    assert len(read.warnings) == 1
    assert "value=four,expected_type=integer" in read.warnings[0]


def test_wrong_column_count_in_the_first_rows(source: S3, put: Put) -> None:
    put("file.csv", "id,name\n1,x\n2,y,extra\n")
    with pytest.raises(ConnectorError, match=r"file\.csv, line 3: 3 values, the header has 2") as raised:
        source.runner.discover(source.connector, source.configuration("file.csv"))
    assert raised.value.failure_type == "config_error"


ROWS = b"".join(
    b"%d,%s\n" % (number, hashlib.shake_128(b"%d" % number).hexdigest(500).encode()) for number in range(1, 2001)
)
"""More than the first megabyte, from which the types are inferred: only the read sees what follows."""


@pytest.mark.parametrize(
    ("key", "content", "reason", "exit_code"),
    [
        ("file.csv", b"id,name\n" + ROWS + b"0,x,extra\n" + ROWS, "line 2002: 3 values, the header has 2", 1),
        ("file.csv", b"id,name\n" + ROWS + b"0\n" + ROWS, "line 2002: 1 value, the header has 2", 1),
        ("file.csv", b"id,name\n" + ROWS + b"0,\xff\n" + ROWS, "line 2002, byte 3: the byte 0xFF", 1),
        ("file.csv.gz", gzip.compress(b"id,name\n" + ROWS, 1)[:-50_000], "compressed content is cut off", 0),
    ],
    ids=["more values", "fewer values", "encoding", "cut off"],
)
def test_file_that_breaks_off_is_complete_for_the_connector_but_not_for_us(
    source: S3, put: Put, key: str, content: bytes, reason: str, exit_code: int
) -> None:
    put(key, content)
    read = source.read(source.configuration(key))
    assert 1800 < len(read.records) <= 2000
    assert (read.statuses[-1], read.exit_code, len(read.errors)) == ("COMPLETE", exit_code, exit_code)
    assert read.failure is not None
    assert f"Stream stream: {key}" in read.failure.message
    assert reason in read.failure.message


def test_state_round_trip(source: S3, put: Put) -> None:
    def put_archive(text: str) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(zipfile.ZipInfo("a.csv"), text)  # its time is 1980, as of many programs
        put("payments.zip", file.getvalue())

    put("payments.csv", PAYMENTS)
    put_archive(PAYMENTS.replace("2,2,", "7,7,"))
    configuration = source.configuration("payments*")
    (stream,) = source.runner.discover(source.connector, configuration)
    first = source.read(configuration, stream)
    times = set(first.states[-1]["stream"]["stream_state"]["history"].values())
    assert (len(first.records), len(first.states)) == (4, len(times))
    second = source.read(configuration, stream, first.states[-1:])
    assert (second.records, second.statuses, second.exit_code) == ([], ["STARTED", "COMPLETE"], 0)
    time.sleep(WHOLE_SECOND)
    put("payments.csv", PAYMENTS + "3,3,coupon,success,5,2018-01-03\n")
    put_archive(PAYMENTS.replace("2,2,", "8,8,"))
    third = source.read(configuration, stream, second.states[-1:])
    assert sorted(record["ID"] for record in third.records) == [1, 1, 2, 3, 8], "a changed file is read again whole"


def test_full_refresh_reads_all_again(source: S3, put: Put) -> None:
    put("payments.csv", PAYMENTS)
    configuration = source.configuration("payments.csv")
    for _ in range(2):
        assert len(source.read(configuration, sync_mode="full_refresh").records) == 2


def test_stop_ends_a_long_read_at_once(source: S3, put: Put) -> None:
    put("long.csv", "id\n" + "".join(f"{number}\n" for number in range(300_000)))
    configuration = source.configuration("long.csv")
    (stream,) = source.runner.discover(source.connector, configuration)
    catalog = {"streams": [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}]}
    records = 0
    with source.runner.read(source.connector, configuration, catalog, []) as read:
        for line in read:
            records += b'"RECORD"' in line
            if records == 1:
                read.stop()
    assert 0 < records < 300_000
    assert read.exit_code == -15


def test_nothing_of_a_configuration_is_left_on_disk(source: S3, put: Put, runner: ConnectorRunner) -> None:
    put("payments.csv", PAYMENTS)
    source.read(source.configuration("payments.csv"))
    directory: Path = runner._commands
    assert list(directory.rglob("*")) == []


def test_many_files_are_read_in_batches_under_the_default_memory_limit(
    source: S3, s3_client: S3Client, tmp_path: Path
) -> None:
    """Each of airbyte-cdk's threads reserves a stack, which counts as data of the command."""
    for number in range(120):
        s3_client.put_object(Bucket=source.bucket, Key=f"many/{number:03}.csv", Body=b"id,name\n1,x\n2,y\n")
    memory = int(TABLE["AIRBYTE_LITE_CONNECTOR_MEMORY_MIB"].default) << 20
    source.runner = ConnectorRunner(tmp_path / "home", limits=Limits(memory=memory))
    try:
        read = source.read_batches("many/*.csv", tmp_path, PARQUET)
    finally:
        source.runner.close()
    assert read.failure is None, read.failure
    assert read.errors == []
    assert (read.exit_code, read.statuses[-1]) == (0, "COMPLETE"), (read.statuses, read.warnings)
    assert sum(record["reported"]["rows"] for record in read.records) == 240


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
@pytest.mark.parametrize("format_", [PARQUET, NDJSON])
def test_a_full_disk_is_not_a_fault_of_the_file(source: S3, put: Put, tmp_path: Path, format_: str) -> None:
    put("file.csv", "id,name\n" + "1,x\n" * 2000)  # lines are written while the file is read, Parquet at its end
    (tmp_path / f"batch-000001.{format_}").symlink_to("/dev/full")
    read = source.read_batches("file.csv", tmp_path, format_)
    errors = [error for error in [*read.errors, read.failure] if error]
    assert errors
    assert "No space left" in errors[0].message
    assert str(tmp_path) in errors[0].message
    assert errors[0].failure_type == "system_error"
    assert not any("parsing" in error.message for error in errors)
