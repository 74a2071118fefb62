"""The table of settings: how it is read, and what it refuses."""

from pathlib import Path

import pytest

from platform_kit.settings_table import PORTS, TABLE, TableError, read

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


def test_ports_differ() -> None:
    assert len(set(PORTS.values())) == len(PORTS)
