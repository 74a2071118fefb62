"""The platform as processes: which settings of the caller it refuses."""

from pathlib import Path

import pytest

from tools.local.platform import Platform
from tools.settings_table import PORTS


def test_an_invalid_setting_of_the_shell_is_refused_before_anything_starts(tmp_path: Path) -> None:
    platform = Platform(tmp_path, PORTS)
    with pytest.raises(ValueError, match=r"FILE_SENSOR_SECONDS is '1000000'.*\nBQ_DATASET is 'a-b'"):
        platform.refuse_invalid({"FILE_SENSOR_SECONDS": "1000000", "BQ_DATASET": "a-b", "HOME": "/"})


def test_settings_that_the_platform_sets_itself_may_have_any_value(tmp_path: Path) -> None:
    Platform(tmp_path, PORTS).refuse_invalid({"AIRBYTE_URL": "not mine", "S3_BUCKET": "A", "FILE_SENSOR": "no"})
