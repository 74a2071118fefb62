"""Files of variables, read as Compose reads them."""

from pathlib import Path

import pytest

from tools import env_file


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=b", "b"),
        ("A = b ", "b"),
        ("export A=b", "b"),
        ("A=b # of the shop", "b"),
        ("A=b#c", "b#c"),
        ("A='b # c' # of the shop", "b # c"),
        ('A="b"', "b"),
        ("A='$b\\n'", "$b\\n"),
        ("A='-----BEGIN\nB=no variable\n-----END'", "-----BEGIN\nB=no variable\n-----END"),
        ("A=b=c", "b=c"),
        ("A=", ""),
        ("A=''", ""),
        ("#A=c\n  # x\nA=b\r\n", "b"),
    ],
)
def test_one_variable(tmp_path: Path, text: str, value: str) -> None:
    (tmp_path / "file").write_text(text)
    assert env_file.read(tmp_path / "file") == {"A": value}


def test_several_and_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("A=\nB=2\n\nC=3\n")
    assert env_file.read(tmp_path / "file") == {"A": "", "B": "2", "C": "3"}
    assert env_file.read(tmp_path / "absent") == {}
