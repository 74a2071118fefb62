"""Settings of the orchestrator that are refused when it starts, not when they are first used."""

import pytest

from orchestrator.settings import Settings
from platform_kit.settings import SettingsError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FILE_SETTLE_SECONDS", "inf"),
        ("FILE_SETTLE_SECONDS", "nan"),
        ("BQ_MAXIMUM_BYTES_BILLED", "-1"),
        ("DAGSTER_LINK", "dagster"),
        ("ALERT_URLS", "slack:/TokenA"),
        ("ALERT_URLS", "jsons://host/path mail@example.com"),
        ("ALERT_URLS", "slack://TokenA/TokenB,mailto://user:TokenA@example.com"),
    ],
)
def test_an_invalid_setting_is_refused_with_its_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is .* must be ") as refused:
        Settings.read({name: value})
    assert "TokenA" not in str(refused.value)


def test_addresses_of_alerts_are_separated_by_spaces() -> None:
    text = "slack://A/B/C  mailtos://user:pw@example.com?to=a@example.com,b@example.com jsons://host/a;b"
    assert Settings.read({"ALERT_URLS": text}).alert_urls == text
