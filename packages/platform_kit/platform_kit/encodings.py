"""Which encodings a file may have."""

import codecs

NOT_OF_FILES = {"idna", "punycode", "undefined"}
"""Text encodings of Python that no file has: two are for names in the domain name system, one always fails."""


def is_encoding(name: str) -> bool:
    """Return whether a name is that of a text encoding of Python that a file may have."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return False
    return found._is_text_encoding and found.name not in NOT_OF_FILES
