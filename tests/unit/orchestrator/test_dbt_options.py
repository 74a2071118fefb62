"""The options of `dbt build`: the launchpad's configuration, and the sources whose deleted rows are marked."""

import json
from pathlib import Path

import dagster as dg
import pytest

from orchestrator.dbt_options import BuildOptions, check_marked


def test_without_configuration_dbt_gets_no_variables() -> None:
    assert BuildOptions().arguments() == []


def test_full_refresh_range_and_marked_sources() -> None:
    options = BuildOptions(full_refresh=True, from_date="2018-01-01", to_date="2018-01-31")
    first, name, variables = options.arguments(["shop.orders"])
    assert (first, name) == ("--full-refresh", "--vars")
    assert json.loads(variables) == {
        "deletions_marked": ["shop.orders"],
        "from_date": "2018-01-01",
        "to_date": "2018-01-31",
    }


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2018-01-01", ""),
        ("", "2018-01-01"),
        ("2018-02-01", "2018-01-01"),
        ("1.1.2018", "2.1.2018"),
        ("2018-01-01' or true --", "2018-01-02"),
    ],
)
def test_dates_that_are_no_range_are_refused(first: str, last: str) -> None:
    with pytest.raises(dg.Failure, match="YYYY-MM-DD"):
        BuildOptions(from_date=first, to_date=last).arguments()


def test_marking_without_a_model_that_marks_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    source = "source.jaffle_shop.shop.orders"
    node = {"depends_on": {"nodes": [source], "macros": ["macro.jaffle_shop.is_deleted"]}}
    content = {"sources": {source: {}}, "nodes": {"model.jaffle_shop.stg_orders": node}}
    manifest.write_text(json.dumps(content))
    check_marked(["shop.orders"], manifest)
    node["depends_on"]["macros"] = []
    manifest.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"deletions: mark for shop\.orders.*is_deleted\('shop', 'orders'\)"):
        check_marked(["shop.orders"], manifest)
