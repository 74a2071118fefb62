"""The platform as processes: which settings of the caller it refuses."""

from pathlib import Path

import pytest

from tools.local.platform import Platform
from tools.settings_table import PORTS, TABLE


def test_an_invalid_setting_of_the_shell_is_refused_before_anything_starts(tmp_path: Path) -> None:
    platform = Platform(tmp_path, PORTS)
    with pytest.raises(ValueError, match=r"FILE_SENSOR_SECONDS is '1000000'.*\nBQ_DATASET is 'a-b'"):
        platform.refuse_invalid({"FILE_SENSOR_SECONDS": "1000000", "BQ_DATASET": "a-b", "HOME": "/"})


def test_settings_that_the_platform_sets_itself_may_have_any_value(tmp_path: Path) -> None:
    Platform(tmp_path, PORTS).refuse_invalid({"AIRBYTE_URL": "not mine", "S3_BUCKET": "A", "FILE_SENSOR": "no"})


UNREAD = {
    "POSTGRES_HOST": "/var/run/postgresql",
    "DOCKER_SOCKET": "unix:///run/docker.sock",
    "COMPOSE_PROJECT_NAME": "my_platform_",
    "BQ_MAXIMUM_BYTES_BILLED": "10 GB",
    "AIRBYTE_CONNECTORS": "none",
    "CONSOLE_SQL_ROWS": "all",
}


def test_settings_that_no_service_reads_may_have_any_value(tmp_path: Path) -> None:
    assert all(TABLE[name].refusal(value) for name, value in UNREAD.items())
    Platform(tmp_path, PORTS).refuse_invalid(UNREAD)
    with pytest.raises(ValueError, match=r"^CONSOLE_SQL_ROWS is 'all'.*$"):
        Platform(tmp_path, PORTS, has_console=True).refuse_invalid(UNREAD)


def test_settings_of_other_modes_do_not_reach_the_services(tmp_path: Path) -> None:
    of_others = {item.name for item in TABLE.values() if item.consumers and item.modes and not own(item.modes)}
    assert not {name for name in of_others if Platform(tmp_path, PORTS).environment.get(name) is None}


def own(modes: tuple[str, ...]) -> bool:
    return "lite" in modes or "emulator" in modes
