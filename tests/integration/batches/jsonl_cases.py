"""Makes JSONL files. Their text is built here, because Python's JSON module writes no unusual JSON."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from .values import ANY, KINDS, NAMES, TIMES, case, letters, schemas, seldom, settings_of_the_sync

NUMBERS = [
    "0",
    "-0",
    "0.0",
    "-0.0",
    "1E5",
    "1e5",
    "1E+5",
    "1e-7",
    "0.1e-7",
    "1e-400",
    "12345678901234567890",
    "1.0",
    "1.50",
]
NUMBERS += [
    "-9223372036854775808",
    "-9223372036854775809",
    "9223372036854775807",
    "9223372036854775808",
    "1e22",
    "2.5E-3",
]
NUMBERS += ["18446744073709551615", "18446744073709551616", "9" * 30, "0.30000000000000004", "9007199254740993", "1e16"]
NUMBERS += ["9007199254740993.0", "123456789.123456789", "4194304.1234567891", "0.0000000005", "-1e-9", "1e29", "9e28"]
INVALID = [
    "NaN",
    "Infinity",
    "-Infinity",
    "-NaN",
    "1e400",
    "-1e400",
    "01",
    "-01",
    "+1",
    ".5",
    "1.",
    "-",
    "1e",
    "0x1F",
    "1_0",
]
INVALID += [
    "True",
    "None",
    "nul",
    "'x'",
    "",
    "/**/1",
    '"\t"',
    '"\\x"',
    '"\\u12"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"open',
    "[1,]",
]
STRINGS = [
    '"\\u0000"',
    '"\\ud83d\\ude00"',
    '"\\u00e9"',
    '"\\/"',
    '"\\b\\f\\n\\r\\t\\"\\\\"',
    '"\u2028"',
    '"\x7f"',
    '"NaN"',
]
STRINGS += [
    '"\\\\u0041"',
    '"}\\n{"',
    '"}{"',
    '"\ufeff"',
    '"\u0085"',
    '""',
    '"null"',
    '"\\\\"',
    '"}"',
    '"{"',
    '"e\u0301"',
    '"\\uFEFF"',
]
NESTED = [
    "{}",
    "[]",
    "[null]",
    '{"a":null}',
    '{"a":{"a":{}}}',
    "[[[]]]",
    '{"a":1,"a":2}',
    '[1,1.0,"1",-0,-0.0,1e5]',
    "[{}]",
]
NESTED += [
    '{"":0}',
    '{"\\u0061":[1e16]}',
    '{"b":18446744073709551615}',
    '{"b":99999999999999999999}',
    "[" * 260 + "]" * 260,
]
MORE_KEYS = [
    '""',
    '"i\\u0064"',
    '"\\u0061"',
    '"a\\/"',
    '" id"',
    '"ID"',
    '"\\u0000"',
    '"q\\""',
    '"q\\u0022"',
    '"_airbyte_meta"',
]
VALUES = {
    "integer": st.integers(-(2**63), 2**63 - 1).map(str) | st.integers(-5, 5).map(str),
    "number": st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.integers(0, 10**6).map(lambda n: repr(n / 100)),
    "string": letters.map(json.dumps) | st.sampled_from(ANY).map(lambda text: json.dumps(text, ensure_ascii=False)),
    "boolean": st.sampled_from(["true", "false"]),
    "time": st.sampled_from(TIMES).map(json.dumps),
    "spelling": st.sampled_from(NUMBERS),
    "escape": st.sampled_from(STRINGS),
    "nested": st.sampled_from(NESTED),
    "null": st.just("null"),
}
SIMPLE = ["integer", "number", "string", "boolean"]
FAULTS = [" ", "\0", "\x1a", "\ufeff", "{", "null"]
BLANKS = ["", "", "", " ", "\t", "\r", "  "]
LINES = [
    "",
    " ",
    "\t",
    "\r",
    "[]",
    "7",
    "null",
    '"x"',
    '{"id":',
    '{"id": 1} {"id": 2}',
    '{"id": 1},',
    "{}x",
    "{}\0",
    "//",
    "\x0b",
    "}",
]


@st.composite
def jsonl_cases(draw: st.DrawFn) -> dict[str, Any]:
    """JSONL files. Most columns have one type. Half of the files are such that Arrow reads them, apart from a fault."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    simple = draw(st.booleans())
    types = {name: draw(st.sampled_from(SIMPLE if simple else list(VALUES))) for name in names}
    files = {f"{number}.jsonl": draw(contents(types, simple)) for number in range(1 + seldom(draw, 4))}
    if simple:
        more: dict[str, Any] = {
            "properties": {name: {"type": ["null", kind]} for name, kind in types.items()},
            "kinds": {name: draw(st.sampled_from(KINDS)) for name in names if seldom(draw, 5)},
        }
    else:
        more = draw(st.one_of(st.just({}), schemas(names), schemas(names)))
    return case(files, {"filetype": "jsonl"}, **more, **draw(settings_of_the_sync()))


@st.composite
def contents(draw: st.DrawFn, types: dict[str, str], simple: bool) -> bytes:
    """Return a file: lines, different line ends and, in a few files, a fault."""
    end = draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", "\r", " \n", "\n \n"]))
    entries = [draw(objects(types, simple)) for _ in range(draw(st.integers(0, 8)))]
    if seldom(draw, 16):
        entries.insert(draw(st.integers(0, len(entries))), draw(st.sampled_from(LINES)))
    text = end.join(entries) + draw(st.sampled_from(["", end, end, end, "\n\n"] + FAULTS * seldom(draw, 20)))
    if seldom(draw, 30):
        text = draw(st.sampled_from(["\ufeff", " ", "\n", "\0"])) + text
    content = text.encode()
    if seldom(draw, 30):
        at = draw(st.integers(0, len(content)))
        content = (
            content[:at]
            + draw(st.sampled_from([b"", b"\xff", b"\xc3", b"\n", b"\0", b"\xed\xa0\x80"]))
            + content[at + 1 :]
        )
    return content[: draw(st.integers(0, len(content)))] if seldom(draw, 30) else content


@st.composite
def objects(draw: st.DrawFn, types: dict[str, str], simple: bool) -> str:
    """Return an object with most of the columns. A key may be missing, repeated, escaped, or not a column."""
    pairs = []
    for name, kind in types.items():
        if seldom(draw, 12):
            continue
        value = draw(VALUES["null" if seldom(draw, 10) else kind])
        if seldom(draw, 25 if simple else 8):
            value = draw(VALUES[draw(st.sampled_from(list(VALUES)))])
        pairs.append((json.dumps(name, ensure_ascii=draw(st.booleans())), value))
    if seldom(draw, 25):
        pairs.append(
            (
                draw(st.sampled_from([*MORE_KEYS, *(key for key, _ in pairs)])),
                draw(st.sampled_from(["1", "null", "{}"])),
            )
        )
    if pairs and seldom(draw, 60):
        pairs[-1] = (pairs[-1][0], draw(st.sampled_from(INVALID)))
    if seldom(draw, 5):
        pairs = draw(st.permutations(pairs))
    blank = draw(st.sampled_from(BLANKS))
    if seldom(draw, 25):
        blank = "\n"  # an object of several lines
    between = f"{blank},{blank}"
    return f"{{{blank}{between.join(f'{key}{blank}:{blank}{value}' for key, value in pairs)}{blank}}}"
