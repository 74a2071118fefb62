r"""Text that was already read in a wrong encoding when the file was written: `ZoÃ«` is `Zoë`, `�` was some letter.

Every such text is valid, so only what nobody writes is evidence: a capital letter with an accent between small letters
and a sign (`oÃ«`), `Ã` before most signs, two such pairs in a row, control characters of Latin-1.
"""

import codecs
import re
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrator.reading.facts import FaultKind, FileFacts

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARK = "\ufffd".encode()
"""The character in place of one that could not be read."""
# The characters that the bytes 0x80 to 0xBF are in windows-1252 and in Latin-1, in UTF-8. All bytes of a character in
# UTF-8 but the first are such bytes.
SIGN = (
    rb"(?:\xc2[\x80-\xbf]|\xe2(?:\x80[\x93\x94\x98-\x9a\x9c-\x9e\xa0-\xa2\xa6\xb0\xb9\xba]|\x82\xac|\x84\xa2)"
    rb"|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe]|\xc6\x92|\xcb[\x86\x9c])"
)
UNUSUAL_SIGN = (
    rb"(?:\xc2(?:[\x80-\x9f\xa1-\xa9\xac\xad\xaf\xb1\xb4-\xb8\xbc-\xbf])"
    rb"|\xe2(?:\x80[\x9a\xa0-\xa2\xb0\xb9]|\x82\xac)|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe]|\xc6\x92|\xcb[\x86\x9c])"
)
"""Those that do not stand behind a word in capital letters: no closing quote, ellipsis, dash or ®."""
SCRIPTS = rb"[\x82-\x85\x8c-\x91\x97-\x9b]"
"""Second bytes of Â Ã Ä Å Ì Í Î Ï Ð Ñ Ø Ù Ú Û and the multiplication sign: the first bytes of most alphabets."""
LONG = rb"[\xa0-\xaf]" + SIGN + SIGN
"""A character of three bytes, behind the first byte of its first letter."""
BEHIND_LEAD = (
    rb"[\x82-\x96\x98-\x9e](?<=[a-z]..)" + SIGN,  # oÃ«: a capital letter behind a small one
    rb"\x83" + UNUSUAL_SIGN,  # Ã‰
    rb"\x83" + SIGN + rb"(?=[a-z])",  # Ãºnico
    rb"[\x84\x85](?!\xc2[\xa0\xad\xb7\xbb]|\xe2\x80[\x93\x94\x99\x9d\xa6\xba])" + SIGN + rb"(?=[a-z])",  # Å¼aba
    SCRIPTS + SIGN + rb"\xc3" + SCRIPTS + SIGN,  # Ð¾Ñ
    LONG + rb"\xc3" + LONG,  # æ—¥æœ¬
    rb"\x82(?<![A-Z]..)(?<!\xc3[\x80-\x9e]..)\xc2[\xa1-\xba\xbc-\xbf]",  # Â£, not behind a word in capital letters
    rb"\x82(?<=[0-9]..)\xc2\xa0",  # a blank behind a number
    rb"\xa2(?:\xe2\x82\xac|\xe2\x80\x9a\xc2\xac|\xe2\x80\x9e\xc2\xa2)",  # the quotes and dashes, euro, trade mark
    rb"\xa2(?:\xe2\x80\xa0\xe2\x80|\xcb[\x86\x9c]|\xe2\x80\xb0)",  # arrows, signs of mathematics
    rb"\xb0\xc5\xb8",  # ðŸ
    rb"\xaf\xc2[\xbb\xbf]\xc2[\xbd\xbf]",  # ï»¿, ï¿½
)
GARBLED = re.compile(rb"\xc3(?:" + rb"|".join(BEHIND_LEAD) + rb")|\xc2[\x80-\x84\x86-\x9f]", re.DOTALL)
LEAD, CONTROL = 0xC3, 0xC2
"""The first bytes of an accented letter (which may be the first byte of a character) and of a control character."""
AROUND = 60
"""So many bytes before the place belong to the word that is shown, at most."""
BEFORE, WORD = re.compile(rb"[^\s,;|\"\x00-\x1f]*\Z"), re.compile(rb"[^\s,;|\"\x00-\x1f]{1,90}")
MOST_ESCAPES = 100
"""So many escapes of JSON are looked at in a block."""
ESCAPED = re.compile(rb"\\u(?:00[c-eC-E][0-9a-fA-F]\\u(?:00[89abAB]|0[12]|20|21)|00[89][0-9a-fA-F]|[fF]{3}[dD])")
"""Characters that may be garbled, as JSON may write them."""
ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})")
type ColumnOf = Callable[[str, str], str]
"""Returns the column of a line that has a word in its value."""


class Garbled:
    """Looks for the first such text of a file, and for the first character that could not be read."""

    def __init__(self, encoding: str) -> None:
        """`encoding` is that in which the file is read."""
        # In these encodings, control characters are told as a fault of their own.
        self._controls = not codecs.lookup(encoding).name.startswith("iso8859")
        self._found: dict[FaultKind, tuple[int, str, str, str]] = {}
        self.marks = True
        """Whether a character in place of one that could not be read is a part of the file."""

    def look(self, block: bytes, line: int) -> None:
        """Look at the next whole lines; `line` is the number of the line before them."""
        if not block.isascii():
            self._look(block, block, 0, line)
        # One character is found much faster than two.
        if len(self._found) == len(KINDS) or b"\\" not in block or b"\\u" not in block:
            return
        end = 0
        for found in islice(ESCAPED.finditer(block), MOST_ESCAPES):
            if found.start() < end:  # a long line has many of them
                continue
            start, end = block.rfind(b"\n", 0, found.start()) + 1, block.index(b"\n", found.start())
            text = ESCAPE.sub(lambda each: chr(int(each[1], 16)).encode(errors="ignore"), block[start:end])
            self._look(text, block, start, line)

    def note(self, facts: FileFacts, column_of: ColumnOf) -> None:
        """Note the first place of each kind as a fault, unless the whole file has another encoding."""
        for kind, (number, line, word, reason) in self._found.items():
            if kind != "garbled" or "encoding" not in facts.fault_counts:
                facts.add_fault(kind, number, reason, column_of(line, word))

    def _look(self, text: bytes, block: bytes, start: int, line: int) -> None:
        """Look at a text: the block, or a line of it, which begins at a place, without its escapes."""
        places: dict[FaultKind, int | None] = {}
        if "garbled" not in self._found:
            places["garbled"] = first_garbled(text, controls=self._controls)
        if self.marks and "lost characters" not in self._found and MARK[:1] in text:
            places["lost characters"] = text.index(MARK) if MARK in text else None
        for kind, place in places.items():
            if place is not None:
                at, word = place if text is block else start, _word(text, place)
                number = line + block.count(b"\n", 0, at) + 1
                whole = block[block.rfind(b"\n", 0, at) + 1 : block.index(b"\n", at)].decode(errors="replace")
                self._found[kind] = number, whole, word, KINDS[kind](word)


def first_garbled(block: bytes, *, controls: bool = True) -> int | None:
    """Return the place of the first text that was read in a wrong encoding; None if there is none.

    `controls`: control characters of Latin-1 are such a text.
    """
    if block.isascii():
        return None
    for place in _candidates(block).tolist():
        if (controls or block[place] == LEAD) and GARBLED.match(block, place):
            return int(place)
    return None


def _candidates(block: bytes) -> "NDArray[Any]":
    """Return the places at which the pattern may match: almost none in usual text."""
    import numpy

    data = numpy.frombuffer(block, numpy.uint8)
    found = numpy.flatnonzero((data[:-1] == CONTROL) & (data[1:] < 0xA0))
    pairs = numpy.flatnonzero((data[:-2] == LEAD) & (data[2:] >= CONTROL) & (data[2:] != LEAD))
    if not len(pairs):
        return found
    # Where two accented letters, or one and a sign, stand side by side, look at what is before and behind them.
    before, second = data[pairs - 1], data[pairs + 1]

    def follows(*distances: int) -> Any:
        return numpy.any([data[numpy.minimum(pairs + far, len(data) - 1)] == LEAD for far in distances], axis=0)

    is_usual = numpy.isin(second, [0x82, 0x83, 0x84, 0x85, 0xA2, 0xAF, 0xB0])  # Â, Ã, Ä, Å, â, ï, ð
    is_small = (before >= ord("a")) & (before <= ord("z"))
    wanted = is_usual | numpy.where(second < 0xA0, is_small | follows(4, 5), follows(6, 7, 8))
    return numpy.union1d(found, pairs[wanted])


def _word(block: bytes, place: int) -> str:
    """Return the word at a place, without quotes and usual delimiters."""
    before = BEFORE.search(block[max(place - AROUND, 0) : place])
    start = place - len(before[0]) if before else place
    found = WORD.match(block, start)
    return (found[0] if found else block[place : place + 2]).decode(errors="ignore")


def _undone(word: str) -> tuple[str, str] | None:
    """Return the word as it was meant, and in which encodings it was written and read; None if it is not known."""
    for encoding, name in (("cp1252", "windows-1252"), ("latin-1", "Latin-1")):
        try:
            return _bytes(word, encoding).decode(), f"UTF-8 that was read as {name}"
        except ValueError:
            continue
    try:
        return word.encode("latin-1").decode("cp1252"), "windows-1252 that was read as Latin-1"
    except ValueError:
        return None


def _bytes(word: str, encoding: str) -> bytes:
    """Encode a word; a control character of Latin-1 is the byte that windows-1252 leaves free."""
    return b"".join(each.encode("latin-1" if "\x80" <= each <= "\x9f" else encoding) for each in word)


def _lost(word: str) -> str:
    return f"{word!r} has the character U+FFFD, which stands for one that could not be read"


def _read_wrongly(word: str) -> str:
    if (right := _undone(word)) is None:
        return f"{word!r} looks like UTF-8 that was read in another encoding before it was written to the file"
    meant, read_as = right
    return f"{word!r} seems to be {meant!r}: {read_as} before it was written to the file"


KINDS: dict[FaultKind, Callable[[str], str]] = {"garbled": _read_wrongly, "lost characters": _lost}
"""What is wrong with a word, by kind."""
