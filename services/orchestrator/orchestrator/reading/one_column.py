"""What the text of a CSV file with one column may be instead: records with an unusual delimiter, or no CSV at all.

Texts may have any character, so one line is no evidence: the header must have the delimiter as often as most records
have it, and its parts must look like names. Characters that are usual in texts need more evidence, such as numbers
below one of the names.
"""

import re
from collections.abc import Sequence

SURE = "^~¦¬" + "".join(map(chr, [*range(1, 9), *range(14, 32)]))
"""Characters that a header has hardly ever, except as a delimiter."""
WEAK = "&*þ§:#=!$%"
"""Characters that headers and texts have too."""
NEEDS_NUMBERS = ":#=!$%"
"""The weak ones that stand in values such as 12:30, dc:title and key=value."""
FIRST_NAMES = {"id", "key", "name", "user", "username", "login", "code", "first", "date"}
"""Names of a first column that hardly stand before a colon otherwise."""
TIME = {"h", "hh", "m", "mm", "s", "ss", "hour", "hours", "min", "minute", "minutes", "sec", "second", "seconds"}
SEVERAL = re.compile(r"(?<=[\w\"' ])[=:|~^#@!&$%*<>¦§-]{2,4}(?=[\w\"' ])")
"""A delimiter of several characters."""
NAME = re.compile(r"[^\W\d][^\x00-\x1f<>{}\[\]=:?!;]*")
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?|\d{4}-\d\d-\d\d.*|\d\d?[/.]\d\d?[/.]\d{2,4}|true|false", re.IGNORECASE)
MOST = 0.8
"""The share of the lines that is enough."""

YAML, SETTINGS, PROSE = "YAML", "a list of settings (key=value)", "a plain text with paragraphs"
SENTENCES = "a plain text, whose first line is taken for the header"
WEAK_FORMATS = {YAML, SETTINGS, PROSE, SENTENCES}
"""Formats that a column of texts may look like."""
YAML_LINE = re.compile(r"\s*(?:- )*[\w.\"'/-]+:(?: .*)?|\s*- .*|\s*#.*|\s+\S.*|---|\.\.\.")
YAML_KEY = re.compile(r"([a-z_][\w.-]*):(?: .*)?")
YAML_VALUE = re.compile(r"[\w.-]+:(?: +(?:[+-]?\d[\d._:-]*|true|false|null|[\"'\[{|>].*))?\s*")
YAML_ITEM = re.compile(r"- [\w.\"'/-]+:(?: .*)?")
SECTION, COMMENT = re.compile(r"\[[^\[\],]+\]"), re.compile(r"\s*[#;!].*")
SETTING = re.compile(r"\s*(?:export )?([A-Za-z_][\w.\-]*)\s*=(?!>).*")
LOG = re.compile(
    r"\[?(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d).*[A-Za-z]{3}.*"
    r"|\S+ \S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:.*|(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE)\b\W+\w+\W+\w.*"
)
SENTENCE = re.compile(r"[^\W\d_].*[.!?…][\"')\u201d\u2019»]*")
HEADING = re.compile(r"#{2,6} \S.*")
MANY = 4
"""More records than this, with texts that are all different, are no names with a prefix."""
FULL_LINE = 0.7
"""The share of the longest line that the other lines of a text in paragraphs have at least."""
USUAL = ",;\t|"
"""The delimiters that most files have."""
TAGS = re.compile(r"\s*<[/!?A-Za-z].*>\s*")


def likely_delimiter(header: str, records: Sequence[str]) -> str | None:
    """Return the unusual delimiter that the header and most records have, if there is one."""
    records = [record for record in records if record.strip()]
    if not records:
        return None
    several = {found[0] for found in SEVERAL.finditer(header)} - {"--", "---", "----"}
    candidates: list[str] = [*several, *SURE, *WEAK] if len(several) == 1 else [*SURE, *WEAK]
    for delimiter in candidates:
        if not (found := header.count(delimiter)):
            continue
        same = [record for record in records if record.count(delimiter) == found]
        if len(same) >= MOST * len(records) and _divides(header, same, delimiter):
            return delimiter
    return None


def delimiter_of_records(records: Sequence[str], separator: str) -> str | None:
    """Return the delimiter that each of some records without a header has equally often, if there is one.

    An unusual `separator` is often meant: it makes one column of whole lines.
    """
    records = [record for record in records if record.strip()]
    if len(records) < 2 or separator not in USUAL:
        return None
    for delimiter in USUAL.replace(separator, "") + SURE:
        found = records[0].count(delimiter)
        if not found or any(record.count(delimiter) != found for record in records):
            continue
        if all(record.split(delimiter)[0].strip() for record in records):
            return delimiter
    return None


def is_certain(delimiter: str) -> bool:
    """Return whether a file that seems to have this delimiter certainly has it."""
    return any(character in SURE or character in ",;\t|" for character in delimiter)


def is_name(text: str) -> bool:
    """Return whether a part of a header may be the name of a column."""
    return NAME.fullmatch(text) is not None and text.count("(") == text.count(")")


def _divides(header: str, records: Sequence[str], delimiter: str) -> bool:
    """Return whether a delimiter, as often in the records as in the header, makes columns of them."""
    needs_numbers = delimiter[0] in NEEDS_NUMBERS and delimiter != "=>"
    names = [name.strip(" \"'\ufeff") for name in header.split(delimiter)]
    while len(names) > 2 and not names[-1]:
        names.pop()  # a delimiter at the end of each line
    if delimiter < " ":
        return any(names)
    if not all(map(is_name, names)) or _have_common_word(header, records):
        return False
    if delimiter[0] not in WEAK:
        return True
    cells = zip(*(record.split(delimiter) for record in records), strict=True)
    filled = [[cell.strip(" \"'") for cell in column if cell.strip()] for column in cells]
    numbers = [bool(column) and all(map(NUMBER.fullmatch, column)) for column in filled]
    if len(names) > 2:
        return not TIME.issuperset(name.casefold() for name in names)
    first, last = names
    if delimiter == ":" and ": " in header:
        return False  # YAML, or a text
    if all(record.split(delimiter)[0].casefold() == first.casefold() for record in records):
        return False  # a prefix of each value: GO:0008150 below GO:id
    if numbers[0] if delimiter == "=" else any(numbers):
        return not (needs_numbers and all(numbers))
    if delimiter == ":" and first.casefold() in FIRST_NAMES:
        return len(records) > 1 and not any(": " in record for record in records)
    is_word = all(name.isidentifier() and len(name) > 1 for name in (first, last))
    has_blanks = len(delimiter) == 1 and any(f"{delimiter} " in line or f" {delimiter}" in line for line in records)
    enough = _are_different(records, delimiter) if needs_numbers else len(records) > 1
    return is_word and not has_blanks and enough


def _are_different(records: Sequence[str], delimiter: str) -> bool:
    """Return whether the texts on both sides are values: not a prefix or a unit, nor names such as foaf:Person."""
    sides = [{record.split(delimiter)[at].strip() for record in records} for at in (0, 1)]
    if any("" in side or len(side) == 1 for side in sides):
        return False
    is_text = any(" " in record.strip() for record in records)
    return is_text or all(len(side) == len(records) > MANY for side in sides)


def _have_common_word(header: str, records: Sequence[str]) -> bool:
    """Return whether the header and each record begin or end with the same word: `x~y ratio` above `1~2 ratio`."""
    words = [line.casefold().split() for line in (header, *records)]
    several = len(words) > 1 and all(len(line) > 1 for line in words)
    return several and any(all(line[at] == words[0][at] for line in words) for at in (0, -1))


def likely_format(header: str, lines: Sequence[str]) -> str | None:
    """Return the format that the header, as a line of the file, and the lines below it look like."""
    text = [line for line in [header, *lines] if line.strip()]
    if TAGS.fullmatch(header) and sum(line.lstrip().startswith("<") for line in text) * 2 > len(text):
        return "XML or HTML"
    if len(text) < 2:
        return None
    if _most(LOG, text) and LOG.fullmatch(header):
        return "a log"
    plain = [line for line in text if not COMMENT.fullmatch(line)]
    settings = [line for line in plain if not SECTION.fullmatch(line.strip())]
    if settings and header == text[0] and all(SETTING.fullmatch(line) for line in settings):
        if len(settings) < len(plain):
            return "INI"
        if len(settings) > 1 and _are_distinct(SETTING, settings):
            return SETTINGS
    if _is_yaml(header, text):
        return YAML
    if _is_prose(header, lines):
        return PROSE
    return SENTENCES if _are_sentences(header, text[1:]) or _are_full_lines(text) else None


def _most(pattern: re.Pattern[str], lines: Sequence[str]) -> bool:
    return sum(pattern.fullmatch(line) is not None for line in lines) >= MOST * len(lines)


def _are_distinct(pattern: re.Pattern[str], lines: Sequence[str]) -> bool:
    keys = [found[1] for line in lines if (found := pattern.fullmatch(line))]
    return len(set(keys)) == len(keys)


def _is_yaml(header: str, text: Sequence[str]) -> bool:
    """Return whether the lines are keys with values, or lists of them. Keys of one level are never repeated."""
    if not _most(YAML_LINE, text):
        return False
    if YAML_ITEM.fullmatch(header) or (header.rstrip() == "---" and YAML_ITEM.fullmatch(text[1])):
        return any(re.match(r"\s+\S", line) for line in text)
    keys = [line for line in text if YAML_KEY.fullmatch(line)]
    if len(keys) < 2 or not _are_distinct(YAML_KEY, keys):
        return False
    if YAML_KEY.fullmatch(header):  # a text may begin with a word and a colon too, but hardly has such values
        return any(YAML_VALUE.fullmatch(line) for line in keys)
    return header.rstrip() == "---" or header.startswith("# ")


def _is_prose(header: str, lines: Sequence[str]) -> bool:
    """Return whether blank lines divide sentences: below a title, with several lines in a row somewhere."""
    text = [line for line in lines if line.strip()]
    blocks = [block.strip().count("\n") + 1 for block in re.split(r"\n\s*\n", "\n".join(lines)) if block.strip()]
    has_title = bool(lines) and not lines[0].strip() and (header.startswith("#") or max(blocks, default=0) > 1)
    return has_title and len(blocks) > 1 and sum(len(line.split()) > 2 for line in text) * 2 > len(text)


def _are_sentences(header: str, lines: Sequence[str]) -> bool:
    """Return whether the header is a sentence as most lines are, or a title of Markdown with headings below it."""
    if header.startswith("# "):
        return any(map(HEADING.fullmatch, lines))
    is_sentence = SENTENCE.fullmatch(header.strip()) is not None and not header.rstrip().endswith("?")  # of a survey
    enough = len(header.split()) > 3 and sum(len(line.split()) > 2 for line in lines) >= MOST * len(lines)
    return is_sentence and enough and _most(SENTENCE, [line.strip() for line in lines])


def _are_full_lines(text: Sequence[str]) -> bool:
    """Return whether a text is divided into lines of about one length, in front of words without a capital letter."""
    longest = max(map(len, text))
    full = [line for line in text[:-1] if FULL_LINE * longest <= len(line) and len(line.split()) > 4]
    small = sum(line[:1].islower() for line in text[1:])
    return len(text) > 3 and len(full) == len(text) - 1 and text[1][:1].islower() and small * 2 > len(text) - 1
