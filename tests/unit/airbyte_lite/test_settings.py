from pathlib import Path

import pytest

from airbyte_lite.settings import Settings, is_private
from platform_kit.settings import SettingsError

EVERYWHERE = "0.0.0.0"  # noqa: S104


def test_defaults_are_the_local_platform() -> None:
    settings = Settings.read({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.data_dir == Path(".local/airbyte").absolute()
    assert settings.emulator_host == "http://127.0.0.1:9050"
    assert not settings.authenticated


def test_empty_variables_are_unset() -> None:
    settings = Settings.read({"AIRBYTE_CLIENT_ID": "", "AIRBYTE_CLIENT_SECRET": "", "AIRBYTE_LITE_PORT": ""})
    assert settings.client_id is None
    assert settings.port == 8000


def test_google_bigquery_has_no_emulator() -> None:
    settings = Settings.read({"WAREHOUSE": "bigquery", "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:9050"})
    assert settings.emulator_host is None


@pytest.mark.parametrize(("value", "limit"), [("", None), ("0", None), ("10485760", 10485760)])
def test_limit_of_bytes_billed(value: str, limit: int | None) -> None:
    assert Settings.read({"BQ_MAXIMUM_BYTES_BILLED": value}).maximum_bytes_billed == limit


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"WAREHOUSE": "snowflake"}, "WAREHOUSE is 'snowflake'"),
        ({"AIRBYTE_LITE_PORT": "80a"}, "AIRBYTE_LITE_PORT is '80a'"),
        ({"AIRBYTE_LITE_PORT": "70000"}, "from 0 to 65535"),
        ({"BQ_MAXIMUM_BYTES_BILLED": "10 GB"}, "number of bytes"),
        ({"BIGQUERY_EMULATOR_HOST": "127.0.0.1:9050"}, "BIGQUERY_EMULATOR_HOST is '127.0.0.1:9050'.* with its scheme"),
        ({"AIRBYTE_CLIENT_ID": "me"}, "both AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET"),
        ({"AIRBYTE_PASSWORD": "x"}, "both AIRBYTE_USERNAME and AIRBYTE_PASSWORD"),
        ({"AIRBYTE_LITE_HOST": EVERYWHERE}, "will not listen on 0.0.0.0 without authentication"),
        ({"AIRBYTE_LITE_HOST": "::"}, "without authentication"),
        ({"AIRBYTE_LITE_HOST": "93.184.216.34"}, "without authentication"),
    ],
)
def test_settings_that_cannot_work_are_refused(variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        Settings.read(variables)


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "93.184.216.34"])
def test_any_address_may_be_used_with_authentication(host: str) -> None:
    credentials = {"AIRBYTE_CLIENT_ID": "me", "AIRBYTE_CLIENT_SECRET": "x"}
    assert Settings.read({"AIRBYTE_LITE_HOST": host, **credentials}).authenticated


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("10.1.2.3", True),
        ("172.31.0.1", True),
        ("172.32.0.1", False),
        ("192.168.1.1", True),
        ("fd00::1", True),
        (EVERYWHERE, False),
        ("169.254.169.254", False),
        ("no-such-host.invalid", False),
        ("a..b", False),
        ("x" * 64, False),
    ],
)
def test_private_networks(host: str, private: bool) -> None:
    assert is_private(host) is private
