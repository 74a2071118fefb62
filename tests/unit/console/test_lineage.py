"""Lineage: the graph of assets, its picture, the columns' lineage, the sandbox of the reports."""

import json
import os
from pathlib import Path
from typing import Any

from console.logic import drawing, reports
from console.logic.assets import Asset, Graph, _asset
from console.logic.reports import ColumnLineage, Source

FILE, LANDING, STAGING, MART = ("s3", "orders.csv"), ("shop", "orders"), ("staging", "stg"), ("trusted", "mart")
ASSETS = [
    Asset(FILE),
    Asset(LANDING, table="shop.orders", parents=(FILE,)),
    Asset(STAGING, table="shop_staging.stg", parents=(LANDING,)),
    Asset(MART, table="shop_trusted.mart", parents=(STAGING, LANDING)),
    Asset(("shop", "other"), table="shop.other"),
]


def test_lineage_goes_up_to_the_file_and_down_to_the_mart() -> None:
    graph = Graph(ASSETS)
    assert graph.upstream(STAGING) == {FILE, LANDING}
    assert graph.downstream(LANDING) == {STAGING, MART}
    assert [asset.key for asset in graph.around(STAGING)] == [FILE, LANDING, STAGING, MART]
    assert graph.of_table["shop_trusted.mart"].key == MART


def test_a_circle_of_assets_ends() -> None:
    graph = Graph([Asset(("a",), parents=(("b",),)), Asset(("b",), parents=(("a",),))])
    assert graph.upstream(("a",)) == {("b",)}
    assert "lineage" in drawing.svg([*graph.assets.values()], lambda _: "")


def test_boxes_stand_in_the_column_of_their_depth_and_never_on_each_other() -> None:
    assert drawing.ranks(ASSETS) == {FILE: 0, LANDING: 1, STAGING: 2, MART: 3, ("shop", "other"): 0}
    found = drawing.places(ASSETS)
    assert len(set(found.values())) == len(found)
    # The line from the landing table to the mart has a place of its own beside the staging model.
    assert {slot for column, slot in found if column == 2} == {(STAGING, None), (LANDING, MART)}


def test_names_in_the_picture_are_text() -> None:
    hostile = '<script>alert(1)</script>"onload="x'
    shown = drawing.svg([Asset(("a", hostile), group=hostile)], lambda _: '/tables/x"><script>')
    assert "<script" not in shown
    assert '"onload' not in shown
    assert shown.count("<a ") == 1


def test_an_asset_of_dagster_is_read() -> None:
    node: dict[str, Any] = {
        "assetKey": {"path": ["trusted", "mart"]},
        "groupName": "trusted",
        "kinds": ["dbt"],
        "description": "One row for each.\n\n#### Raw SQL:\n```sql\n    select *\n      from {{ ref('stg') }}\n```",
        "dependencyKeys": [{"path": ["staging", "stg"]}],
        "metadataEntries": [{"label": "dagster/table_name", "text": "a-project.shop_trusted.mart"}, {"label": "other"}],
    }
    asset = _asset(node)
    assert (asset.table, asset.description, asset.parents) == ("shop_trusted.mart", "One row for each.", (STAGING,))
    assert asset.sql == "select *\n  from {{ ref('stg') }}"


DOCUMENT = {
    "nodes": {
        "model.p.stg": {"relationName": "`a-project`.`shop_staging`.`stg`", "compiledCode": "select 1"},
        "source.p.orders": {"relationName": "`a-project`.`shop`.`orders`"},
        "exposure.p.x": {},
    },
    "lineage": {
        "edges": [
            {"source": "source.p.orders", "target": "model.p.stg", "sourceColumn": "ID", "targetColumn": "order_id"},
            {"source": "source.p.orders", "target": "model.p.stg", "sourceColumn": "ID", "targetColumn": "order_id"},
            {"source": "source.p.orders", "target": "model.p.stg", "sourceColumn": None, "targetColumn": ""},
            {"source": "gone", "target": "model.p.stg", "sourceColumn": "a", "targetColumn": "b"},
        ]
    },
}


def test_columns_know_what_they_are_made_from_and_what_uses_them() -> None:
    lineage = ColumnLineage(DOCUMENT)
    assert lineage.above[("shop_staging.stg", "order_id")] == [Source("shop.orders", "ID")]
    assert lineage.below[("shop.orders", "id")] == [Source("shop_staging.stg", "order_id")]
    assert [*lineage.shown("shop.orders")] == ["Used in"]
    assert lineage.shown("shop.other") == {}
    assert lineage.compiled["shop_staging.stg"] == "select 1"


def test_column_lineage_is_read_again_when_it_was_made_again(tmp_path: Path) -> None:
    assert reports.column_lineage(tmp_path) is None
    file = tmp_path / reports.DATA
    file.write_text("{")  # not JSON: as if there were none
    assert reports.column_lineage(tmp_path) is None
    file.write_text(json.dumps(DOCUMENT))
    os.utime(file, ns=(1, 1))
    first = reports.column_lineage(tmp_path)
    assert first is not None
    assert reports.column_lineage(tmp_path) is first
    file.write_text("{}")
    again = reports.column_lineage(tmp_path)
    assert again is not None
    assert again.above == {}


def test_only_the_reports_are_served_and_without_connections(tmp_path: Path) -> None:
    assert reports.made(tmp_path) is None
    assert reports.page(tmp_path, "docs") is None
    (tmp_path / reports.FILES["docs"]).write_text("<!doctype html><HEAD><script>first()</script>")
    assert reports.made(tmp_path) is not None
    content = reports.page(tmp_path, "docs")
    assert content is not None
    assert content.index(b"localStorage") < content.index(b"first()")  # the storage is there before dbt's scripts
    assert reports.page(tmp_path, "../docs") is None
    policy = dict(each.strip().partition(" ")[::2] for each in reports.POLICY.split(";"))
    assert policy["default-src"] == "'none'"
    assert "allow-same-origin" not in policy["sandbox"]
    assert not any(
        "http" in sources or "'self'" in sources for name, sources in policy.items() if name.endswith("-src")
    )
