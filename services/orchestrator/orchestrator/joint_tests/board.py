"""The tests of one `dbt build` that are asked together, their queries and their answers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

from orchestrator.joint_tests import query

MACRO = "data_test_query"
"""The macro of the dbt project that returns the query of a data test; its materialization `test` asks nothing else."""
OWN_QUERY = ("job_execution_timeout_seconds", "reservation", "sql_header")
"""A test with one of these configurations is asked alone: they are about its query as a whole."""


class Cancelled(Exception):
    """dbt ends its queries; no other one may be started."""


@dataclass
class Group:
    """Tests that depend on the same nodes, so that dbt runs them at the same time."""

    tests: list[str]
    asking: Lock = field(default_factory=Lock)
    compiling: Lock = field(default_factory=Lock)
    compiled: dict[str, Any] = field(default_factory=dict)
    """The compiled nodes by their ids."""
    contexts: dict[str, Any] | None = None
    """The Jinja contexts of the tests that were asked together: each has its answer as the result `main`."""


class Board:
    """What the threads of one `dbt build` share. A test that is in no group is asked as dbt does."""

    def __init__(self, dbt: Any, manifest: Any, selected: Iterable[str]) -> None:
        """`dbt`: see `patch.Dbt`; `selected`: the ids of the nodes of this build."""
        self._dbt, self._manifest = dbt, manifest
        self.cancelled = False
        nodes = {unique_id: manifest.nodes[unique_id] for unique_id in selected if unique_id in manifest.nodes}
        self._groups = {test: group for group in groups(nodes) for test in group.tests}

    def compiled(self, node: Any, compiler: Any) -> Any:
        """Return a test's compiled node. It is compiled once, by the first thread that needs it."""
        group = self._groups.get(node.unique_id)
        if group is None:
            return compiler.compile_node(node, self._manifest, {})
        with group.compiling:
            if node.unique_id not in group.compiled:
                group.compiled[node.unique_id] = compiler.compile_node(node, self._manifest, {})
            return group.compiled[node.unique_id]

    def context(self, runner: Any, node: Any) -> Any:
        """Return the Jinja context of a test that has its answer; None if the test is to be asked alone.

        The first thread of a group asks for all; the others wait. Raises Cancelled if dbt ends its queries.
        """
        group = self._groups.get(node.unique_id)
        if group is None:
            return None
        with group.asking:
            if group.contexts is None and not self.cancelled:
                group.contexts = {}
                group.contexts = self._ask(group, runner)
            found = (group.contexts or {}).pop(node.unique_id, None)
        if found is None and self.cancelled:
            raise Cancelled("The query was cancelled")
        return found

    def _ask(self, group: Group, runner: Any) -> dict[str, Any]:
        contexts, queries = {}, {}
        for test in group.tests:
            try:
                node = self.compiled(self._manifest.nodes[test], runner.compiler)
                contexts[test] = self._dbt.context(node, runner.config, self._manifest)
                queries[test] = self._dbt.rendered(MACRO, contexts[test], self._manifest)
            except Exception as error:  # the test has the same error when its turn comes, and reports it
                self._dbt.note(f"{test} is not asked together with other tests: {error}")
        tests = query.chosen(queries)
        if len(tests) < 2 or self.cancelled:
            return {}
        try:
            response, table = runner.adapter.execute(query.joined([queries[test] for test in tests]), fetch=True)
            found = query.rows(table, len(tests))
        except Exception as error:  # of one of the tests, or of all: each is asked alone
            self._dbt.note(f"{len(tests)} tests could not be asked together, so each is asked alone: {error}")
            return {}
        self._dbt.note(f"{len(tests)} tests were asked in one query: {', '.join(tests)}")
        for at, test in enumerate(tests):
            part = query.share(response, at, len(tests), partial(self._dbt.message, runner.adapter))
            self._dbt.store(contexts[test], part, found[at])
        return {test: contexts[test] for test in tests}


def groups(nodes: Mapping[str, Any]) -> list[Group]:
    """Return the groups of tests, each of two tests at least."""
    found: dict[frozenset[str], list[str]] = defaultdict(list)
    for unique_id, node in nodes.items():
        if node.resource_type == "test" and node.depends_on.nodes and _may_be_joined(node.config):
            found[frozenset(node.depends_on.nodes)].append(unique_id)
    return [
        Group(part)
        for tests in found.values()
        for start in range(0, len(tests), query.MOST_TESTS)
        if len(part := sorted(tests)[start : start + query.MOST_TESTS]) > 1
    ]


def _may_be_joined(config: Any) -> bool:
    # Another calculation than dbt's own may have another type, to which the numbers of all tests would be converted.
    return config.fail_calc.strip().lower() == "count(*)" and not any(config.get(name) for name in OWN_QUERY)
