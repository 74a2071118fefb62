"""Keys that are different for BigQuery, but look the same for people."""

from collections.abc import Iterator
from typing import Any

from orchestrator.checks import alike_keys
from orchestrator.checks.table import URL, TableFacts
from orchestrator.warehouse import Warehouse

TWO = ("Zo\u00eb", "Zoe\u0308")


class Pair(Warehouse):
    """A warehouse that finds two keys which look the same in these numbers of groups."""

    groups: int = 1

    def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
        assert "normalize(`name`)" in query
        assert "normalize(`n`)" not in query, "a number has one spelling"
        first, last = sorted(TWO)
        urls = {"first_url": "1.csv", "last_url": "2.csv"} if URL in query else {}
        return [{"n": self.groups, "first": f"7, {first}", "last": f"7, {last}", **urls}]


def facts(key_odd: int) -> TableFacts:
    columns = {"n": ("n", "INTEGER"), "name": ("name", "STRING"), URL: (URL, "STRING")}
    return TableFacts("p.d.t", columns, 9, key=["n", "name"], key_odd=key_odd)


def rows(file: str) -> Iterator[tuple[int, dict[str, str]]]:
    yield 2, {"n": "7", "name": TWO[0]}
    if file == "1.csv":
        yield 3, {"N": "7", "Name": TWO[1]}


def test_two_keys_that_look_the_same_are_a_warning_with_the_place_of_the_odd_one() -> None:
    [finding] = alike_keys.find(facts(key_odd=1), Pair(), rows)
    assert (finding.blocking, finding.file, finding.line, finding.column) == (False, "1.csv", 3, "n, name")
    assert r"'7, Zoe\u0308'" in finding.text
    assert r"'7, Zo\xeb'" in finding.text


def test_plain_keys_need_no_query_and_odd_keys_may_be_different() -> None:
    assert not list(alike_keys.find(facts(key_odd=0), Pair(), rows))
    assert not list(alike_keys.find(facts(key_odd=2), Pair(groups=0), rows))
