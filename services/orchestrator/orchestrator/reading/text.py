"""Text of a file in blocks of whole lines, whatever the encoding and the line ends."""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from orchestrator.reading.facts import FileFacts

CHUNK_BYTES = 1024 * 1024
LINE_LIMIT = 64 * 1024 * 1024
"""The most characters of a line, so that memory is bounded."""


class TooLongError(Exception):
    """A line or a value is longer than the limit; the message is the reason, with the line."""


def blocks(raw: BinaryIO, encoding: str, facts: FileFacts) -> Iterator[str]:
    r"""Yield the text in blocks that end with "\n"; "\r\n" and "\r" become "\n", and the last line gets a "\n".

    Bytes that are invalid in the encoding are noted as a fault and replaced. Raises TooLongError.
    """
    inner = codecs.getincrementaldecoder(encoding)("strict")
    decoder = io.IncrementalNewlineDecoder(inner, translate=True)
    rest: list[str] = []
    lines = length = 0
    end = False
    while not end:
        chunk = raw.read(CHUNK_BYTES)
        end = not chunk
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
            lines += block.count("\n")
            yield block
            rest, length = [tail], len(tail)
        else:
            rest.append(text)
            length += len(text)
            if length > LINE_LIMIT:
                raise TooLongError(f"line {lines + 1} has more than {LINE_LIMIT} characters")
    if last := "".join(rest):
        yield last + "\n"
