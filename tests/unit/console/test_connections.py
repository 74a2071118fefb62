"""Connections in the console: states, the list, one connection, its actions, through Airbyte's two APIs only."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.clients.airbyte import Airbyte
from console.clients.calls import ServiceError
from console.clients.dagster import Dagster
from console.logic import pipeline
from console.logic.airbyte import actions, connection, declared, listing, tables
from console.logic.airbyte.declared import Declared
from console.logic.airbyte.jobs import Job
from console.logic.airbyte.listing import SHOWN, Known, Summary
from console.logic.airbyte.states import ORDER, State, state_of, stream_state
from console.logic.pipeline import Part
from console.settings import Settings

from .airbyte_answers import CONFIGURATION, PUBLIC, Json, Server, detail_answers, job
from .airbyte_answers import connection as a_connection

ENDED = Job(1, "c1", "sync", "succeeded", None)


def test_the_states_are_airbytes_in_its_order() -> None:
    assert [*ORDER] == ["running", "queued", "failed", "paused", "pending", "incomplete", "synced"]


@pytest.mark.parametrize(
    ("status", "newest", "breaking", "state"),
    [
        ("active", replace(ENDED, status="running"), False, State.RUNNING),
        ("inactive", replace(ENDED, status="running"), False, State.RUNNING),
        ("active", replace(ENDED, status="pending"), False, State.QUEUED),
        ("active", replace(ENDED, status="queued"), False, State.QUEUED),
        ("inactive", ENDED, False, State.PAUSED),
        ("active", None, False, State.PENDING),
        ("active", replace(ENDED, kind="clear"), False, State.PENDING),
        ("active", ENDED, True, State.FAILED),
        ("active", replace(ENDED, status="failed"), False, State.FAILED),
        ("active", replace(ENDED, status="incomplete"), False, State.QUEUED),
        ("active", replace(ENDED, status="cancelled"), False, State.INCOMPLETE),
        ("active", ENDED, False, State.SYNCED),
    ],
)
def test_the_state_of_a_connection(status: str, newest: Job | None, breaking: bool, state: State) -> None:
    assert state_of(status, newest, breaking=breaking) is state


def test_the_state_of_a_stream_that_was_cleared_alone() -> None:
    assert stream_state(State.PENDING, has_table=True) is State.SYNCED
    assert stream_state(State.SYNCED, has_table=False) is State.PENDING
    assert stream_state(State.FAILED, has_table=False) is State.FAILED


def paged(items: list[Json]) -> "dict[str, list[Json]] | object":
    def answer(query: Json) -> Json:
        first = int(query.get("offset", 0))
        return {"data": items[first : first + int(query["limit"])]}

    return answer


def test_the_list_has_every_connection_in_the_order_of_urgency() -> None:
    connections = [a_connection(number) for number in range(1, 251)] + [a_connection(999, status="deprecated")]
    newest = [job(5, "c3", "running"), job(4, "c2", "failed"), job(3, "c2"), job(2, "c1")]
    quiet = {"c250": job(1, "c250", "cancelled")}

    def found_jobs(query: Json) -> Json:
        one = query.get("connectionId")
        return {
            "data": ([quiet[one]] if one in quiet else []) if one else [*newest, *newest[:0], *([job(9, "x")] * 96)]
        }

    server = Server(
        {
            f"GET {PUBLIC}/connections": paged(connections),  # type: ignore[dict-item]
            f"GET {PUBLIC}/sources": {"data": [{"sourceId": "s1", "name": "shop"}]},
            f"GET {PUBLIC}/destinations": {"data": [{"destinationId": "d1", "name": "warehouse"}]},
            f"GET {PUBLIC}/jobs": found_jobs,
        }
    )
    found = server.ask(lambda airbyte: listing.connections(airbyte, "w1"))
    assert len(found) == 250
    assert [(one.id, one.state) for one in found[:2]] == [("c3", "running"), ("c2", "failed")]
    assert [(one.id, one.state) for one in found[-2:]] == [("c250", "incomplete"), ("c1", "synced")]
    assert (found[0].source, found[0].destination, found[0].streams) == ("shop", "warehouse", 1)
    assert all(given["workspaceIds"] == "w1" for name, given in server.requests if name.endswith("/connections"))
    shown, page, pages = listing.page_of(found, 99)
    assert (len(shown), page, pages) == (SHOWN, 5, 5)
    assert [one.id for one in listing.matching(found, "SHOP connection 25", ["incomplete"])] == ["c250"]
    assert listing.matching(found, "nothing", []) == []


def test_a_page_of_no_connection() -> None:
    assert listing.page_of(list[Summary](), 1) == ([], 1, 1)


def test_one_connection() -> None:
    found = Server(detail_answers()).ask(lambda airbyte: connection.detail(airbyte, "c1"))
    assert (found.name, found.state, found.schedule) == ("orders", "failed", "by Dagster")
    [stream] = found.streams
    assert (stream.sync_mode, stream.primary_key, stream.cursor) == ("incremental_deduped_history", [["id"]], ["at"])
    assert [(one.name, one.type, one.in_key, one.is_cursor, one.loaded) for one in stream.columns] == [
        ("id", "integer", True, False, True),
        ("at", "string (date-time)", False, True, True),
        ("tags", "array of string", False, False, False),
    ]
    assert found.table(stream) == "p.d.raw_orders"
    failed, ended = found.jobs
    assert (failed.failure, failed.origin, failed.seconds, failed.rows) == ("no such bucket", "the source", 62.5, 99)
    assert ended.failure == "", "a job that succeeded at its second attempt has not failed"


def test_no_secret_is_shown_even_if_airbyte_does_not_mask_it() -> None:
    found = Server(detail_answers()).ask(lambda airbyte: connection.detail(airbyte, "c1"))
    mask = "**********"
    assert found.source.configuration == {"token_url": "https://a", "key": mask, "other_password": mask, "n": [1]}
    assert found.destination.configuration["credentials_json"] == mask, "without a specification, by the name"
    answers = detail_answers()
    del answers[f"POST {CONFIGURATION}/source_definition_specifications/get"]
    found = Server(answers).ask(lambda airbyte: connection.detail(airbyte, "c1"))
    assert found.source.configuration["other_password"] == mask


def test_a_missing_connection_is_told() -> None:
    with pytest.raises(ServiceError, match="404"):
        Server({}).ask(lambda airbyte: connection.detail(airbyte, "c1"))


def test_actions_say_what_happens_and_wait_for_the_running_job() -> None:
    found = Server(detail_answers()).ask(lambda airbyte: connection.detail(airbyte, "c1"))
    assert actions.sync(found).refusal == ""
    assert "p.d.raw_orders" in actions.sync(found).question
    assert "p.d.raw_orders" in actions.clear(found, found.streams[0]).question
    assert actions.clear(found).danger
    assert actions.cancel(found).refusal
    busy = replace(found, jobs=[replace(found.jobs[0], status="running"), *found.jobs])
    assert "2" in actions.sync(busy).refusal
    assert "2" in actions.clear(busy).refusal
    assert actions.cancel(busy).refusal == ""
    assert "2" in actions.cancel(busy).question
    paused = replace(found, status="inactive", reason="A column of the key is gone.")
    assert "A column of the key is gone." in actions.sync(paused).refusal
    assert "make apply" in actions.sync(paused).refusal


def test_the_requests_of_the_actions() -> None:
    answers = detail_answers()
    answers |= {
        f"POST {PUBLIC}/jobs": job(3, status="running"),
        f"DELETE {PUBLIC}/jobs/3": job(3, status="cancelled"),
        f"POST {CONFIGURATION}/connections/clear/stream": {"job": {"id": 4}},
        f"POST {CONFIGURATION}/sources/check_connection": {"status": "failed", "message": "no such bucket"},
        f"POST {CONFIGURATION}/destinations/check_connection": {"status": "succeeded"},
    }
    server = Server(answers)
    found = server.ask(lambda airbyte: connection.detail(airbyte, "c1"))
    server.requests.clear()
    started = server.ask(lambda airbyte: actions.start_sync(airbyte, found))
    assert server.ask(lambda airbyte: actions.cancel_job(airbyte, started)).status == "cancelled"
    server.ask(lambda airbyte: actions.start_clear(airbyte, found))
    assert server.ask(lambda airbyte: actions.start_clear(airbyte, found, found.streams[0])) == 4
    assert server.ask(lambda airbyte: actions.check_ends(airbyte, found)) == [
        ("shop", "no such bucket"),
        ("warehouse", ""),
    ]
    assert [given for _, given in server.requests] == [
        {"connectionId": "c1", "jobType": "sync"},
        {},
        {"connectionId": "c1", "jobType": "reset"},
        {"connectionId": "c1", "streams": [{"streamName": "orders"}]},
        {"sourceId": "s1"},
        {"destinationId": "d1"},
    ]


@pytest.mark.parametrize(("billed", "cost"), [(None, ""), (0, "$0"), (2**40, "$6.2500"), (10 * 2**20, "$0.0001")])
def test_the_cost_of_a_job(billed: int | None, cost: str) -> None:
    assert replace(ENDED, billed=billed).cost == cost


FILE = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: W}
destinations:
  - {name: warehouse, connector: destination-bigquery, configuration: {project_id: p, dataset_id: d}}
connections:
  - name: orders
    source: {connector: source-shop-api, configuration: {}}
    destination: warehouse
    streams:
      - {name: orders, sync_mode: full_refresh_overwrite, dbt_source: shop.orders, primary_key: [[id]]}
"""


def in_file(folder: Path, text: str = FILE) -> Declared:
    path = folder / "connections.yaml"
    path.write_text(text)
    return declared.read(path)


def test_what_the_file_declares(tmp_path: Path) -> None:
    found = in_file(tmp_path)
    assert found.words("connection", "orders") == "declared in connections.yaml:5"
    assert found.words("source", "orders") == "declared in connections.yaml:6"
    assert found.words("destination", "warehouse") == "declared in connections.yaml:3"
    assert found.words("connection", "by hand") == "not in the file"
    assert found.table("orders", "orders") == "p.d.orders"
    assert found.table("orders", "others") == ""


def test_a_mistake_in_the_file_is_told_and_hides_nothing(tmp_path: Path) -> None:
    found = in_file(tmp_path, FILE.replace("full_refresh_overwrite", "sometimes"))
    assert "connections.yaml:9" in found.mistake
    assert found.words("connection", "orders") != "not in the file"
    assert declared.read(tmp_path / "missing.yaml").mistake


@pytest.mark.parametrize("answers", [True, False])
def test_the_freshness_of_the_tables_is_dagsters_and_nothing_waits_for_it(
    answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def parts(_dagster: object) -> list[Part]:
        if not answers:
            await asyncio.sleep(60)
        known: dict[str, Any] = {
            "group": "landing",
            "upstream": (),
            "is_file": False,
            "loaded": datetime(2026, 1, 1, tzinfo=UTC),
        }
        return [Part(("shop", "late"), is_late=True, **known), Part(("shop", "orders"), **known)]

    monkeypatch.setattr(pipeline, "parts", parts)
    monkeypatch.setattr(tables, "FRESHNESS_SECONDS", 0.01)
    found = asyncio.run(tables.freshness(Dagster(Settings())))
    assert found == ({("shop", "late"): "late", ("shop", "orders"): "fresh"} if answers else {})


def test_a_connection_without_a_new_job_is_asked_for_once() -> None:
    newest = [job(1000 - at, "c1") for at in range(300)]

    def found_jobs(query: Json) -> Json:
        if one := query.get("connectionId"):
            return {"data": [job(int(one[1:]), one, "running" if one == "c3" else "succeeded")] if one != "c2" else []}
        return {"data": newest[int(query["offset"]) :][:100]}

    server = Server(
        {
            f"GET {PUBLIC}/connections": {"data": [a_connection(number) for number in range(1, 5)]},
            f"GET {PUBLIC}/sources": {"data": []},
            f"GET {PUBLIC}/destinations": {"data": []},
            f"GET {PUBLIC}/jobs": found_jobs,
        }
    )
    known = Known()

    def looked() -> tuple[list[str], dict[str, int | None]]:
        server.requests.clear()
        found = server.ask(lambda airbyte: listing.connections(airbyte, None, known))
        asked = sorted(given["connectionId"] for _, given in server.requests if "connectionId" in given)
        return asked, {one.id: one.job.id if one.job else None for one in found}

    jobs_of = {"c1": 1000, "c2": None, "c3": 3, "c4": 4}
    assert looked() == (["c2", "c3", "c4"], jobs_of)
    assert looked() == (["c3"], jobs_of)  # its job is running
    newest.insert(0, job(1001, "c4"))
    assert looked() == (["c3"], jobs_of | {"c4": 1001})
    newest[:] = [job(3000 - at, "c1") for at in range(300)]  # more than a look sees
    assert looked() == (["c2", "c3", "c4"], jobs_of | {"c1": 3000})


def test_an_answer_that_is_not_json_is_an_error_except_of_health() -> None:
    async def asked() -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, text="" if request.method == "DELETE" else "<html>Sign in</html>")

        airbyte = Airbyte(Settings(), httpx.MockTransport(answer))
        await airbyte.health()
        assert await airbyte.public("DELETE", "/sources/1") == {}
        with pytest.raises(ServiceError, match="not JSON"):
            await airbyte.get("/sources")
        await airbyte.close()

    asyncio.run(asked())
