"""Functions on STRING that need Unicode's characters or BigQuery's rules, where DuckDB has bytes or other rules."""

import re

SOUNDS = {c: d for d, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), 1) for c in letters}
DELIMITERS = ' \t\n\r\f\v[](){}/|<>!?@"^#$&~_,.:;*%+-'


def edit_distance(a: str, b: str) -> int:
    """Return the number of characters to insert, delete or replace."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def initcap(text: str, delimiters: str) -> str:
    """Return `text` with the first letter of each word in upper case and the others in lower case."""
    result, start = [], True
    for character in text:
        if character in delimiters or (delimiters == DELIMITERS and character.isspace()):
            result.append(character)
            start = True
        else:
            result.append(character.upper() if start else character.lower())
            start = False
    return "".join(result)


def soundex(text: str) -> str:
    """Return the Soundex code of the ASCII letters of `text`, empty without one; the first keeps its case."""
    letters = [c for c in text if c.isascii() and c.isalpha()]
    if not letters:
        return ""
    code, last = letters[0], SOUNDS.get(letters[0].upper(), 0)
    for letter in letters[1:]:
        digit = SOUNDS.get(letter.upper(), 0)
        if digit and digit != last:
            code += str(digit)
        last = digit or last
    return code[:4].ljust(4, "0")


def grouped_once(pattern: str) -> str:
    """Return a pattern of RE2 with at most one capturing group. Raises ValueError for one with more."""
    if len(re.findall(r"(?<!\\)(?:\\\\)*\((?!\?(?!P?<))", re.sub(r"\[[^\]]*\]", "", pattern))) > 1:
        raise ValueError(
            "Regular expressions passed into extraction functions must not have more than 1 capturing group"
        )
    return pattern


def float_text(number: float) -> str:
    """Return a double as BigQuery casts it to STRING: the fewest digits of 15 to 17 that give it back."""
    texts = (f"{number:.{digits}g}" for digits in (15, 16, 17))
    return next((text for text in texts if float(text) == number), str(number))


def reverse(text: str) -> str:
    """Return the characters from the last to the first; DuckDB keeps a combining character behind its letter."""
    return text[::-1]


TEXT, INT = "VARCHAR", "BIGINT"
FUNCTIONS = {
    "_float_text_exact": (float_text, ["DOUBLE"], TEXT),
    "_edit_distance": (edit_distance, [TEXT, TEXT], INT),
    "_initcap": (initcap, [TEXT, TEXT], TEXT),
    "_initcap_words": (lambda text: initcap(text, DELIMITERS), [TEXT], TEXT),
    "_soundex": (soundex, [TEXT], TEXT),
    "_reverse": (reverse, [TEXT], TEXT),
    "_lower": (lambda text: text.lower(), [TEXT], TEXT),
    "_one_group": (grouped_once, [TEXT], TEXT),
}
