from pathlib import Path

import pytest

from connections_file import ConnectionsFileError, load

REPOSITORY = Path(__file__).parents[3]
SECRETS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}

VALID = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
sources:
  - name: a
    connector: source-s3
    configuration:
      key: ${KEY}
      start: 2024-01-01
destinations:
  - {name: b, connector: destination-bigquery, configuration: {}}
connections:
  - name: c
    source: a
    destination: b
    streams:
      - name: s
        sync_mode: full_refresh_append
        dbt_source: shop.s
"""


def write(directory: Path, text: str) -> Path:
    path = directory / "connections.yaml"
    path.write_text(text)
    return path


def test_the_projects_own_file_loads_without_any_variable() -> None:
    file = load(REPOSITORY / "connections.yaml", {})
    assert {
        connection.name: [(stream.name, stream.asset_key, stream.files) for stream in connection.streams]
        for connection in file.connections
    } == {
        "jaffle_shop_customers": [
            (
                "jaffle_shop_customers",
                ["jaffle_shop", "jaffle_shop_customers"],
                ["jaffle_shop/jaffle_shop_customers.csv"],
            )
        ],
        "jaffle_shop_orders": [
            ("jaffle_shop_orders", ["jaffle_shop", "jaffle_shop_orders"], ["jaffle_shop/jaffle_shop_orders.csv"])
        ],
        "stripe_payments": [("stripe_payments", ["stripe", "stripe_payments"], ["jaffle_shop/stripe_payments.csv"])],
    }


def test_the_projects_own_configurations() -> None:
    file = load(REPOSITORY / "connections.yaml", SECRETS | {"AWS_ENDPOINT_URL_S3": "http://s3:4566"})
    names = ["jaffle_shop_customers", "jaffle_shop_orders", "stripe_payments"]
    assert [(source.name, source.connector) for source in file.sources] == [(name, "source-s3") for name in names]
    assert [connection.source for connection in file.connections] == names
    csv = {
        "filetype": "csv",
        "encoding": "utf-8-sig",
        "null_values": [""],
        "true_values": ["true", "True", "TRUE"],
        "false_values": ["false", "False", "FALSE"],
    }
    schemas = [
        '{"id": "integer", "first_name": "string", "last_name": "string"}',
        '{"id": "integer", "user_id": "integer", "order_date": "string", "status": "string"}',
        '{"ID": "integer", "ORDERID": "integer", "PAYMENTMETHOD": "string", "STATUS": "string", "AMOUNT": "integer", '
        '"CREATED": "string"}',
    ]
    for source, schema in zip(file.sources, schemas, strict=True):
        globs = [f"jaffle_shop/{source.name}.csv"]
        assert source.expanded() == {
            "bucket": "jaffle-shop",
            "endpoint": "http://s3:4566",
            "region_name": "us-east-1",
            "credentials": {"auth_type": "iam_user", "aws_access_key_id": "id", "aws_secret_access_key": "secret"},
            "delivery_method": {"delivery_type": "use_records_transfer"},
            "streams": [
                {
                    "name": source.name,
                    "globs": globs,
                    "validation_policy": "Emit Record",
                    "format": csv,
                    "input_schema": schema,
                },
            ],
        }
    assert file.destinations[0].expanded() == {
        "project_id": "local-dev",
        "dataset_id": "jaffle",
        "dataset_location": "US",
        "loading_method": {"method": "Standard"},
    }


def test_on_aws_there_is_no_endpoint() -> None:
    assert "endpoint" not in load(REPOSITORY / "connections.yaml", SECRETS).sources[0].expanded()


def test_secrets_are_asked_for_only_when_they_are_needed(tmp_path: Path) -> None:
    file = load(write(tmp_path, VALID), {})
    with pytest.raises(
        ConnectionsFileError,
        match=r"connections\.yaml:6: sources\[0\]\.configuration\.key: the environment variable KEY is not set",
    ):
        file.sources[0].expanded()


def test_a_date_stays_text(tmp_path: Path) -> None:
    assert load(write(tmp_path, VALID), {"KEY": "k"}).sources[0].expanded() == {"key": "k", "start": "2024-01-01"}


def test_names_are_expanded_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, VALID.replace("name: Test", "name: '${NAME:-Default}'"))
    assert load(path, {"NAME": "Mine"}).workspace.name == "Mine"
    assert load(path, {}).workspace.name == "Default"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  - name: c", "  - nam: c", r":11: connections\[0\]\.name: Field required"),
        ("source: a", "source: x", r":12: connections\[0\]\.source: source 'x' not found.* a\."),
        ("destination: b", "destination: x", r":13: .* destination 'x' not found.* b\."),
        ("full_refresh_append", "upsert", r":16: connections\[0\]\.streams\[0\]\.sync_mode: Input should be 'full_"),
        ("full_refresh_append", "incremental_deduped_history", r":15: .* needs a primary_key, for example \[\[id\]\]"),
        ("shop.s", "shop", r":17: connections\[0\]\.streams\[0\]\.dbt_source: String should match"),
        (
            "    source: a\n",
            "    source: a\n    source: a\n",
            r":13: .*\.source: duplicate key",
        ),
        ("5ae6b09b", "", r":1: workspace\.id: Input should be a valid UUID"),
        ("name: Test", "name: '${WHO}'", r":1: workspace\.name: the environment variable WHO is not set"),
        ("connections:\n", "connections: [\n", r":11: not valid YAML"),
        ("    destination: b\n", "    destination: b\n    color: red\n", r":14: connections\[0\]\.color: Extra inputs"),
        (
            "    destination: b\n",
            "    destination: b\n    namespace_format: x\n",
            r":11: connections\[0\]: namespace_format and namespace_definition: custom_format",
        ),
        (
            "    streams:\n",
            "    streams:\n      - {name: s, sync_mode: full_refresh_append, dbt_source: shop.t}\n",
            r":16: connections\[0\]\.streams\[1\]\.name: duplicate stream 's'",
        ),
        (
            "dbt_source: shop.s",
            "dbt_source: shop.s\n        checks: {uncast_values_allowed: true}",
            r":\d+: .*\.uncast_values_allowed: Input should be a number, not true or false",
        ),
        (VALID, "", r":1: file: Input should be a valid dictionary"),
    ],
)
def test_mistakes_are_found_with_file_line_and_path(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in VALID
    with pytest.raises(ConnectionsFileError, match=r"connections\.yaml" + message):
        load(write(tmp_path, VALID.replace(old, new, 1)), {})


@pytest.mark.parametrize("kind", ["sources", "connections"])
def test_names_are_unique(tmp_path: Path, kind: str) -> None:
    lines = VALID.splitlines(keepends=True)
    block = {"sources": lines[2:7], "connections": lines[10:17]}[kind]
    end = {"sources": 7, "connections": 17}[kind]
    text = "".join(lines[:end] + block + lines[end:])
    with pytest.raises(ConnectionsFileError, match=rf"{kind}\[1\]\.name: duplicate name '.'"):
        load(write(tmp_path, text), {})


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ConnectionsFileError, match=r"absent\.yaml: cannot be read .*\nSet CONNECTIONS_FILE"):
        load(tmp_path / "absent.yaml", {})


def test_an_overriding_key_is_found_at_its_own_line(tmp_path: Path) -> None:
    merged = VALID.replace(
        "      key: ${KEY}\n", "      key: &k {x: 1, y: '${Y}'}\n      other:\n        <<: *k\n        y: ${Z}\n"
    )
    with pytest.raises(ConnectionsFileError, match=r":9: sources\[0\]\.configuration\.other\.y: .* Z is not set"):
        load(write(tmp_path, merged), {"Y": "1"}).sources[0].expanded()


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = VALID.replace("source: a", "source: 1").replace("full_refresh_append", "upsert")
    with pytest.raises(ConnectionsFileError) as error:
        load(write(tmp_path, text), {})
    lines = str(error.value).splitlines()
    assert [line.removeprefix(f"{tmp_path}/connections.yaml:").split(": ")[0] for line in lines] == ["12", "16"]


def test_where_something_is_declared(tmp_path: Path) -> None:
    file = load(write(tmp_path, VALID), {})
    found = [item.where for item in (*file.sources, *file.destinations, *file.connections)]
    assert found == [f"{tmp_path}/connections.yaml:{number}" for number in (3, 9, 11)]


def test_airbytes_own_variables(tmp_path: Path) -> None:
    settings = "    namespace_definition: custom_format\n    namespace_format: lake_$${SOURCE_NAMESPACE}\n"
    path = write(tmp_path, VALID.replace("    destination: b\n", "    destination: b\n" + settings))
    assert load(path, {}).connections[0].namespace_format == "lake_${SOURCE_NAMESPACE}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'workspace: "Caf\xe9"\n', "not a text file in UTF-8"),
        (b'workspace: "\x07"\n', "not a text file in UTF-8"),
        (b"workspace: 1\n? [a, b]\n: 2\n", ":2: file: a key must be text"),
    ],
)
def test_a_file_that_is_not_text_is_told_as_such(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "connections.yaml"
    file.write_bytes(content)
    with pytest.raises(ConnectionsFileError, match=message):
        load(file)
