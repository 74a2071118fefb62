"""Text of a file in blocks of whole lines, whatever the encoding and the line ends."""

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from orchestrator.reading.facts import FileFacts

CHUNK_BYTES = 512 * 1024
"""Of a larger block, each pass over it takes a third longer: it does not fit the processor's cache."""
NOT_ASCII, CONTROL = re.compile(rb"[\x80-\xff]"), re.compile(rb"[\x80-\x9f]")
LONG_TEXT = 10_000
LINE_LIMIT = 64 * 1024 * 1024
"""The most characters of a line, so that memory is bounded."""


class TooLongError(Exception):
    """A line or a value is longer than the limit; the message is the reason, with the line."""


def blocks(raw: BinaryIO, encoding: str, facts: FileFacts) -> Iterator[str]:
    r"""Yield the text in blocks that end with "\n"; "\r\n" and "\r" become "\n", and the last line gets a "\n".

    Bytes that are invalid in the encoding are noted as a fault and replaced. Raises TooLongError.
    """
    chunk = raw.read(CHUNK_BYTES)
    if order := _missing_mark(encoding, chunk):
        text = f"the file does not begin with a byte order mark, as {encoding} requires; without one, it may be {order}"
        facts.add_fault("encoding", 1, text)
        encoding = order
    inner = codecs.getincrementaldecoder(encoding)("strict")
    decoder = io.IncrementalNewlineDecoder(inner, translate=True)
    rest: list[str] = []
    lines = length = 0
    end = False
    suspicion = Suspicion(encoding)
    while not end:
        end = not chunk
        suspicion.add(chunk)
        try:
            text = decoder.decode(chunk, final=end)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "replace")
            line = lines + sum(part.count("\n") for part in rest) + before.count("\n") + 1
            bad = error.object[error.start : error.start + 1].hex()
            facts.add_fault("encoding", line, f"the byte 0x{bad} is not valid in the encoding {encoding}")
            inner.errors = "replace"
            text = decoder.decode(chunk, final=end)
        head, newline, tail = text.rpartition("\n")
        if newline:
            block = "".join([*rest, head, newline])
            lines += line_ends(block)
            yield block
            rest, length = [tail], len(tail)
        else:
            rest.append(text)
            length += len(text)
            if length > LINE_LIMIT:
                raise TooLongError(f"line {lines + 1} has more than {LINE_LIMIT} characters")
        chunk = raw.read(CHUNK_BYTES)
    if last := "".join(rest):
        yield last + "\n"
    if found := suspicion.found():
        facts.add_fault("encoding", *found)


def _missing_mark(encoding: str, start: bytes) -> str | None:
    """Return the encoding with its byte order if the file lacks the byte order mark that Python's decoder requires."""
    name = codecs.lookup(encoding).name
    marks = {"utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)}
    if name not in marks or len(start) < len(marks[name][0]) or start.startswith(marks[name]):
        return None
    return f"{name}-{'be' if start[0] == 0 else 'le'}"


def line_ends(text: str) -> int:
    """Return the number of line ends: of a long text, in half the time of `str.count`."""
    if len(text) < LONG_TEXT:
        return text.count("\n")
    import numpy

    data = numpy.frombuffer(text.encode("utf-8", "surrogatepass"), numpy.uint8)
    return int(numpy.count_nonzero(data == ord("\n")))


class Suspicion:
    """Whether the text of a file in an encoding of one byte has another encoding: every byte is valid in it."""

    def __init__(self, encoding: str) -> None:
        """Look only at encodings that are often confused with another one."""
        name = codecs.lookup(encoding).name
        self._encoding = encoding
        self._looks = name.startswith(("iso8859", "cp125"))
        self._control = CONTROL if name.startswith("iso8859") else None
        self._utf8 = codecs.getincrementaldecoder("utf-8")("strict")
        self._is_utf8 = True
        self._line, self._first, self._first_control = 1, 0, 0

    def add(self, chunk: bytes) -> None:
        """Look at the next bytes of the file; none: the end."""
        if not self._looks:
            return
        if not self._first and (found := NOT_ASCII.search(chunk)):
            self._first = self._line + chunk.count(b"\n", 0, found.start())
        if self._control and not self._first_control and (found := self._control.search(chunk)):
            self._first_control = self._line + chunk.count(b"\n", 0, found.start())
        self._line += chunk.count(b"\n")
        if self._is_utf8:
            try:
                self._utf8.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                self._is_utf8 = False

    def found(self) -> tuple[int, str] | None:
        """Return line and text of what is wrong."""
        if self._first and self._is_utf8:
            return self._first, f"the text is UTF-8, but it is read as {self._encoding}"
        if self._first_control:
            return (
                self._first_control,
                f"the text has bytes from 0x80 to 0x9F, which are not letters in {self._encoding}",
            )
        return None
