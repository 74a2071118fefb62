"""Replaces secrets in messages with a mask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

from platform_kit.specification import MASK

SHORTEST = 4
"""Characters. A shorter value occurs by chance in almost every message (line 1), so its mask would protect nothing."""
LONG, LONG_WITH_DIGITS = 8, 6
"""Characters. A shorter value is masked only where it is a whole word: the secret "test" must not change "latest"."""
VOCABULARY = frozenset({"array", "boolean", "false", "integer", "null", "number", "object", "string", "true"})
"""Words that messages about a configuration consist of."""


class Redactor:
    """Replaces secret values in text with the mask, also where they are JSON-escaped or URL-encoded.

    Values shorter than SHORTEST and the words in VOCABULARY are not masked.
    """

    def __init__(self, values: Iterable[str]) -> None:
        secrets = {value for value in values if len(value) >= SHORTEST and value not in VOCABULARY}
        forms = {form for value in secrets for form in (value, json.dumps(value)[1:-1], quote(value, safe=""))}
        # Longest first: if one secret contains another, the longer one is replaced as a whole.
        patterns = [_pattern(form) for form in sorted(forms, key=len, reverse=True)]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def __call__(self, text: str) -> str:
        """Return the text without the secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text


def _pattern(form: str) -> str:
    escaped = re.escape(form)
    if len(form) >= (LONG if form.isalpha() else LONG_WITH_DIGITS):
        return escaped
    # With the secret "test", the file test.csv and the folder in test/a.csv keep their names. After a slash, as in the
    # path of a URL, the word is masked also before another slash.
    return rf"(?<![A-Za-z0-9_]){escaped}(?![A-Za-z0-9_]|\.\w)(?:(?<=/{escaped})|(?!/))"
