"""The README's commands, literally, and their results, checked with each service's real client."""

import os
import re
import time
from functools import partial

import httpx
import pytest
from airbyte_api import api

from tests.browser import MISSING, PROGRAM, chromium

from .stack import ARTIFACTS, EXPECTED, Stack, eventually

ASSETS = """{ assetNodes { assetKey { path } isMaterializable
  assetMaterializations(limit: 1) { runId } assetChecksOrError { ... on AssetChecks { checks {
    name executionForLatestMaterialization { status } } } } } }"""
KEYS = {
    *("jaffle_shop/jaffle_shop_customers", "jaffle_shop/jaffle_shop_orders", "stripe/stripe_payments"),
    *("staging/stg_customers", "staging/stg_orders", "staging/stg_payments"),
    *("trusted/fct_orders", "trusted/dim_customers"),
    *("trusted/order_status_history", "trusted/fct_order_status_days"),
}
FILES = ["jaffle_shop_customers.csv", "jaffle_shop_orders.csv", "stripe_payments.csv"]
GROUPS = ("s3", "landing", "staging", "trusted")


def test_make_up_ends_healthy_and_names_the_addresses(stack: Stack, first_up: str) -> None:
    assert "healthy after" in first_up
    for port in ("CONSOLE_PORT", "DAGSTER_PORT", "AIRBYTE_PORT", "WAREHOUSE_PORT", "S3_PORT"):
        assert stack.url(port) in first_up
    assert stack.healthy()


def test_make_up_again_starts_in_seconds_and_changes_nothing(stack: Stack, first_up: str) -> None:
    before = {stack.container(name).id for name in ("postgres", "warehouse", "airbyte", "code", "daemon", "webserver")}
    started = time.monotonic()
    stack.make("up")
    assert time.monotonic() - started < 60
    assert {
        stack.container(name).id for name in ("postgres", "warehouse", "airbyte", "code", "daemon", "webserver")
    } == before


def test_make_run_succeeds(first_run: str) -> None:
    assert re.search(r"SUCCESS in [\d.]+ s: 10 assets, \d+ checks, 0 failed checks", first_run)


def test_the_figures(running: Stack) -> None:
    assert running.figures() == EXPECTED


def test_every_asset_is_materialized_and_every_check_passed(running: Stack) -> None:
    nodes = running.dagster(ASSETS)["assetNodes"]
    assert {"/".join(node["assetKey"]["path"]) for node in nodes if node["isMaterializable"]} == KEYS
    assert len(nodes) == len(KEYS) + len(FILES)
    checks = [check for node in nodes for check in node["assetChecksOrError"]["checks"]]
    assert len(checks) > 30
    assert {check["executionForLatestMaterialization"]["status"] for check in checks} == {"SUCCEEDED"}
    assert all(node["assetMaterializations"] for node in nodes if node["isMaterializable"])


def test_a_run_has_made_the_documentation_that_the_console_shows(running: Stack) -> None:
    for page, word in (("docs", b"dbt Docs"), ("columns", b"colibriData")):
        address = f"{running.url('CONSOLE_PORT')}/reports/{page}"
        answer = eventually(f"{address} is there", partial(_page, address), 180)  # made by a run of its own
        assert word in answer


def _page(address: str) -> bytes:
    """Return a page of the console; nothing while it is not made."""
    response = httpx.get(address)
    assert response.status_code in (200, 404), response.text
    return response.content if response.status_code == 200 else b""


def test_airbyte_ran_the_syncs(running: Stack) -> None:
    jobs = running.airbyte().jobs.list_jobs(request=api.ListJobsRequest())
    assert jobs.jobs_response
    succeeded = [job for job in jobs.jobs_response.data if job.status.value == "succeeded"]
    assert {job.rows_synced for job in succeeded} >= {100, 99, 120}


def test_the_files_are_in_s3(running: Stack) -> None:
    listed = running.s3().list_objects_v2(Bucket=running.env["S3_BUCKET"])["Contents"]
    names = ("jaffle_shop_customers", "jaffle_shop_orders", "stripe_payments")
    assert {item["Key"] for item in listed} == {f"jaffle_shop/{name}.csv" for name in names}


def test_make_sql_make_ps_and_make_doctor(running: Stack) -> None:
    assert "1672" in running.make("sql", "q=select sum(amount) as total from jaffle_trusted.fct_orders")
    assert re.search(r"webserver +healthy +http://127.0.0.1:", running.make("ps"))
    assert "fail" not in running.make("doctor")


def test_containers_are_what_the_compose_file_says(running: Stack) -> None:
    for service in running.compose.get_config()["services"]:
        container = running.container(service)
        host = container.attrs["HostConfig"]
        assert host["CapDrop"] == ["ALL"], service
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service
        assert host["ReadonlyRootfs"], service
        assert all(host[limit] for limit in ("Memory", "NanoCpus", "PidsLimit")), service
        sockets = [mount for mount in container.attrs["Mounts"] if mount["Destination"].endswith(".sock")]
        assert bool(sockets) == (service in ("socket-proxy", "connector-engine"))
        bound = [binding["HostIp"] for bindings in (host["PortBindings"] or {}).values() for binding in bindings]
        assert set(bound) <= {"127.0.0.1"}


def test_the_proxy_is_no_root_and_out_of_reach_of_run_workers(running: Stack) -> None:
    proxy = running.container("socket-proxy")
    status = proxy.exec_run(
        ["bash", "-c", "cat /proc/*/status | grep -A2 -E '^Name:|^Uid:|^CapEff:'"], user="10001"
    ).output
    assert b"10001\t10001\t10001\t10001" in status
    networks = set(proxy.attrs["NetworkSettings"]["Networks"])
    assert networks == {f"{running.project}_engine"}
    run = running.dagster("{ runsOrError(limit: 1) { ... on Runs { results { runId } } } }")
    worker = running.engine.containers.list(
        True, filters={"label": f"dagster/run_id={run['runsOrError']['results'][0]['runId']}"}
    )[0]
    assert set(worker.attrs["NetworkSettings"]["Networks"]) == {f"{running.project}_platform"}
    assert worker.attrs["HostConfig"]["ReadonlyRootfs"]


def test_no_secret_in_images_labels_commands_or_logs(running: Stack) -> None:
    secrets = [running.env[name] for name in ("POSTGRES_PASSWORD", "AIRBYTE_CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY")]
    seen = list(running.compose.get_logs())
    for container in running.engine.containers.list(True, filters={"name": running.project}):
        seen.append(str(container.labels) + str(container.attrs["Config"]["Cmd"]))
    for worker in running.engine.containers.list(
        True, filters={"label": f"data-platform.run-worker={running.project}"}
    ):
        seen.append(str(worker.labels) + str(worker.attrs["Config"]["Cmd"]) + worker.logs().decode(errors="replace"))
    for image in running.engine.images.list(filters={"reference": f"{running.project}-*"}):
        seen.append(str(image.attrs["Config"]) + str(image.history()))
    assert not [secret for secret in secrets for text in seen if secret in text]


@pytest.mark.skipif(PROGRAM is None and os.environ.get("CI") != "true", reason=MISSING)
def test_the_browser_shows_the_asset_graph(running: Stack) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    groups = ",".join(f"global@global:{group}" for group in GROUPS)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 2000, "height": 1900})
        page.goto(f"{running.url('DAGSTER_PORT')}/asset-groups?expanded={groups}")
        page.get_by_text("dim_customers", exact=True).first.wait_for(timeout=30_000)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=ARTIFACTS / "asset-graph.png")
        shown = [text for text in page.locator("foreignObject").all_text_contents() if text and text not in GROUPS]
        assert len(shown) == len(KEYS) + len(FILES)
        for name in [key.rpartition("/")[2] for key in KEYS] + FILES:
            assert any(text.startswith(name) for text in shown), f"{name} is not in {shown}"
