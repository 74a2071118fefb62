"""Reads the exceptions, the file and the stream in the stack traces that a connector writes."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A line such as "botocore.exceptions.SSLError: text". Frames of a stack trace are indented.
_EXCEPTION = re.compile(r"^(?:[A-Za-z_]\w*\.)*?([A-Z]\w*|\w+\.error|gaierror)(?:: (.*))?$")
_END = re.compile(r"^(?:$|Traceback |The above exception |During handling )")
_FRAME = ("    ", '  File "', "  [Previous line repeated")
_ATTRIBUTES = r"(?= (?:bucket|details|endpoint|file|filename|format|globs|line_no|lineno|n_skipped|stream)=|$)"
_FILE = re.compile(rf"\bfile(?:name)?=(.+?){_ATTRIBUTES}", re.MULTILINE)
_STREAM = re.compile(rf"\bstream=(.+?){_ATTRIBUTES}", re.MULTILINE)


@dataclass(frozen=True)
class Raised:
    """One exception of a stack trace."""

    name: str
    """The class without its module, except `zlib.error` and other classes named `error`."""
    text: str


@dataclass(frozen=True)
class Trace:
    """The exceptions of a stack trace, the cause first, and what airbyte-cdk says beside them."""

    text: str
    """The whole text without the lines of code."""
    exceptions: tuple[Raised, ...]
    file: str = ""
    stream: str = ""

    def has(self, name: str) -> bool:
        """Return whether an exception of this class is in the stack trace."""
        return any(raised.name == name for raised in self.exceptions)


def trace_of(text: str) -> Trace:
    """Return what a text with stack traces says. `file` and `stream` are empty if the text does not name them."""
    found: list[Raised] = []
    lines = [line for line in text.splitlines() if not line.startswith(_FRAME)]
    for number, line in enumerate(lines):
        match = _EXCEPTION.match(line)
        if match is None or not _is_class(line, match[1]):
            continue
        message = [match[2] or ""]
        for following in lines[number + 1 :]:
            if _END.match(following) or _EXCEPTION.match(following):
                break
            message.append(following)
        found.append(Raised(match[1], "\n".join(message).strip()))
    said = "\n".join(lines)
    file, stream = (
        next((name for name in pattern.findall(said) if name != "None"), "") for pattern in (_FILE, _STREAM)
    )
    return Trace(said, tuple(found), file, stream)


def _is_class(line: str, name: str) -> bool:
    """Return whether the line begins with the name of an exception and not with any other word."""
    return "." in line.split(":")[0] or name.endswith(("Error", "Exception", "Iteration", "Interrupt"))
