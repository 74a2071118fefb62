from pathlib import Path

import pytest

from connections_file.expansion import ExpansionError, expand


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("plain $NAME {x}", {}, "plain $NAME {x}"),
        ("${A}", {"A": "1"}, "1"),
        ("${A}-${B}", {"A": "1", "B": "2"}, "1-2"),
        ("${A:-x}", {}, "x"),
        ("${A:-x}", {"A": ""}, "x"),  # as in a shell, empty counts as unset
        ("${A:-x}", {"A": "1"}, "1"),
        ("${A:-http://h:1/a-b}", {}, "http://h:1/a-b"),
        ("${A}", {"A": "${B}"}, "${B}"),  # values are not expanded again
        ("$${A} $${3}", {"A": "1"}, "${A} ${3}"),
    ],
)
def test_references(text: str, environment: dict[str, str], expected: str) -> None:
    assert expand(text, environment) == expected


def test_everything_but_strings_is_left_alone() -> None:
    assert expand({"a": [1, None, True, {"b": "${A}"}]}, {"A": "x"}) == {"a": [1, None, True, {"b": "x"}]}


def test_a_field_that_comes_out_empty_is_left_out() -> None:
    value = {"endpoint": "${URL:-}", "given": "", "list": ["${URL:-}"]}
    assert expand(value, {}) == {"given": "", "list": [""]}


def test_an_unset_variable_is_named_with_its_place() -> None:
    with pytest.raises(ExpansionError, match="the environment variable SECRET is not set") as caught:
        expand({"a": [{"b": "${SECRET}"}]}, {})
    assert caught.value.path == ("a", 0, "b")


def test_the_content_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text('{"type": "service_account"}\n')
    assert expand("${file:KEY}", {"KEY": str(tmp_path / "key.json")}) == '{"type": "service_account"}'
    assert expand({"key": "${file:KEY:-}"}, {}) == {}
    with pytest.raises(
        ExpansionError, match=r"the file named by the environment variable KEY cannot be read \(No such file"
    ):
        expand("${file:KEY}", {"KEY": str(tmp_path / "absent")})
    for content in ("the key itself", "the key itself" * 1000):
        with pytest.raises(ExpansionError) as caught:
            expand("${file:KEY}", {"KEY": content})
        assert "the key itself" not in str(caught.value)


@pytest.mark.parametrize("text", ["${3RD_PARTY}", "${A-B}", "${A", "${}", "${A:-${B}}", "${file: A}"])
def test_what_looks_like_a_reference_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(ExpansionError, match=r"Write \$\{NAME\}.* write \$\$\{") as caught:
        expand({"a": [f"x{text}"]}, {"A": "1", "B": "2"})
    assert caught.value.path == ("a", 0)
