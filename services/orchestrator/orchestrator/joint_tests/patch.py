"""The change of dbt-core 1.11: `dbt build` asks the data tests of the same tables in one query.

What is changed, all of it in this process only:
- `dbt.task.build.BuildTask`, which the command `build` imports, becomes `JointBuild`, with `JointTest` for tests.
- `dbt.task.test.generate_runtime_model_context` returns the context of a test with its answer, if there is one.
The dbt project takes part: its materialization `test` asks the query of the macro `data_test_query` unless the context
has the answer. A project without this macro is built as by dbt.
"""

import threading
from importlib.metadata import version
from typing import Any

from dbt.artifacts.resources.types import NodeType
from dbt.clients.jinja import MacroGenerator
from dbt.context.providers import generate_runtime_model_context
from dbt.task import build
from dbt.task import test as data_tests
from dbt_common.clients.agate_helper import table_from_rows
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from orchestrator.joint_tests.board import Board

RELEASE = "1.11."

_answered = threading.local()


class Dbt:
    """The parts of dbt that the board uses."""

    def context(self, node: Any, config: Any, manifest: Any) -> Any:
        """Return the Jinja context of a node's materialization."""
        return generate_runtime_model_context(node, config, manifest)

    def rendered(self, macro: str, context: Any, manifest: Any) -> str:
        """Return the result of a macro of the project. Raises LookupError if the project has none."""
        found = manifest.find_macro_by_name(macro, context["project_name"], None)
        if found is None:
            raise LookupError(f"the project has no macro {macro}")
        return str(MacroGenerator(found, context)())

    def message(self, adapter: Any, response: Any) -> str:
        """Return the sentence of dbt-bigquery about the response to a query."""
        connections = adapter.connections
        rows = connections.format_rows_number(response.rows_affected)
        return f"{response.code} ({rows} rows, {connections.format_bytes(response.bytes_processed)} processed)"

    def store(self, context: Any, response: Any, row: dict[str, Any]) -> None:
        """Store the answer of a test's query, as dbt's macro `statement` does."""
        context["store_result"]("main", response, table_from_rows([list(row.values())], list(row)))

    def note(self, text: str) -> None:
        """Write a line into dbt's log."""
        fire_event(Note(msg=" ".join(text.split())), EventLevel.DEBUG)


class JointTest(data_tests.TestRunner):
    """Runs a data test, with the answer of the joint query if there is one."""

    board: Board | None = None

    def compile(self, manifest: Any) -> Any:
        """Return the compiled node."""
        return self.board.compiled(self.node, self.compiler) if self.board else super().compile(manifest)

    def execute_data_test(self, data_test: Any, manifest: Any) -> Any:
        """Return the result of the test."""
        _answered.context = self.board.context(self, data_test) if self.board else None
        try:
            return super().execute_data_test(data_test, manifest)
        finally:
            _answered.context = None


class JointBuild(build.BuildTask):
    """The task of `dbt build` with a board for its tests."""

    RUNNER_MAP = build.BuildTask.RUNNER_MAP | {NodeType.Test: JointTest}
    board: Board | None = None

    def _runtime_initialize(self) -> None:
        super()._runtime_initialize()  # type: ignore[no-untyped-call]
        self.board = Board(Dbt(), self.manifest, [node.unique_id for node in self._flattened_nodes or ()])

    def get_runner(self, node: Any) -> Any:
        """Return the runner of a node."""
        runner = super().get_runner(node)
        if isinstance(runner, JointTest) and node.resource_type == NodeType.Test:
            runner.board = self.board
        return runner

    def _cancel_connections(self, pool: Any) -> None:
        if self.board:
            self.board.cancelled = True
        super()._cancel_connections(pool)  # type: ignore[no-untyped-call]


def _context(node: Any, config: Any, manifest: Any) -> Any:
    return getattr(_answered, "context", None) or generate_runtime_model_context(node, config, manifest)


def apply() -> None:
    """Change dbt in this process, if it is the release that this module is made for."""
    if version("dbt-core").startswith(RELEASE):
        build.BuildTask = JointBuild  # type: ignore[misc]
        data_tests.generate_runtime_model_context = _context  # type: ignore[assignment,attr-defined]
