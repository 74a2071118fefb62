"""The branch's own dataset, which stores the counts of the test row_count_change, is created, listed and dropped."""

import json
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import jinja2
import pytest

from orchestrator.branch.build import Branch

MACROS = Path(__file__).resolve().parents[4] / "dbt_project/macros/row_counts.sql"


def test_the_own_dataset_is_always_listed(tmp_path: Path) -> None:
    branch = Branch("x", tmp_path, tmp_path / "dbt_project", "main")
    schemas = ["main_branch_x_staging", "main_branch_x_staging", "main_branch_xy_staging", "main_staging"]
    target = branch.folder / "target"
    target.mkdir(parents=True)
    nodes = {str(at): {"schema": schema} for at, schema in enumerate(schemas)}
    (target / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    assert branch.datasets() == ["main_branch_x", "main_branch_x_staging"]


@pytest.mark.parametrize("there", [True, False])
def test_the_dataset_of_the_counts_is_made_before_their_table(there: bool) -> None:
    calls = MagicMock()
    calls.adapter.check_schema_exists.return_value = there
    relation = SimpleNamespace(database="p", schema="main_branch_x")
    test = SimpleNamespace(
        unique_id="test.rows",
        attached_node="model.orders",
        test_metadata=SimpleNamespace(name="row_count_change"),
        config=SimpleNamespace(where=None),
    )
    # In dbt `return` gives the relation itself, so here a function stands for that macro.
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701 - it makes SQL
    text = MACROS.read_text().replace("macro row_counts_relation()", "macro in_dbt()")
    context = {
        "execute": True,
        "row_counts_relation": lambda: relation,
        "adapter": calls.adapter,
        "run_query": calls.run_query,
        "graph": SimpleNamespace(nodes={"model.orders": SimpleNamespace(relation_name="t")}, sources={}),
    }
    module = environment.from_string(text).make_module(context)
    module.remember_row_counts([SimpleNamespace(status="pass", node=test)])  # type: ignore[attr-defined]
    made = [name for name, *_ in calls.mock_calls if name in ("adapter.create_schema", "run_query")]
    assert made == (["run_query"] if there else ["adapter.create_schema", "run_query"])
