"""Text of a file in blocks of whole lines, whatever the encoding and the line ends."""

import codecs
import io
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

from orchestrator.reading.facts import FileFacts
from orchestrator.reading.garbled import Garbled

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK_BYTES = 512 * 1024
"""Of a larger block, each pass over it takes a third longer: it does not fit the processor's cache."""
NOT_ASCII, CONTROL = re.compile(rb"[\x80-\xff]"), re.compile(rb"[\x80-\x9f]")
LETTERS = re.compile(rb"[\xc2-\xf4]")
"""First bytes of letters in UTF-8 that are not ASCII."""
LEAST_LETTERS = 5
"""Fewer such letters are valid by chance in Chinese and other encodings of several bytes."""
LONG_TEXT = 10_000
LINE_LIMIT = 64 * 1024 * 1024
"""The most bytes of a line, so that memory is bounded."""
SURROGATES = "surrogatepass"
"""How errors are handled between text and UTF-8: some encodings have characters that UTF-8 has not."""
KEEP_ASCII = {"utf-8", "ascii", "iso8859-1", "cp1252"}
"""Encodings in which bytes below 128 are ASCII, whatever stands before them."""


class TooLongError(Exception):
    """A line or a value is longer than the limit; the message is the reason, with the line."""


class Block:
    """Whole lines of a text as UTF-8, which ends with a line end."""

    def __init__(self, text: bytes) -> None:
        self.text = text

    @cached_property
    def controls(self) -> "NDArray[Any]":
        """The places of the control characters, line ends among them."""
        import numpy

        return numpy.flatnonzero(numpy.frombuffer(self.text, numpy.uint8) < ord(" "))

    @cached_property
    def ends(self) -> "NDArray[Any]":
        """The places of the line ends."""
        import numpy

        found: NDArray[Any] = self.controls[numpy.frombuffer(self.text, numpy.uint8)[self.controls] == ord("\n")]
        return found

    @property
    def lines(self) -> int:
        """The number of lines."""
        if "ends" in self.__dict__:
            return len(self.ends)
        if len(self.text) < LONG_TEXT:
            return self.text.count(b"\n")
        import numpy  # counts in half the time of `bytes.count`

        return int(numpy.count_nonzero(numpy.frombuffer(self.text, numpy.uint8) == ord("\n")))


def blocks(raw: BinaryIO, encoding: str, facts: FileFacts, garbled: Garbled | None = None) -> Iterator[str]:
    """Yield the blocks of `byte_blocks` as text. Raises TooLongError."""
    for block in byte_blocks(raw, encoding, facts, garbled):
        yield block.text.decode("utf-8", SURROGATES)


def byte_blocks(raw: BinaryIO, encoding: str, facts: FileFacts, garbled: Garbled | None = None) -> Iterator[Block]:
    r"""Yield the text as UTF-8, in blocks that end with "\n"; "\r\n" and "\r" become "\n"; the last line gets a "\n".

    Bytes that are invalid in the encoding are noted as a fault and replaced. `garbled` looks at the blocks. Raises
    TooLongError.
    """
    chunk = raw.read(CHUNK_BYTES)
    if order := _missing_mark(encoding, chunk):
        missing = "the file does not begin with a byte order mark"
        facts.add_fault("encoding", 1, f"{missing}, as {encoding} requires; without one, it may be {order}")
        encoding = order
    decoder = _Decoder(encoding)
    rest: list[bytes] = []
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
            line = lines + before.count("\n") + 1
            bad = error.object[error.start : error.start + 1].hex()
            facts.add_fault("encoding", line, f"the byte 0x{bad} is not valid in the encoding {encoding}")
            decoder.replaces()
            if garbled:
                garbled.marks = False
            text = decoder.decode(chunk, final=end)
        if behind := text.rfind(b"\n") + 1:
            block = Block(b"".join([*rest, memoryview(text)[:behind]]))
            yield block
            if garbled:
                garbled.look(block.text, lines)
            lines += block.lines
            rest, length = [text[behind:]], len(text) - behind
        else:
            rest.append(text)
            length += len(text)
            if length > LINE_LIMIT:
                raise TooLongError(f"line {lines + 1} has more than {LINE_LIMIT} bytes")
        chunk = raw.read(CHUNK_BYTES)
    if last := b"".join(rest):
        yield Block(last + b"\n")
        if garbled:
            garbled.look(last + b"\n", lines)
    if found := suspicion.found():
        facts.add_fault("encoding", *found)


class _Decoder:
    r"""Makes UTF-8 with the line ends "\n" of the chunks of a text in an encoding."""

    def __init__(self, encoding: str) -> None:
        self._inner = codecs.getincrementaldecoder(encoding)("strict")
        self._decoder = io.IncrementalNewlineDecoder(self._inner, translate=True)
        self._start = self._decoder.getstate()
        self._keeps_ascii = codecs.lookup(encoding).name in KEEP_ASCII

    def decode(self, chunk: bytes, *, final: bool) -> bytes:
        """Return the text of the next chunk. Raises UnicodeDecodeError; then the chunk can be decoded again."""
        # Most chunks are taken as they are. The state is another one inside a character, and behind "\r".
        is_ascii = self._keeps_ascii and chunk.isascii() and b"\r" not in chunk
        if is_ascii and self._decoder.getstate() == self._start:
            return chunk
        return self._decoder.decode(chunk, final=final).encode("utf-8", SURROGATES)

    def replaces(self) -> None:
        """From now on, replace bytes that are invalid in the encoding."""
        self._inner.errors = "replace"


def _missing_mark(encoding: str, start: bytes) -> str | None:
    """Return the encoding with its byte order if the file lacks the byte order mark that Python's decoder requires."""
    name = codecs.lookup(encoding).name
    marks = {"utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)}
    if name not in marks or len(start) < len(marks[name][0]) or start.startswith(marks[name]):
        return None
    return f"{name}-{'be' if start[0] == 0 else 'le'}"


class Suspicion:
    """Whether the text of a file has another encoding than that in which it is read, although every byte is valid."""

    def __init__(self, encoding: str) -> None:
        """Look at all encodings but UTF-8 and the like."""
        name = codecs.lookup(encoding).name
        self._encoding = encoding
        self._looks = not name.startswith(("utf", "ascii"))
        self._least = 1 if name.startswith(("iso8859", "cp125")) else LEAST_LETTERS
        self._letters = 0
        self._control = CONTROL if name.startswith("iso8859") else None
        self._utf8 = codecs.getincrementaldecoder("utf-8")("strict")
        self._is_utf8 = True
        self._line, self._first, self._first_control = 1, 0, 0

    def add(self, chunk: bytes) -> None:
        """Look at the next bytes of the file; none: the end."""
        if not self._looks:
            return
        if not chunk.isascii():
            self._look(chunk)
        self._line += chunk.count(b"\n")
        if self._is_utf8:
            try:
                self._utf8.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                self._is_utf8 = False

    def _look(self, chunk: bytes) -> None:
        if not self._first and (found := NOT_ASCII.search(chunk)):
            self._first = self._line + chunk.count(b"\n", 0, found.start())
        if self._control and not self._first_control and (found := self._control.search(chunk)):
            self._first_control = self._line + chunk.count(b"\n", 0, found.start())
        if self._letters < self._least:
            self._letters += len(LETTERS.findall(chunk))

    def found(self) -> tuple[int, str] | None:
        """Return line and text of what is wrong."""
        if self._letters >= self._least and self._is_utf8:
            return self._first, f"the text is UTF-8, but it is read as {self._encoding}"
        if self._first_control:
            return (
                self._first_control,
                f"the text has bytes from 0x80 to 0x9F, which are not letters in {self._encoding}",
            )
        return None
