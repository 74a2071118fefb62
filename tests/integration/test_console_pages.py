"""The console in a real browser: uploads, hostile data, hostile pages, and a service that is away (Dagster)."""

import dataclasses
import functools
import itertools
import json
import os
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from google.cloud import bigquery as google_bigquery
from playwright.sync_api import Browser, Page, expect

from tests.browser import MISSING, PROGRAM, chromium
from tests.serving import serving
from tools.local.processes import Process

from . import hostile_services
from .processes import wait_until
from .running import RunningPlatform, Server
from .s3_types import S3Client

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)

expect.set_options(timeout=30_000)  # ms, as the other waits of Playwright; its 5 s are short for a busy machine
MEGABYTE = 1 << 20
SCRIPT = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
RIGHT_TO_LEFT, DIRECTION = "\u0645\u0631\u062d\u0628\u0627", "each => getComputedStyle(each).direction"
HOSTILE_NAME = "<img src=x onerror=window.hacked=1>.csv"
HOSTILE = f'id,name,\u202eright to left\n1,"{SCRIPT}",{{{{7*7}}}}\n2,"{"x" * 100_000}",\u0000\n'
ATTACK = """async ([console, warehouse]) => {
  const outcome = {};
  const attempt = async (name, url, options) => {
    try { outcome[name] = (await fetch(url, options)).type } catch { outcome[name] = 'failed' }
  };
  await attempt('upload', `${console}/files/upload?folder=&name=stolen.csv`, {method: 'PUT', body: 'x'});
  await attempt('simple upload', `${console}/files/upload?folder=&name=stolen.csv`,
    {method: 'POST', mode: 'no-cors', body: 'x'});
  await attempt('sql', `${warehouse}/bigquery/v2/projects/local-dev/queries`,
    {method: 'POST', mode: 'no-cors', body: '{"query": "create schema stolen", "useLegacySql": false}'});
  await attempt('page', `${console}/`, {});
  outcome.socket = await new Promise((resolve) => {
    const socket = new WebSocket(`${console.replace('http', 'ws')}/_nicegui_ws/socket.io/?EIO=4&transport=websocket`);
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('refused');
  });
  return outcome;
}"""


@pytest.fixture(scope="module")
def bucket(s3_client: S3Client) -> Iterator[str]:
    """A bucket of these tests' own."""
    name = f"console-{uuid.uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=name)
    yield name
    for item in s3_client.list_objects_v2(Bucket=name).get("Contents", []):
        s3_client.delete_object(Bucket=name, Key=item["Key"])
    s3_client.delete_bucket(Bucket=name)


@pytest.fixture(scope="module")
def process(local_platform: RunningPlatform, s3: Server, warehouse: Server, bucket: str) -> Iterator[Process]:
    """The console, with a hostile Airbyte. Dagster does not run."""
    service = local_platform.settings.console()
    with hostile_services.served(hostile_services.airbyte(SCRIPT)) as airbyte:
        others = {"S3_BUCKET": bucket, "AIRBYTE_URL": airbyte}
        process = local_platform.services.start(dataclasses.replace(service, environment=service.environment | others))
        process.wait()
        yield process
        process.stop()


@pytest.fixture(scope="module")
def console(local_platform: RunningPlatform, process: Process) -> str:
    """The console's address."""
    return local_platform.settings.url("console")


@pytest.fixture
def evil_site(tmp_path: Path) -> Iterator[str]:
    """A site of another origin on this machine: Chromium itself blocks requests from a site of the internet."""
    (tmp_path / "index.html").write_text("<h1>win a prize</h1>")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, console: str) -> Iterator[Page]:
    """A new page. At its end: no script of the data ran, nothing came from elsewhere, the browser reported nothing."""
    context = browser.new_context(timezone_id="Europe/Berlin", viewport={"width": 390, "height": 800})
    page = context.new_page()
    reported: list[str] = []
    page.on("console", lambda message: reported.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: reported.append(str(error)))
    page.on("request", lambda request: reported.append(request.url) if foreign(request.url, console) else None)
    yield page
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "wider than a phone"
    assert reported == []
    context.close()


def foreign(url: str, console: str) -> bool:
    return not url.startswith((console, "data:", "blob:"))


def test_a_file_is_uploaded_and_replaced_only_after_a_question(
    page: Page, console: str, s3_client: S3Client, bucket: str, tmp_path: Path
) -> None:
    def content() -> bytes:
        return s3_client.get_object(Bucket=bucket, Key="shop/orders.csv")["Body"].read()

    file = tmp_path / "orders.csv"
    file.write_bytes(b"id\n1\n" * 2_000_000)  # more than a part of an upload
    page.goto(f"{console}/files?folder=shop")
    page.locator(".uploader input[type=file]").set_input_files(file)
    page.locator(".table").get_by_text("orders.csv").wait_for()
    assert content() == file.read_bytes()
    file.write_bytes(b"id\n2\n")
    page.locator(".uploader input[type=file]").set_input_files(file)
    page.get_by_role("alertdialog").get_by_text("orders.csv").wait_for()
    assert content() != file.read_bytes()
    page.get_by_role("button", name="Replace", exact=True).click()
    wait_until(lambda: content() == file.read_bytes(), 30, "the new content", 0.1)
    assert httpx.get(f"{console}/files/download?key=shop/orders.csv", timeout=60).content == file.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's memory figures of a process are Linux's")
def test_large_files_need_little_memory(process: Process, console: str) -> None:
    """One file of 64 MB, then 30 files of 7 MB at the same time, 210 MB together."""
    status, block = Path(f"/proc/{process.popen.pid}/status"), os.urandom(MEGABYTE)

    def megabytes(field: str) -> int:
        return int(status.read_text().split(f"{field}:")[1].split()[0]) // 1000

    def upload(name: str, size: int) -> None:
        address, length = f"{console}/files/upload?folder=large&name={name}", {"content-length": str(size * MEGABYTE)}
        content = itertools.repeat(block, size)
        answer = httpx.put(address, content=content, headers={"origin": console, **length}, timeout=60)
        assert answer.status_code == 200, answer.text

    upload("first.csv", 1)  # S3's client is made
    before = megabytes("VmRSS")
    (status.parent / "clear_refs").write_text("5")  # starts a new peak
    upload("one.csv", 64)
    with httpx.stream("GET", f"{console}/files/download?key=large/one.csv", timeout=60) as answer:
        assert sum(map(len, answer.iter_raw())) == 64 * MEGABYTE
    grown = megabytes("VmHWM") - before
    assert grown < 40, f"a file of 64 MB took {grown} MB of memory"
    with ThreadPoolExecutor(30) as users:
        list(users.map(lambda at: upload(f"{at}.csv", 7), range(30)))
    grown = megabytes("VmHWM") - before
    assert grown < 110, f"30 uploads at the same time took {grown} MB of memory"


def test_hostile_names_and_cells_are_text(page: Page, console: str, s3_client: S3Client, bucket: str) -> None:
    s3_client.put_object(Bucket=bucket, Key=f"hostile/{HOSTILE_NAME}", Body=HOSTILE.encode())
    page.goto(f"{console}/files?folder=hostile")
    page.get_by_role("link", name=HOSTILE_NAME).click()
    page.get_by_role("cell", name=SCRIPT).wait_for()
    assert page.get_by_role("cell", name="{{7*7}}").count() == 1
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("alertdialog").get_by_text(HOSTILE_NAME).wait_for()
    page.get_by_role("button", name="Cancel").click()
    assert s3_client.list_objects_v2(Bucket=bucket, Prefix="hostile/")["KeyCount"] == 1


def test_a_hostile_table_is_text_and_its_pages_are_usable(
    page: Page, console: str, bigquery: google_bigquery.Client, dataset: str
) -> None:
    """2,000 columns, a cell of 10 MB, a script, text from right to left and a description with HTML."""
    others = ", ".join(f"{at} as column_{at}" for at in range(1_997))
    script, arabic = json.dumps(SCRIPT), json.dumps(RIGHT_TO_LEFT)
    bigquery.query_and_wait(
        f"create table {dataset}.wide options (description = {script}) as "
        f"select {script} as script, {arabic} as arabic, repeat('x', 10485760) as large, {others}"
    )
    page.goto(f"{console}/tables/{dataset}/wide?tab=Rows")
    page.get_by_role("cell", name=SCRIPT).wait_for()
    assert page.get_by_role("cell", name=RIGHT_TO_LEFT).locator("[dir=auto]").evaluate(DIRECTION) == "rtl"
    assert page.locator("thead th").count() == 2_001
    page.get_by_role("button", name="Show all 10,485,760 characters").click()
    page.get_by_role("dialog").get_by_text("10,485,760 characters").wait_for()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("tab", name="Columns").click()
    page.get_by_text("of 2,000 columns").wait_for()
    assert page.locator(".description").inner_text() == SCRIPT
    page.goto(f"{console}/sql?q=select%20*%20from%20{dataset}.wide")
    page.locator(".cm-content").click()
    for _ in range(2):
        page.keyboard.press("ControlOrMeta+Enter")
    page.get_by_role("cell", name=SCRIPT).wait_for()
    queries = [job for job in bigquery.list_jobs() if job.job_id.startswith("console_") and "wide" in job.query]
    assert len(queries) == 1, "the second Ctrl+Enter came while the query was running"


def test_hostile_answers_of_airbyte_and_dagster_are_text(
    page: Page, console: str, local_platform: RunningPlatform
) -> None:
    """Names of connections, streams, columns, connectors and checks; log lines, failures, messages, failing rows."""
    pages = {
        "connections": 3,  # the connection, its source, its destination
        "connections/c1": 2,
        "connections/c1?tab=timeline": 1,
        "connections/c1?tab=schema": 2,
        "connections/c1?tab=state": 1,
        "connections/c1?tab=settings": 2,
        "connections/c1/jobs/1": 2,  # the cause and a line
        "connections/new": 1,
        "connections/new?connector=x1": 2,
        "": 3,  # a box of the pipeline, a run, the reason why a service is down
        "lineage": 1,
        "quality": 1,
    }
    with hostile_services.served(hostile_services.dagster(SCRIPT), local_platform.settings.ports["dagster"]):
        for path, least in pages.items():
            page.goto(f"{console}/{path}")
            expect(page.locator("main").get_by_text(SCRIPT).nth(least - 1), path).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"/{path} is too wide"
        page.get_by_role("button", name=SCRIPT).first.click()  # opens the check
        expect(page.get_by_role("cell", name=SCRIPT).first).to_be_visible()


def test_a_hostile_address_is_text(page: Page, console: str) -> None:
    page.goto(f"{console}/files?folder={SCRIPT}&file={SCRIPT}")
    page.get_by_text("This file does not exist").wait_for()


def test_a_service_that_is_away_leaves_the_others_usable(page: Page, console: str) -> None:
    page.goto(console)
    page.get_by_text("make logs s=webserver").first.wait_for()
    page.locator(".line", has_text="S3").get_by_text("healthy").wait_for()


def test_a_page_of_another_site_cannot_act(
    browser: Browser, console: str, evil_site: str, s3_client: S3Client, bucket: str, warehouse: Server
) -> None:
    context = browser.new_context()
    evil = context.new_page()
    evil.goto(evil_site)
    outcome = evil.evaluate(ATTACK, [console, warehouse.url])
    # "opaque": the request was sent, as the browser allows, and the server has refused it.
    assert outcome == {
        "upload": "failed",
        "simple upload": "opaque",
        "sql": "opaque",
        "page": "failed",
        "socket": "refused",
    }
    keys = [item["Key"] for item in s3_client.list_objects_v2(Bucket=bucket).get("Contents", [])]
    assert "stolen.csv" not in keys
    found = httpx.get(f"{warehouse.url}/bigquery/v2/projects/local-dev/datasets", timeout=60).text
    assert "stolen" not in found
    evil.set_content(f'<iframe src="{console}/"></iframe>')
    evil.wait_for_timeout(300)
    assert "Data platform" not in evil.frames[-1].content()
    context.close()
