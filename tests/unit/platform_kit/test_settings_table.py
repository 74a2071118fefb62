"""The table of settings: how it is read, and what it refuses."""

from pathlib import Path

import pytest

from platform_kit.settings_table import PORTS, SHOWN, TABLE, TableError, read

HEAD = "[heading: data]\nenv = written\n"


def table(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "settings.ini"
    file.write_text(text)
    return file


def test_a_section_becomes_a_setting(tmp_path: Path) -> None:
    section = (
        "[COLOR]\nis = The colour.\ndefault = 50% $r\nin dark = ${COLOR:-black}\nfor = code, daemon\nvalues = a, b\n"
    )
    [setting] = read(table(tmp_path, HEAD + section)).values()
    assert (setting.name, setting.heading, setting.env, setting.default) == ("COLOR", "data", "written", "50% $r")
    assert (setting.in_modes, setting.consumers) == ({"dark": "${COLOR:-black}"}, ("code", "daemon"))
    assert setting.allowed == "'a' or 'b'"
    assert (setting.compose, setting.process, setting.secret) == (None, None, False)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[heading: data]\n", "heading: data.*env"),
        (HEAD + "[COLOR]\ndefault = red\n", "COLOR.*is = "),
        (HEAD + "[COLOR]\nis = The colour.\nproces = red\n", "COLOR.*proces"),
        (HEAD + "[TOKEN]\nis = A token.\nsecret = yes\ndefault = 1234\n", "TOKEN.*default"),
        (HEAD + "[COLOR]\nis = a\nnumber = whole\nfrom = 1\n", "COLOR.*to"),
        (HEAD + "[COLOR]\nis = a\n[COLOR]\nis = b\n", "COLOR.*already exists"),
    ],
)
def test_an_invalid_table_is_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(TableError, match=what):
        read(table(tmp_path, text))


def test_each_default_is_among_the_allowed_values_and_each_mode_exists() -> None:
    modes = {*TABLE["AIRBYTE_MODE"].values, *TABLE["WAREHOUSE"].values}
    for setting in TABLE.values():
        assert not setting.values or setting.default in setting.values
        assert {*setting.modes, *setting.in_modes, *setting.optional_in} <= modes


def test_each_default_and_example_is_valid() -> None:
    for setting in TABLE.values():
        given = [setting.default, setting.compose, setting.example, setting.process, *setting.in_modes.values()]
        assert not [reason for value in given if value and "{" not in value and (reason := setting.refusal(value))]


VALID = {
    "S3_BUCKET": ["a-b.c9", "a_b", "Jaffle", "x" * 255],
    "BQ_PROJECT": ["p", "my-project-1", "example.com:my-project"],
    "BQ_DATASET": ["_d", "2026_data"],
    "BQ_LOCATION": ["us", "EU", "europe-west3", "northamerica-northeast1", "aws-us-east-1", "azure-eastus2"],
    "CONSOLE_HOST": ["0.0.0.0", "::1", "fe80::1%eth0.100", "fe80::1%br-lan", "my-machine.local"],  # noqa: S104
    "ALLOWED_HOSTS": ["a.example.com, b", "::1", "fe80::1,b", "a,,b", ",a ,"],
    "PYTHON_IMAGE": ["registry.example.com:5000/library/python:3.13-slim", "python@sha256:0123"],
    "ALERT_URLS": ["slack://a/b/c", "slack://a/b/c\n  mailtos://u:p@example.com?to=a@example.com,b@example.com"],
    "AIRBYTE_CONNECTORS": ["source-s3:4.16.1 destination-bigquery:2.8.9"],
    "BQ_MAXIMUM_BYTES_BILLED": ["0", str(2**63 - 1)],
    "RUN_WORKER_CPUS": ["0.5", ".5", "2."],
    "SEED_UPLOAD": ["yes", "no", "true", "1", "No"],
    "AIRBYTE_LITE_BATCHES": ["true", "no", "0", "False", "off"],
    "FILE_SENSOR": ["FALSE", "Yes"],
    "AWS_DEFAULT_REGION": ["us-gov-west-1", "auto"],
}
INVALID = {
    "S3_BUCKET": ["ab", "_ab", "a/b", "s3://bucket", "a b", "x" * 256],
    "BQ_PROJECT": ["My project", "1st", "p-", "p" * 31],
    "BQ_DATASET": ["a-b", "p.d", "d\n"],
    "BQ_LOCATION": ["Germany", "US;", "europe west3"],
    "CONSOLE_HOST": ["http://localhost", "a b"],
    "ALLOWED_HOSTS": ["http://a", "a b", "a.com:8080", "b, a:80"],
    "PYTHON_IMAGE": ["a b", "-x"],
    "AIRBYTE_CONNECTORS": ["source-s3", "s3:1"],
    "BQ_MAXIMUM_BYTES_BILLED": [str(2**63), "-1", "1e9", "1_000"],
    "FILE_SENSOR_SECONDS": ["0", "1" + "0" * 20, "5.0", " 5", "nan"],
    "FILE_SETTLE_SECONDS": ["inf", "nan", "-0.1", "1e3"],
    "RUN_WORKER_CPUS": ["0", "two", ".", "1.5.2"],
    "SEED_UPLOAD": ["maybe", "2", " yes"],
    "WAREHOUSE": ["yes", "Emulator"],
    "POSTGRES_PASSWORD": ["a\nb"],
    "CONNECTIONS_FILE": ["a\x00b"],
}


@pytest.mark.parametrize("name", VALID)
def test_valid_values_are_taken(name: str) -> None:
    assert not [reason for value in VALID[name] if (reason := TABLE[name].refusal(value))]


@pytest.mark.parametrize("name", INVALID)
def test_invalid_values_are_refused_by_name(name: str) -> None:
    for value in INVALID[name]:
        reason = TABLE[name].refusal(value)
        assert name in reason, value
        assert (value[:SHOWN] in reason) is not TABLE[name].secret


def test_ports_differ() -> None:
    assert len(set(PORTS.values())) == len(PORTS)
