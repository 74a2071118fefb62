"""Imported by `warm_python.py`: lets dbt do the work of its first command, and make the JSON schemas of more classes.

dbt makes them when it first checks an object of the class, which takes half of the processor time of parsing a project.
"""

import dbt_macros  # type: ignore[import-not-found]  # beside this file
from dbt.adapters.bigquery.credentials import BigQueryCredentials
from dbt.artifacts.resources.v1 import components, config, exposure, model, snapshot, source_definition
from dbt.artifacts.resources.v1 import unit_test_definition as unit_test
from dbt.contracts import project, selection
from dbt.contracts.graph import nodes, unparsed

from orchestrator.warm_dbt import warming

for checked in (
    *(BigQueryCredentials, selection.SelectorFile, components.Contract, config.NodeConfig, config.TestConfig),
    *(exposure.ExposureConfig, model.ModelConfig, snapshot.SnapshotConfig, source_definition.SourceConfig),
    *(unit_test.UnitTestConfig, nodes.GenericTestNode, nodes.HookNode, nodes.ModelNode, nodes.SnapshotNode),
    *(unparsed.UnparsedExposure, unparsed.UnparsedModelUpdate, unparsed.UnparsedNodeUpdate),
    *(unparsed.UnparsedSourceDefinition, unparsed.UnparsedUnitTest),
    *(project.Configuration, project.PackageConfig, project.ProfileConfig, project.Project, project.ProjectFlags),
):
    checked.json_schema()
with dbt_macros.kept():
    warming.warm()
