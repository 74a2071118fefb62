"""Reduced specifications with the shapes of ten connectors that Airbyte publishes, in words of our own.

The shapes were read in airbytehq/airbyte, airbyte-integrations/connectors/source-*: which words of JSON schema and of
Airbyte stand where (`expected_spec.json` of postgres and mysql, `spec.json` or `spec.yaml` of the others).
"""

from typing import Any

type Schema = dict[str, Any]

TEXT = {"type": "string"}
SECRET = {"type": "string", "airbyte_secret": True}
TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"


def constant(value: str, **more: Any) -> Schema:
    return {"type": "string", "const": value, **more}


def thing(required: list[str], **properties: Any) -> Schema:
    return {"type": "object", "required": required, "properties": properties}


CERTIFICATES = {
    "ca_certificate": SECRET | {"multiline": True, "order": 1},
    "client_key": SECRET | {"multiline": True, "order": 3, "always_show": True},
}

POSTGRES = thing(
    ["host", "port", "database", "username"],
    host=TEXT | {"title": "Host", "order": 0},
    port={"type": "integer", "minimum": 0, "maximum": 65536, "default": 5432, "examples": ["5432"], "order": 1},
    database=TEXT | {"order": 2},
    schemas={
        "type": "array",
        "items": TEXT,
        "minItems": 0,
        "uniqueItems": True,
        "default": ["public"],
        "order": 3,
    },
    username=TEXT | {"order": 4},
    password=SECRET | {"order": 5},
    ssl_mode={
        "type": "object",
        "order": 7,
        "description": "Modes. \n <ul><li><b>allow</b> - if asked</li><li><b>require</b> - always</li></ul> "
        'More <a href="https://example.com/ssl">in the guide</a>.',
        "oneOf": [
            {
                "title": name,
                "additionalProperties": False,
                "required": ["mode", *more],
                "properties": {
                    "mode": constant(name, enum=[name], default=name, order=0),
                    **(CERTIFICATES if more else {}),
                },
            }
            for name, more in (("allow", []), ("require", []), ("verify-ca", ["ca_certificate"]))
        ],
    },
    replication_method={
        "type": "object",
        "order": 8,
        "oneOf": [
            {"title": "Standard", "required": ["method"], "properties": {"method": constant("Standard")}},
            {
                "title": "CDC",
                "required": ["method", "replication_slot"],
                "properties": {
                    "method": constant("CDC"),
                    "replication_slot": TEXT,
                    "plugin": TEXT | {"enum": ["pgoutput", "wal2json"], "default": "pgoutput"},
                    "initial_waiting_seconds": {"type": "integer", "default": 300, "min": 120, "max": 1200},
                },
            },
        ],
    },
)

MYSQL = thing(
    ["host", "port", "username", "replication_method"],
    host=TEXT | {"order": 0},
    port={"type": "integer", "minimum": 0, "maximum": 65536, "default": 3306, "order": 1},
    username=TEXT | {"order": 2},
    password=SECRET | {"order": 3, "always_show": True},
    ssl={"type": "boolean", "default": True, "order": 4},
    replication_method={
        "type": "object",
        "order": 8,
        "default": "CDC",
        "display_type": "radio",
        "oneOf": [
            {"title": "Cursor", "required": ["method"], "properties": {"method": constant("STANDARD", order=0)}},
            {
                "title": "Binary log",
                "required": ["method"],
                "properties": {
                    "method": constant("CDC", order=0),
                    "server_time_zone": TEXT | {"order": 2, "always_show": True},
                },
            },
        ],
    },
    tunnel_method={
        "type": "object",
        "oneOf": [
            {"title": "None", "required": ["tunnel_method"], "properties": {"tunnel_method": constant("NO_TUNNEL")}},
            {
                "title": "Key",
                "required": ["tunnel_method", "tunnel_host", "tunnel_port", "ssh_key"],
                "properties": {
                    "tunnel_method": constant("SSH_KEY_AUTH"),
                    "tunnel_host": TEXT,
                    "tunnel_port": {"type": "integer", "minimum": 0, "maximum": 65536, "default": 22},
                    "ssh_key": SECRET | {"multiline": True},
                },
            },
        ],
    },
)

GITHUB = thing(
    ["credentials", "repositories"],
    credentials={
        "type": "object",
        "order": 0,
        "group": "auth",
        "oneOf": [
            {
                **thing(["access_token"], option_title=constant("OAuth Credentials"), access_token=SECRET),
                "title": "OAuth",
            },
            {
                **thing(
                    ["personal_access_token"],
                    option_title=constant("PAT Credentials"),
                    personal_access_token=SECRET | {"title": "Token"},
                ),
                "title": "Token",
            },
        ],
    },
    repository=TEXT | {"airbyte_hidden": True, "pattern": r"^([\w.-]+/(\*|[\w.-]+(?<!\.git))\s+)*x$"},
    repositories={
        "type": "array",
        "items": TEXT | {"pattern": r"^[\w.-]+/(([\w.-]*\*)|[\w.-]+(?<!\.git))$"},
        "minItems": 1,
        "pattern_descriptor": "org/repo org/*",
        "order": 1,
    },
    start_date=TEXT | {"format": "date-time", "pattern": TIME, "pattern_descriptor": "YYYY-MM-DDTHH:mm:ssZ"},
    api_url=TEXT | {"default": "https://api.github.com/", "examples": ["https://github.com"]},
    max_waiting_time={"type": "integer", "default": 10, "minimum": 1, "maximum": 60, "examples": [10, 30]},
) | {"additionalProperties": True}

GOOGLE_SHEETS = thing(
    ["spreadsheet_id", "credentials"],
    batch_size={"type": "integer", "default": 1000000, "order": 1},
    spreadsheet_id=TEXT | {"order": 0},
    names_conversion={"type": "boolean", "default": False, "order": 2},
    credentials={
        "type": "object",
        "oneOf": [
            {
                **thing(["auth_type", "refresh_token"], auth_type=constant("Client"), refresh_token=SECRET),
                "title": "Google",
            },
            {
                **thing(["auth_type", "service_account_info"], auth_type=constant("Service"))
                | {
                    "properties": {
                        "auth_type": constant("Service"),
                        "service_account_info": SECRET | {"examples": ['{ "type": "service_account" }']},
                    }
                },
                "title": "Service account",
            },
        ],
    },
    stream_name_overrides={
        "type": "array",
        "items": thing(["source_stream_name", "custom_stream_name"], source_stream_name=TEXT, custom_stream_name=TEXT),
    },
)

STRIPE = thing(
    ["client_secret", "account_id"],
    account_id=TEXT | {"order": 0},
    client_secret=SECRET | {"title": "Secret Key", "order": 1},
    start_date=TEXT | {"format": "date-time", "pattern": TIME, "order": 2, "examples": ["2017-01-25T00:00:00Z"]},
    lookback_window_days={"type": "integer", "default": 0, "minimum": 0, "order": 3},
    slice_range={"type": "integer", "default": 365, "minimum": 1, "order": 4},
)

SALESFORCE = thing(
    ["credentials"],
    is_sandbox={"type": "boolean", "default": False, "order": 1},
    credentials=thing(
        ["client_id", "refresh_token"],
        auth_type=constant("Client"),
        client_id=TEXT | {"order": 2},
        refresh_token=SECRET | {"order": 4},
    ),
    start_date=TEXT | {"format": "date-time", "order": 5, "examples": ["2021-07-25"]},
    streams_criteria={
        "type": "array",
        "order": 6,
        "items": thing(
            ["criteria", "value"],
            criteria=TEXT | {"enum": ["starts with", "contains"], "order": 1, "default": "contains"},
            value=TEXT | {"order": 2},
        ),
    },
)

SNOWFLAKE = thing(
    ["host", "role", "warehouse"],
    credentials={
        "type": "object",
        "order": 0,
        "oneOf": [
            {
                **thing(["client_id", "auth_type"], auth_type=constant("OAuth", default="OAuth"), client_id=SECRET),
                "title": "OAuth2.0",
                "order": 0,
            },
            {
                **thing(
                    ["username", "password", "auth_type"],
                    auth_type=constant("username/password", default="username/password", order=0),
                    username=TEXT | {"examples": ["AIRBYTE_USER"], "order": 1},
                    password=SECRET | {"order": 2},
                ),
                "title": "Username and Password",
                "order": 1,
            },
        ],
    },
    host=TEXT | {"order": 1},
    role=TEXT | {"order": 2},
    warehouse=TEXT | {"order": 3},
    jdbc_url_params=TEXT | {"order": 6},
)

MONGODB = thing(
    ["database_config"],
    database_config={
        "type": "object",
        "order": 1,
        "group": "connection",
        "default": "",
        "display_type": "radio",
        "oneOf": [
            {
                "title": title,
                "required": ["connection_string", "cluster_type", *more],
                "additionalProperties": True,
                "properties": {
                    "cluster_type": constant(kind, order=1),
                    "connection_string": TEXT | {"order": 2, "group": "db"},
                    "password": SECRET | {"order": 4, "group": "auth"},
                    "auth_source": TEXT | {"default": "admin", "examples": ["admin"], "order": 5},
                },
            }
            for title, kind, more in (
                ("Atlas", "ATLAS_REPLICA_SET", ["password"]),
                ("Self-managed", "SELF_MANAGED_REPLICA_SET", []),
            )
        ],
    },
    queue_size={"type": "integer", "default": 10000, "order": 7, "min": 1000, "max": 10000, "group": "advanced"},
) | {"groups": [{"id": "connection"}, {"id": "db"}, {"id": "advanced", "title": "Advanced"}]}

HUBSPOT = thing(
    ["credentials"],
    start_date=TEXT | {"pattern": TIME, "format": "date-time"},
    enable_experimental_streams={"type": "boolean", "default": False},
    num_worker={"type": "integer", "minimum": 1, "maximum": 40, "default": 3, "examples": [1, 2, 3]},
    credentials={
        "type": "object",
        "oneOf": [
            {
                **thing(
                    ["refresh_token", "credentials_title"],
                    credentials_title=constant("OAuth Credentials", order=0),
                    refresh_token=SECRET | {"order": 3},
                ),
                "title": "OAuth",
            },
            {
                **thing(
                    ["access_token", "credentials_title"],
                    credentials_title=constant("Private App Credentials", default="Private App Credentials", order=0),
                    access_token=SECRET,
                ),
                "title": "Private App",
            },
        ],
    },
)

FILE = thing(
    ["dataset_name", "format", "url", "provider"],
    dataset_name=TEXT,
    format=TEXT | {"enum": ["csv", "json", "excel"], "default": "csv"},
    reader_options=TEXT | {"examples": ["{}", "{'sep': ' '}"]},
    url=TEXT,
    provider={
        "type": "object",
        "default": "Public Web",
        "oneOf": [
            {
                "title": "Web",
                "required": ["storage"],
                "properties": {"storage": TEXT | {"enum": ["HTTPS"], "default": "HTTPS"}},
            },
            {
                "title": "WebHDFS",
                "required": ["storage", "port"],
                "properties": {"storage": TEXT | {"enum": ["WebHDFS"]}, "port": {"type": "number"}},
            },
            {
                "title": "S3",
                "required": ["storage", "reader_impl"],
                "properties": {
                    "storage": TEXT | {"enum": ["S3"], "default": "S3"},
                    "aws_secret_access_key": TEXT | {"airbyte_sensitive": True},
                    "reader_impl": TEXT | {"enum": ["smart_open", "s3fs"], "default": "s3fs"},
                },
            },
        ],
    },
) | {"additionalProperties": False}

TEN = {
    "postgres": POSTGRES,
    "mysql": MYSQL,
    "github": GITHUB,
    "google-sheets": GOOGLE_SHEETS,
    "stripe": STRIPE,
    "salesforce": SALESFORCE,
    "snowflake": SNOWFLAKE,
    "mongodb": MONGODB,
    "hubspot": HUBSPOT,
    "file": FILE,
}
