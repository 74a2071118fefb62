import json

import pytest

from platform_kit.redaction import Redactor
from platform_kit.specification import MASK


@pytest.mark.parametrize(
    ("secret", "text", "expected"),
    [
        ("p4ssword-long", "url?x=p4ssword-longer", f"url?x={MASK}er"),
        ("test", "the latest test, key=test", f"the latest {MASK}, key={MASK}"),
        ("test", "file=seed/latest/test.csv and test/a.csv", "file=seed/latest/test.csv and test/a.csv"),
        ("tiger", "scott/tiger@host, https://host/tiger/x.csv", f"scott/{MASK}@host, https://host/{MASK}/x.csv"),
        (
            "hunter2",
            "The password 'hunter2' is wrong. It was hunter2.",
            f"The password '{MASK}' is wrong. It was {MASK}.",
        ),
        ("1", "line 1: 1 value", "line 1: 1 value"),
        ("string", "must be of type string", "must be of type string"),
        ('a"b\nc-long', json.dumps({"key": 'a"b\nc-long'}), f'{{"key": "{MASK}"}}'),
        ("a/b+c=long", "?key=a%2Fb%2Bc%3Dlong", f"?key={MASK}"),
        ("$[regex]", "a $[regex]", f"a {MASK}"),
    ],
)
def test_redaction(secret: str, text: str, expected: str) -> None:
    assert Redactor([secret])(text) == expected


def test_secret_inside_another_leaves_nothing_behind() -> None:
    assert Redactor(["long-secret", "long-secret-and-more"])("long-secret-and-more") == MASK


def test_nothing_to_redact() -> None:
    assert Redactor([])("text") == "text"
