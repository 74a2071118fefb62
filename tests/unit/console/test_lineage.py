"""Lineage: the graph of assets, its picture, the columns' lineage, the sandbox of the reports."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from console.logic import drawing, reports
from console.logic.assets import Asset, Graph, _asset
from console.logic.drawing import Box
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
    shown = drawing.html([Box(key, key[-1], parents=asset.parents) for key, asset in graph.assets.items()])
    assert (shown.count("picture-box "), shown.count("<path")) == (2, 1)


def test_a_long_chain_of_boxes_is_drawn() -> None:
    chain = [Box(("a", str(at)), "", parents=(("a", str(at + 1)),)) for at in range(2000)]
    assert drawing.ranks(chain)[("a", "0")] == 1999
    circle = [*chain, Box(("a", "2000"), "", parents=(("a", "0"),))]
    assert len(drawing.ranks(circle)) == 2001


def boxes(assets: Sequence[Asset] = ASSETS) -> list[Box]:
    return [Box(each.key, each.name, parents=each.parents, is_file=not each.table) for each in assets]


def test_boxes_stand_in_the_column_of_their_depth_and_never_on_each_other() -> None:
    other = ("shop", "other")  # has no file, and stands with the tables
    assert drawing.ranks(boxes()) == {FILE: 0, LANDING: 1, STAGING: 2, MART: 3, other: 1}
    # The line from the landing table to the mart has a place of its own beside the staging model.
    assert drawing.columns(boxes())[1:3] == [[(LANDING, None), (other, None)], [(STAGING, None), (LANDING, MART)]]


def test_what_is_made_from_a_table_without_a_file_is_right_of_it() -> None:
    api, model = ("landing", "api"), ("staging", "api")
    found = drawing.ranks([Box(FILE, "", is_file=True), Box(model, "", parents=(api,)), Box(api, "")])
    assert found == {FILE: 0, api: 1, model: 2}
    assert drawing.ranks([Box(model, "", parents=(api,)), Box(api, "")]) == {api: 0, model: 1}


def test_a_column_has_the_order_of_what_it_is_made_from() -> None:
    above = [Box(("l", name), name) for name in ("b", "a")]
    below = [Box(("s", new), new, parents=(("l", old),)) for new, old in (("x", "b"), ("y", "a"))]
    assert drawing.columns([*above, *below])[1] == [(("s", "y"), None), (("s", "x"), None)]


def test_the_groups_are_the_titles_and_a_state_is_a_word() -> None:
    files = Box(FILE, "orders.csv", "1 kB", "none", "files", is_file=True)
    failed = Box(MART, "mart", "9 rows", "failed", "trusted", parents=(FILE,))
    shown = drawing.html([files, failed], MART, titled=True)
    assert re.findall(r'picture-title">(.*?)<', shown) == ["files", "trusted"]
    assert re.findall(r'facts ellipsis">(.*?)<', shown) == ["1 kB", "failed · 9 rows"]
    assert "<path class=near" in shown
    assert "<h3" not in drawing.html([files, failed])
    assert "picture-box" not in drawing.html([])


def test_names_in_the_picture_are_text() -> None:
    hostile = '<script>alert(1)</script>"onload="x'
    box = Box(("a", hostile), hostile, hostile, hostile, hostile, f"/tables/{hostile}", hostile)
    shown = drawing.html([box], titled=True)
    assert "<script" not in shown
    assert '"onload' not in shown
    assert shown.count("<a ") == 1
    assert "a_<wbr>b.csv" in drawing.html([Box(("a",), "a_b.csv")])


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
