"""One column of a CSV file that may be several, with another delimiter, or another format; a column's first value."""

import pytest

from orchestrator.reading.csv_header import surely_other

from .scans import scan


def test_another_delimiter_is_recognised() -> None:
    assert scan(b"id;name;x\n1;a;2\n").delimiter == ";"
    assert scan(b"id,name\n1,a;b\n").delimiter is None


@pytest.mark.parametrize(
    ("content", "delimiter", "other_format"),
    [
        ("id^name\n1^a\n2^b\n", "^", None),
        ("id\x01name\n1\x01a\n", "\x01", None),
        ("id:name:x\n1:a:2\n", ":", None),
        ("id name x\n1 a 2\n2 b 3\n", " ", None),
        ("id  name    x\n1   a       2\n", None, "a text with columns of a fixed width"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 12\n", None, "a pointer of Git LFS"),
        ("full legal name\nAnna Maria Smith\nBob Lee Jones\n", " ", None),
        ("first name\nAda Lovelace\n", None, None),
        ("a~b,c\n1~2,3\n", None, None),
        ("text in one column\nof any length\n", None, None),
        ("---\nname: a\nlist:\n- b\n", None, "YAML"),
        ("---\nname: |\n  a\nid: 1\n", None, "YAML"),
        ("---\n| id |\n---\n", None, "a table with lines around its cells"),
        ("- id: 1\n  name: a\n- id: 2\n  name: b\n", None, "YAML"),
        ("host: a\nport: 1\n", None, "YAML"),
        ("; by hand\n[db]\nhost=a\n\n[web]\nport = 5\n", None, "INI"),
        ("db.host=a\n# the usual one\ndb.port=5\n", None, "a list of settings (key=value)"),
        ("<items>\n <item id='1'>a</item>\n</items>\n", None, "XML or HTML"),
        ("<p>a</p>\n", None, "XML or HTML"),
        ("2024-01-02 10:00:00 INFO started\n2024-01-02 10:00:01 INFO ended\n", None, "a log"),
        ("[2024-01-02T10:00:00] started up\n[2024-01-02T10:00:01] ended\n", None, "a log"),
        ("Jan  2 10:00:00 host sshd[1]: accepted\nJan  2 10:00:01 host sshd[1]: closed\n", None, "a log"),
        ("ERROR no disk left\nINFO started the whole server\n", None, "a log"),
        (
            "Licence\n\nAnyone may copy it\nfor any purpose.\n\nIt has no warranty.\n",
            None,
            "a plain text with paragraphs",
        ),
        ("#!/bin/sh\nexit 0\n", None, "a script"),
        ("=====\nname\n=====\na\n=====\n", None, "a table with lines around its cells"),
        ("-----+-----\n a | b\n", None, "a table with lines around its cells"),
    ],
)
def test_what_one_column_may_be_instead(content: str, delimiter: str | None, other_format: str | None) -> None:
    facts = scan(content.encode())
    assert (facts.delimiter, facts.other_format) == (delimiter, other_format)


CERTAIN = ["^", "~", "¦", "¬", "\x01", "\x1f", "\x14", "||", "|~|", "~~"]
WEAK = ["&", "*", "þ", "§", ":", "=>", "->", "::", "#", "=", "$", "%"]


@pytest.mark.parametrize("delimiter", CERTAIN + WEAK)
def test_an_unusual_delimiter_is_recognised(delimiter: str) -> None:
    rows = [("id", "name", "day"), *((f"{n}", "Ada", f"2024-01-{n}") for n in range(10, 15)), ("15", "a text", "x")]
    for width in (2, 3):
        lines = [delimiter.join(row[:width]) for row in rows]
        for content in ("\n".join(lines), "\n".join(lines[:3]), "\n".join([*lines, "a line of its own"])):
            facts = scan(content.encode())
            assert (facts.delimiter, facts.other_format) == (delimiter, None), content
            assert surely_other(facts) is (delimiter in CERTAIN)


@pytest.mark.parametrize("delimiter", ["&", "*", "^", "¦", "þ", "=>", ":"])
def test_an_unusual_delimiter_between_texts_is_recognised(delimiter: str) -> None:
    lines = [delimiter.join(row) for row in (("name", "town"), ("Ada", "London"), ("Grace", "New York"))]
    assert scan("\n".join(lines).encode()).delimiter == delimiter


ONE_COLUMN = """
text|The cat: it sat & slept.|I said: no.
note: a remark|warn: it is|ok: fine|more: text
Title: Subtitle|Dune: Part Two|Alien: Covenant
url|https://a.b/c?x=1&y=2|http://b.c/?a=1&b=2
time|12:30|13:45
hh:mm|12:30|13:45
time (hh:mm)|12:30|13:45
HH:MM:SS|12:30:01|13:45:02
user@host|a@b.c|d@e.f
path|/usr/bin|/etc/x
~/path|~/a|~/b
C:\\dir|C:\\a|D:\\b
ipv6|::1|::2|2001:db8::1
mac|00:11:22:33:44:55
ratio (w:h)|4:3|16:9
width:height|4:3|16:9
home:away|2:1|0:0
html|<p>a</p>|<b>c</b>
R&D|P&L|M&A
Q&A|Q&A 1|Q&A 2
Name & address|Smith & Sons|Marks & Co
AT&T|H&M|B&B
name (first & last)|A & B|C & D
rdf:type|foaf:Person|owl:Class
GO:id|GO:0001|GO:0002
Module::Name|Foo::Bar|Baz::Quux
x^2|y^2|z^3
* item|* a|* b
**Name**|**a**|**b**
name*|a*|b*
íþrótt|fótbolti|handbolti
§ 5|§ 6 BGB|§ 7 BGB
# of items|1|2
issue #|#1|#2
growth %|5 %|6 %
US$|5$|6$
C#minor|F#major|G#minor
query|a=1&b=2|c=3&d=4
pattern|%a%|%b%
step|a -> b|b -> c
payload|{"a": 1}
---|1|2
---|---|1
___|a|b
===|a|b
text|roses are red||violets are blue
address|Main St 5||Elm St 6||Oak St 7
level: message|error: x|warn: y
ERROR code|ERROR 1|ERROR 2
cron|* * * * *|5 * * * *
* * * * *|5 * * * *|0 1 * * *
*.csv|*.txt|*.md
^a$|^b$|^c$
# Todo|buy milk|call mum
""".strip().splitlines()


@pytest.mark.parametrize("lines", ONE_COLUMN)
def test_a_column_of_texts_is_taken_for_nothing_else(lines: str) -> None:
    facts = scan(lines.replace("|", "\n").encode())
    assert (facts.delimiter, facts.other_format) == (None, None)


def test_the_first_value_of_a_column_is_found_with_and_without_quotes() -> None:
    assert scan(b"id, name\n1,\n2,NA\n3,x\n", {"name"}, null_values={"NA"}).first_values == {" name": 4}
    assert scan(b'id,name\n1,\n"2",x\n', {"name"}).first_values == {"name": 3}
