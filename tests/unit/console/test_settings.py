"""The console is for this machine only, unless it has a password."""

import pytest

from console.settings import Settings
from platform_kit.settings import SettingsError


def test_another_address_needs_a_password() -> None:
    with pytest.raises(SettingsError, match=r"192\.0\.2\.1.*CONSOLE_PASSWORD"):
        Settings.read({"CONSOLE_HOST": "192.0.2.1"})
    assert Settings.read({"CONSOLE_HOST": "192.0.2.1", "CONSOLE_PASSWORD": "long enough"}).password


def test_no_secret_is_in_the_text_of_the_settings() -> None:
    secrets = {"CONSOLE_PASSWORD": "pass-1", "AIRBYTE_CLIENT_SECRET": "pass-2", "AIRBYTE_PASSWORD": "pass-3"}
    assert "pass-" not in repr(Settings.read(secrets))


def test_its_own_names() -> None:
    names = Settings.read({"ALLOWED_HOSTS": "data.example.com, other"}).names
    assert {"console", "127.0.0.1", "data.example.com", "other"} == set(names)
