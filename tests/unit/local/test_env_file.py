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
        ("\ufeffA=b", "b"),
        ("A: b", "b"),
    ],
)
def test_one_variable(tmp_path: Path, text: str, value: str) -> None:
    (tmp_path / "file").write_text(text, encoding="utf-8")
    assert env_file.read(tmp_path / "file") == {"A": value}


def test_several_and_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("A=\nB=2\n\nC=3\n")
    assert env_file.read(tmp_path / "file") == {"A": "", "B": "2", "C": "3"}
    assert env_file.read(tmp_path / "absent") == {}
    with pytest.raises(env_file.EnvFileError, match="is a folder"):
        env_file.read(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"B=1\nA=\xe9\n", "line 2: not UTF-8"),
        (b"B=1\n\nA='x\nC=2\n", "line 3: the value of A begins with '"),
        (b"A='x'y\n", "line 1: the value of A"),
        (rb'A="{\"x\": 1}"', 'line 1: the value of A begins with " and does not end with the next "'),
        (b"A=1\0\n", "line 1: a null byte"),
    ],
)
def test_what_compose_would_read_otherwise_is_refused(tmp_path: Path, text: bytes, told: str) -> None:
    (tmp_path / "connections.env").write_bytes(text)
    with pytest.raises(env_file.EnvFileError, match=f"connections.env, {told}"):
        env_file.read(tmp_path / "connections.env")
