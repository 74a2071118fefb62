"""Descriptions of specifications as plain text: they contain HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

BREAKS = {"br", "p", "ul", "ol", "div"}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._link = dict(attrs).get("href") or ""
        elif tag == "li":
            self.parts.append("\n• ")
        elif tag in BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            self.parts.append(f" ({self._link})")
            self._link = ""
        elif tag in BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(re.sub(r"\s+", " ", data))


def plain_text(description: object) -> str:
    """Return a description without HTML. The address of a link follows its text in parentheses."""
    if not isinstance(description, str):
        return ""
    parser = _Text()
    parser.feed(description)
    parser.close()
    lines = (re.sub(r" +", " ", line).strip() for line in "".join(parser.parts).splitlines())
    return "\n".join(line for line in lines if line)
