"""Text that was read in a wrong encoding before it was written to a file."""

import io
import json
from pathlib import Path

import pytest

from orchestrator.reading import garbled as module
from orchestrator.reading.facts import Fault
from orchestrator.reading.json_lines import scan_json_lines

from .scans import scan

HERE = Path(__file__).parent
WORDS = (HERE / "words.txt").read_text("utf-8").split()
GENUINE = (HERE / "texts.txt").read_text("utf-8").splitlines()


def garbled(word: str, encoding: str) -> str:
    """The word as a program writes it that has read its UTF-8 in an encoding of one byte."""
    return "".join(chr(byte) if 0x80 <= byte < 0xA0 and encoding == "latin-1" else _one(byte) for byte in word.encode())


def _one(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def faults(content: str, encoding: str = "utf-8") -> list[Fault]:
    return scan(content.encode(encoding), encoding=encoding).faults


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize("word", WORDS)
def test_utf_8_that_was_read_as_another_encoding_is_told_with_its_meaning(word: str, encoding: str) -> None:
    [fault] = faults(f'id,name,x\n1,a,b\n2,"a {garbled(word, encoding)}",b\n3,{garbled(word, encoding)},b\n')
    assert (fault.kind, fault.line, fault.column) == ("garbled", 3, "name")
    assert repr(word) in fault.text


def test_control_characters_in_place_of_quotes_are_told() -> None:
    [fault] = faults("id,name\n1,it\x92s\n")
    assert (fault.kind, fault.line, fault.column) == ("garbled", 2, "name")
    assert "it\u2019s" in fault.text
    assert [fault.kind for fault in scan(b"id\nit\x92s\n", encoding="latin-1").faults] == ["encoding"]


@pytest.mark.parametrize("text", GENUINE)
def test_a_text_as_people_write_it_is_not_told(text: str) -> None:
    assert not faults(f"id,name\n1,{text}\n2,a {text} b\n3,{text}.\n4,({text})\n5,{text}{text[:1]}\n")
    assert not faults(f"id,name\n1,{text}\u00a0\n2,\u00ab\u00a0{text}\u00a0\u00bb\n")


def test_a_character_that_could_not_be_read_is_told_if_it_is_in_the_file() -> None:
    [fault] = faults("id,name\n1,Zo\ufffd\n")
    assert (fault.kind, fault.line, fault.column) == ("lost characters", 2, "name")
    assert [fault.kind for fault in scan(b"id,name\n1,Zo\xeb\n", encoding="utf-8").faults] == ["encoding"]
    assert not faults("id,name\n1,\uff0c\n")


def test_the_column_is_not_told_if_the_line_is_no_whole_record() -> None:
    [fault] = faults(f'id,name\n1,"a\n{garbled("Zo\u00eb", "cp1252")}"\n')
    assert (fault.line, fault.column) == (3, "")


@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_lines_may_escape_such_characters(ascii_only: bool) -> None:
    def kinds(*names: str) -> list[tuple[str, int, str]]:
        lines = (json.dumps({"id": at, "name": name}, ensure_ascii=ascii_only) for at, name in enumerate(names))
        facts = scan_json_lines(io.BytesIO("\n".join(lines).encode()))
        return [(fault.kind, fault.line, fault.column) for fault in facts.faults]

    assert kinds("Zo\u00eb", "x", garbled("Zo\u00eb", "cp1252")) == [("garbled", 3, "name")]
    both = kinds("x", "Zo\ufffd", garbled("\u65e5\u672c", "latin-1"))
    assert both == [("lost characters", 2, "name"), ("garbled", 3, "name")]
    assert not kinds(*GENUINE)


def test_a_long_line_with_many_escapes_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def look(block: bytes, *, controls: bool = True) -> None:
        looked.append(len(block))

    monkeypatch.setattr(module, "first_garbled", look)
    lines = [json.dumps("caf\u00e9\u2019s " * 50) for _ in range(2)]
    assert scan_json_lines(io.BytesIO("\n".join(lines).encode())).records == 2
    assert len(looked) == len(lines)


@pytest.mark.parametrize("encoding", ["cp850", "mac-roman", "koi8-r", "gbk", "latin-1", "cp1252"])
def test_utf_8_that_is_read_in_another_encoding_is_told(encoding: str) -> None:
    content = "id,name\n1,Zo\u00e9\n2,Ren\u00e9\n3,Andr\u00e9\n4,\u00c9va\n5,Ol\u00e9\n6,b\u00e9\u00e9\n".encode()
    assert [(fault.kind, fault.line) for fault in scan(content, encoding=encoding).faults] == [("encoding", 2)]
    assert not scan("id,name\n1,\u00e9\n2,\u0436\n3,\u6c49\n".encode("gb18030"), encoding="gb18030").faults


def test_a_part_of_a_file_that_is_read_in_another_encoding_is_told() -> None:
    content = "id,name\n1,Zo\u00eb\n".encode() + "2,Zo\u00eb\n".encode("cp1252")
    [fault] = scan(content, encoding="cp1252").faults
    assert (fault.kind, fault.line, fault.column) == ("garbled", 2, "name")
