"""The dbt models as assets. Every data test is a check of the asset that it tests: a model or a source."""

import json
import logging
import shutil
from collections.abc import Collection, Iterator
from functools import cached_property
from importlib.metadata import version
from typing import Any

import dagster as dg
from packaging.version import Version
from pydantic import PrivateAttr

from orchestrator import build_folders, costs, dbt_options
from orchestrator.dbt_errors import shortened
from orchestrator.dbt_integration import (
    DagsterDbtCliRuntimeError,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from orchestrator.dbt_options import BuildOptions
from orchestrator.failing_rows import with_failing_rows
from orchestrator.freshness import FreshTranslator
from orchestrator.manifest import DBT
from orchestrator.model_rows import with_row_count
from orchestrator.one_build import one_build
from orchestrator.settings import Settings
from orchestrator.warehouse import Warehouse
from orchestrator.warm_dbt.holder import WarmDbt

CLIENT = DBT.with_name("orchestrator-dbt")

TRANSLATOR = FreshTranslator(
    DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True, enable_code_references=False)
)


class DbtCli(DbtCliResource):
    """dbt, imported while the syncs of the run are working.

    Two steps that dagster-dbt does before each command are left out, because they are not needed here.
    """

    _warm: WarmDbt | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Start a warm dbt. Dagster calls this when a run starts that has the step dbt_build."""
        super().setup_for_execution(context)
        if self.dbt_executable == str(CLIENT):
            try:
                self._warm = WarmDbt(joint_tests=Settings.read().joint_tests)
            except OSError as error:
                logging.getLogger(__name__).info("dbt is not imported ahead: %s", error)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """End the warm dbt. Dagster calls this at the end of the run, also of one that was terminated."""
        if self._warm is not None:
            self._warm.stop()
        super().teardown_after_execution(context)

    @cached_property
    def _cli_version(self) -> Version:
        # `dbt --version` takes 3 s and asks PyPI for the latest release.
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: object) -> Any:  # noqa: ARG002
        # It loads dbt in this process too, for fetch_row_counts() and fetch_column_metadata(), which are not used.
        return None


def dbt_cli(project: DbtProject) -> DbtCli:
    """Return the resource that runs dbt on the project."""
    executable = CLIENT if CLIENT.exists() else DBT  # a test's stand-in for the environment has no client
    return DbtCli(
        project_dir=str(project.project_dir),
        profiles_dir=str(project.profiles_dir),
        dbt_executable=str(executable),
    )


def dbt_models(project: DbtProject, marked: Collection[str] = ()) -> dg.AssetsDefinition:
    """Return the models of a prepared project, built by one `dbt build` per run.

    `marked` are the dbt sources (`source.table`) with `deletions: mark`. Raises ValueError if no model marks their
    rows.
    """
    dbt_options.check_marked(marked, project.manifest_path)

    # The pool (its limit is in compose/dagster/dagster.yaml) keeps two runs from building the same tables at once;
    # without Docker one_build does.
    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        dagster_dbt_translator=TRANSLATOR,
        name="dbt_build",
        pool="warehouse",
    )
    def dbt_build(
        context: dg.AssetExecutionContext, dbt: DbtCli, warehouse: Warehouse, config: BuildOptions
    ) -> Iterator[Any]:
        # Unit tests are about the SQL, not about the data: they belong to development (dbt's guide, "Unit tests").
        command = ["build", "--exclude-resource-type", "unit_test", *costs.OPTIONS, *config.arguments(marked)]
        target = build_folders.new_folder()  # it stays when dbt fails: it has the log and the compiled SQL
        with one_build(context.log):
            invocation = dbt.cli(command, context=context, target_path=target)
            try:
                nodes: dict[str, Any] = {}
                for node, item in costs.with_costs(invocation):
                    # The manifest of this build: Dagster's may have been made for another dataset.
                    nodes = nodes or json.loads((target / "manifest.json").read_bytes())["nodes"]
                    known = nodes.get(node, {})
                    yield with_failing_rows(with_row_count(item, known, warehouse.stored_rows), known, warehouse.query)
            except DagsterDbtCliRuntimeError as error:
                what = shortened(invocation._error_messages) or str(error)
                raise dg.Failure(f"dbt build failed. Its log: {target / 'dbt.log'}\n{what}") from None
        shutil.rmtree(target)

    return dbt_build
