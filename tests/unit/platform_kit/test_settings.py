"""Settings of a service: where values come from, and what is said of invalid ones."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from platform_kit.settings import Address, PlatformSettings, SettingsError, setting
from platform_kit.settings_table import SWITCH_WORDS, TABLE


class Settings(PlatformSettings):
    bucket: str = setting("S3_BUCKET")
    sensor: bool = setting("FILE_SENSOR")
    batches: bool = setting("AIRBYTE_LITE_BATCHES")
    port: Annotated[int, Field(le=65535)] = setting("AIRBYTE_LITE_PORT")
    warehouse: Literal["emulator", "bigquery"] = setting("WAREHOUSE")
    url: Address = setting("AIRBYTE_URL")
    file: Path = setting("CONNECTIONS_FILE")
    limit: int = setting("BQ_MAXIMUM_BYTES_BILLED", 7)
    username: str | None = setting("AIRBYTE_USERNAME")
    password: Annotated[str | None, Field(min_length=4)] = setting("AIRBYTE_PASSWORD")


def test_what_is_not_set_has_the_default_of_the_table() -> None:
    settings = Settings.read({"WAREHOUSE": "", "HOME": "/"})
    assert (settings.bucket, settings.warehouse) == (TABLE["S3_BUCKET"].default, TABLE["WAREHOUSE"].default)
    assert (settings.port, settings.file) == (int(TABLE["AIRBYTE_LITE_PORT"].default), Path("connections.yaml"))
    assert (settings.limit, settings.username) == (7, None)


def test_values_come_from_the_given_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_BUCKET", "of-the-process")
    assert Settings.read({"AIRBYTE_URL": "http://airbyte/", "s3_bucket": "lower-case"}).url == "http://airbyte"
    assert Settings.read({}).bucket == TABLE["S3_BUCKET"].default
    assert Settings().bucket == TABLE["S3_BUCKET"].default
    assert Settings.read().bucket == "of-the-process"


def test_an_invalid_value_is_named_with_what_is_allowed() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.read({"WAREHOUSE": "snowflake", "AIRBYTE_LITE_PORT": "80a", "BQ_MAXIMUM_BYTES_BILLED": "10 GB"})
    for fact in ("WAREHOUSE is 'snowflake'", "'emulator' or 'bigquery'", "AIRBYTE_LITE_PORT is '80a'", "0 to 65535"):
        assert fact in str(refused.value)
    assert "BQ_MAXIMUM_BYTES_BILLED is '10 GB'; it must be a whole number of bytes from 0" in str(refused.value)


@pytest.mark.parametrize("word", [*SWITCH_WORDS, "No", "FALSE", "True"])
def test_a_switch_takes_all_words_for_yes_and_no(word: str) -> None:
    settings = Settings.read({"FILE_SENSOR": word, "AIRBYTE_LITE_BATCHES": word})
    assert settings.sensor is settings.batches is (word.lower() in ("yes", "true", "1", "on", "y", "t"))


@pytest.mark.parametrize(
    "address",
    ["airbyte", "localhost:8000", "ftp://airbyte", "http://", "http://air byte", " http://a", "http://[::1:80"],
)
def test_an_address_needs_its_scheme_and_host(address: str) -> None:
    with pytest.raises(SettingsError, match=r"AIRBYTE_URL is .*scheme"):
        Settings.read({"AIRBYTE_URL": address})


def test_a_secret_is_never_shown() -> None:
    with pytest.raises(SettingsError, match="AIRBYTE_PASSWORD") as refused:
        Settings.read({"AIRBYTE_PASSWORD": "xyz"})
    assert "xyz" not in str(refused.value)
    assert refused.value.__cause__ is None
    settings = Settings.read({"AIRBYTE_USERNAME": "ada", "AIRBYTE_PASSWORD": "xyz123"})
    assert "ada" in repr(settings)
    assert "xyz123" not in repr(settings)
    assert settings.secrets() == ["xyz123"]


def test_a_setting_that_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError, match="NO_SUCH_SETTING"):
        setting("NO_SUCH_SETTING")
