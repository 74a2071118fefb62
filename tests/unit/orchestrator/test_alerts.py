"""Alerts: each incident is reported once when it begins and once when it ends; no message is lost or repeated."""

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.storage.tags import WILL_RETRY_TAG
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.alerts import delivery, ended_runs, standing
from orchestrator.alerts.delivery import NotSentError, deliver, notification
from orchestrator.alerts.incidents import Book, Message, Observation, apply
from orchestrator.alerts.outbox import Outbox, target_name
from orchestrator.alerts.sensor import look
from orchestrator.settings import Settings

# Dagster's instance in memory has no sensors.
pytestmark = pytest.mark.usefixtures("no_sensors")

URL = "json://user:secret@example.com"


@pytest.fixture
def no_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dg.DagsterInstance, "all_instigator_state", lambda _: [])


def message(kind: Any = "failed", incident: str = "1") -> Message:
    return Message(kind=kind, incident=incident, at=2e9, subject="the run of all_assets", text="why")


def told(book: Book, *observations: Observation) -> tuple[Book, list[tuple[str, str]]]:
    after, messages = apply(book, observations, 0.0)
    return after, [(each.kind, each.incident) for each in messages]


def bad(*names: str) -> Observation:
    return Observation(subject="s", text="t", wrong=list(names))


def good(*names: str) -> Observation:
    return Observation(subject="s", right=list(names))


def test_an_incident_is_told_once_and_recovers_once() -> None:
    book, messages = told(Book(), bad("a", "b"), bad("a", "c"), bad("b"))
    assert messages == [("failed", "1")]
    assert book.incidents["1"].open == ["a", "b", "c"]
    book, messages = told(book, good("a"), good("b", "x"))
    assert messages == []
    book, messages = told(book, good("c"), good("c"), good("a"))
    assert messages == [("recovered", "1")]
    assert told(book, bad("a"))[1] == [("failed", "2")]


def test_separate_causes_are_separate_incidents() -> None:
    book, messages = told(Book(), bad("a"), bad("b"))
    assert messages == [("failed", "1"), ("failed", "2")]
    assert told(book, good("b"))[1] == [("recovered", "2")]


def test_another_cause_with_the_same_consequence_is_told() -> None:
    def run(cause: str) -> Observation:
        return Observation(subject="s", wrong=[cause, "asset fct_orders"], causes=[cause])

    book, messages = told(Book(), run("check stg_orders key"), run("check stg_orders key"), run("asset payments"))
    assert messages == [("failed", "1"), ("failed", "2")]
    assert told(book, good("asset payments"))[1] == [("recovered", "2")]
    assert told(book, good("check stg_orders key", "asset fct_orders"))[1] == [("recovered", "1")]


NAMES = st.lists(st.sampled_from("abcd"), max_size=3)


@given(st.lists(st.tuples(NAMES, NAMES), max_size=30))
def test_every_incident_is_open_or_has_recovered_once(steps: list[tuple[list[str], list[str]]]) -> None:
    book, messages, wrong_now = Book(), [], set[str]()
    for wrong, right in steps:
        book, new = told(book, Observation(subject="s", wrong=wrong, right=right))
        messages += new
        wrong_now = (wrong_now - set(right)) | set(wrong)
        opened = [name for incident in book.incidents.values() for name in incident.open]
        assert sorted(opened) == sorted(wrong_now)  # each symptom is in one incident
    failed = {incident for kind, incident in messages if kind == "failed"}
    recovered = [incident for kind, incident in messages if kind == "recovered"]
    assert len(messages) == len(set(messages))
    assert set(recovered) == failed - book.incidents.keys()


class Service:
    """A fake notification service. It keeps what it gets, and takes nothing while `away` is true."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []
        self.away = False

    def send(self, _url: str, title: str, body: str, _failed: bool) -> None:
        if self.away:
            raise NotSentError("no connection")
        self.got.append((title, body))


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "alerts.jsonl").read_text().splitlines()]


def test_a_message_that_was_not_sent_is_sent_after_a_restart(tmp_path: Path) -> None:
    service, targets = Service(), [delivery.FILE, target_name(URL)]
    Outbox(tmp_path).write(Book(number=1), [message()], targets)
    service.away = True
    assert deliver(Outbox(tmp_path), tmp_path, [URL], 100.0, service.send) == ["no connection"]
    service.away = False
    assert deliver(Outbox(tmp_path), tmp_path, [URL], 110.0, service.send) == []  # the pause
    assert service.got == []
    for now in (120.0, 200.0):
        assert deliver(Outbox(tmp_path), tmp_path, [URL], now, service.send) == []
    assert len(service.got) == 1
    assert [line["incident"] for line in lines(tmp_path)] == ["1"]
    assert Outbox(tmp_path).book() == Book(number=1)


def test_a_service_that_is_away_does_not_keep_the_others_from_their_messages(tmp_path: Path) -> None:
    other, got = "json://other", list[str]()
    Outbox(tmp_path).write(Book(), [message()], [delivery.FILE, target_name(URL), target_name(other)])

    def send(url: str, _title: str, _body: str, _failed: bool) -> None:
        if url == URL:
            raise NotSentError("no connection")
        got.append(url)

    for now in (100.0, 200.0):
        deliver(Outbox(tmp_path), tmp_path, [URL, other], now, send)
    assert got == [other]


def test_what_a_wrong_address_did_not_get_goes_to_the_corrected_one(tmp_path: Path) -> None:
    service, other, corrected = Service(), "json://other", "json://user:another@example.com"
    outbox = Outbox(tmp_path)
    outbox.write(Book(), [message()], [delivery.FILE, target_name(URL), target_name(other)])
    service.away = True
    deliver(outbox, tmp_path, [URL], 100.0, service.send)
    service.away = False
    deliver(outbox, tmp_path, [other], 101.0, service.send)
    assert len(service.got) == 1
    deliver(outbox, tmp_path, [other, corrected], 102.0, service.send)
    assert len(service.got) == 1, "URL's message was given to the only address then, which has it"
    outbox.write(Book(), [message()], [target_name(URL), target_name(other)])
    deliver(outbox, tmp_path, [corrected, other], 900.0, service.send)
    assert len(service.got) == 3


def test_a_service_that_takes_nothing_is_told_to_the_others_until_it_does(tmp_path: Path) -> None:
    service, target = Service(), target_name(URL)
    service.away = True
    outbox = Outbox(tmp_path)
    outbox.write(Book(), [message()], [target])
    for now in (100.0, 200.0, 300.0):
        assert not [each for each in standing.services(outbox, [target], Book()) if each.wrong]
        deliver(outbox, tmp_path, [URL], now, service.send)
    book, messages = told(Book(), *standing.services(outbox, [target], Book()))
    assert messages == [("failed", "1")]
    service.away = False
    deliver(outbox, tmp_path, [URL], 999.0, service.send)
    assert told(book, *standing.services(outbox, [target], book))[1] == [("recovered", "1")]


@pytest.mark.parametrize("url", ["hooks.slack.com/services/T0/SECRET", "SECRET", "x:SECRET"])
def test_an_address_that_is_not_known_is_not_shown(url: str) -> None:
    with pytest.raises(NotSentError) as error:
        delivery.send_by_apprise(url, "t", "b", True)
    assert "SECRET" not in str(error.value)


def test_each_part_of_an_address_is_secret() -> None:
    parts = delivery.secrets("mailtos://ada:p%40ssword@example.com?to=data@example.com&pass=another")
    assert {"ada", "p%40ssword", "p@ssword", "another"} <= set(parts)


def test_a_crash_between_file_and_mark_writes_no_line_twice(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.write(Book(), [message()], [delivery.FILE])
    delivery.write_lines(tmp_path / "alerts.jsonl", outbox.unsent(delivery.FILE, 0))
    with (tmp_path / "alerts.jsonl").open("a") as file:
        file.write('{"number": 2, "cut o')
    outbox.write(Book(), [message("recovered")], [delivery.FILE])
    deliver(outbox, tmp_path, [], 100.0, Service().send)
    kinds = [
        json.loads(line)["kind"] for line in (tmp_path / "alerts.jsonl").read_text().splitlines() if line.endswith("}")
    ]
    assert kinds == ["failed", "recovered"]


def test_many_incidents_are_few_notifications(tmp_path: Path) -> None:
    service, outbox, targets = Service(), Outbox(tmp_path), [target_name(URL)]
    outbox.write(Book(), [message(incident=str(number)) for number in range(60)], targets)
    deliver(outbox, tmp_path, [URL], 0.0, service.send)
    assert [title for title, _ in service.got] == ["Data platform: 60 failed"]
    for number in range(30):
        outbox.write(Book(), [message(incident=f"more {number}")], targets)
        deliver(outbox, tmp_path, [URL], 15.0 * (number + 1), service.send)
    assert len(service.got) == delivery.BURST
    deliver(outbox, tmp_path, [URL], 700.0, service.send)
    assert len(service.got) == delivery.BURST + 1
    assert outbox.unsent(targets[0], 700.0) == []


def test_a_large_file_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FILE_BYTES", 10)
    for number in (1, 2):
        delivery.write_lines(tmp_path / "alerts.jsonl", [(number, message())])
    assert (tmp_path / "alerts.1.jsonl").exists()
    assert [line["number"] for line in lines(tmp_path)] == [2]


def test_one_message_is_its_own_title() -> None:
    assert notification([message()])[0] == "failed: the run of all_assets"
    assert notification([message(), message("recovered")])[0] == "Data platform: 1 failed, 1 recovered"


FAULTS: list[str] = []


@dg.asset(check_specs=[dg.AssetCheckSpec("is_right", asset="orders", blocking=True)])
def orders() -> Any:
    if "away" in FAULTS:
        raise dg.Failure("the warehouse is away")
    yield dg.Output(None)
    yield dg.AssetCheckResult(passed="wrong" not in FAULTS, description="line 3: a letter in a number")


@dg.asset(deps=[orders])
def mart() -> None: ...


@dg.sensor(name="changed_files")
def changed_files() -> dg.SkipReason:
    return dg.SkipReason("nothing")


def test_runs_of_dagster_become_messages(tmp_path: Path) -> None:
    job = dg.define_asset_job("all_assets", dg.AssetSelection.all())
    repository = dg.Definitions([orders, mart], jobs=[job], sensors=[changed_files]).get_repository_def()
    settings = Settings.read({"ALERTS_DIR": str(tmp_path), "ALERT_URLS": URL, "DAGSTER_LINK": "http://here:3000/"})
    service = Service()

    with dg.DagsterInstance.ephemeral() as instance:

        def after(*faults: str) -> list[tuple[str, str]]:
            """The notifications after a run with these faults, looked for twice."""
            FAULTS[:] = faults
            repository.get_job("all_assets").execute_in_process(instance=instance, raise_on_error=False)
            service.got.clear()
            for _ in range(2):
                look(instance, repository, settings, 2e9, service.send)
            return list(service.got)

        assert after("away") == []  # what happened before the first look
        [(title, body)] = after("wrong")
        assert title == "failed: the run of all_assets"
        assert "The check is_right of orders failed: line 3: a letter in a number" in body
        assert "Not built: mart" in body
        assert "http://here:3000/runs/" in body
        assert after("wrong") == []  # the same incident
        [(title, body)] = after("away")
        assert "The step orders failed: " in body, "another cause, although mart is known to be missing"
        assert after("away") == []
        [(title, body)] = after()
        assert title == "Data platform: 2 recovered"
        assert after() == []
        [(title, body)] = after("away")
        assert "The step orders failed: " in body
        assert "the warehouse is away" in body
    assert [line["kind"] for line in lines(tmp_path)] == ["failed", "failed", "recovered", "recovered", "failed"]
    assert "secret" not in (tmp_path / "alerts.jsonl").read_text()


@pytest.mark.parametrize("fault", ["wrong", ""])
def test_a_run_that_is_repeated_has_shown_its_checks_and_assets(fault: str) -> None:
    """The retry of the run repeats neither the checks nor the assets, and reports what is missing."""
    FAULTS[:] = [fault]
    repository = dg.Definitions(
        [orders, mart], jobs=[dg.define_asset_job("all_assets", dg.AssetSelection.assets(orders))]
    ).get_repository_def()
    with dg.DagsterInstance.ephemeral() as instance:
        tags = {WILL_RETRY_TAG: "true"}
        job = repository.get_job("all_assets")
        run_id = job.execute_in_process(instance=instance, raise_on_error=False, tags=tags).run_id
        seen = ended_runs.observe(instance, run_id, "")
    assert seen is not None
    assert seen.wrong == (["check orders is_right"] if fault else [])
    assert "asset orders" in seen.right
    assert ("line 3" in seen.text) == bool(fault)


def test_what_no_longer_exists_recovers() -> None:
    repository = dg.Definitions([orders], sensors=[changed_files]).get_repository_def()
    book, _ = told(Book(), bad("asset orders", "check orders is_right", "sensor changed_files", "job any"))
    assert standing.undeclared(book, repository).right == []
    book, _ = told(Book(), bad("asset old", "check orders old", "freshness old", "sensor old", "schedule old"))
    assert len(standing.undeclared(book, repository).right) == 5


def test_a_folder_that_cannot_be_written_fails_the_sensor(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings.read({"ALERTS_DIR": str(tmp_path / "file")})
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(dg.Failure, match="ALERTS_DIR"):
        look(instance, dg.Definitions().get_repository_def(), settings, 0.0)


def test_what_cannot_be_sent_fails_the_sensor_after_it_was_written(tmp_path: Path) -> None:
    service = Service()
    service.away = True
    settings = Settings.read({"ALERTS_DIR": str(tmp_path), "ALERT_URLS": URL})
    Outbox(tmp_path).write(Book(cursor=0), [message()], [delivery.FILE, target_name(URL)])
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(dg.Failure, match="no connection"):
        look(instance, dg.Definitions().get_repository_def(), settings, 0.0, service.send)
    assert len(lines(tmp_path)) == 1


def test_a_short_reason_is_whole_and_a_long_one_is_cut() -> None:
    assert ended_runs.short(" a ") == "a"
    assert len(ended_runs.short("a" * 5000)) == ended_runs.REASON + 1


def ticks(kind: str, *statuses: str) -> list[Observation]:
    """What the alerts observe of a sensor or schedule with these ticks, the newest first."""
    name = "changed_files" if kind == "SENSOR" else "daily"
    state = SimpleNamespace(
        instigator_name=name,
        is_running=True,
        instigator_type=SimpleNamespace(value=kind),
        sensor_instigator_data=SimpleNamespace(min_interval=4),
        instigator_origin_id="o",
        selector_id="s",
    )
    failures = next((number for number, status in enumerate(statuses) if status != "FAILURE"), len(statuses))
    found = [
        SimpleNamespace(
            status=TickStatus(status), consecutive_failure_count=failures, error=SimpleNamespace(message="S3 is away")
        )
        for status in statuses
    ]
    instance = SimpleNamespace(all_instigator_state=lambda: [state], get_ticks=lambda *_, limit: found[:limit])
    job = dg.define_asset_job("all_assets", dg.AssetSelection.all())
    schedule = dg.ScheduleDefinition(name="daily", job=job, cron_schedule="0 6 * * *")
    definitions = dg.Definitions([orders], jobs=[job], sensors=[changed_files], schedules=[schedule])
    return standing.failing(instance, definitions.get_repository_def())  # type: ignore[arg-type]


def test_a_sensor_that_fails_for_a_minute_and_a_schedule_that_fails_are_wrong() -> None:
    assert [each.wrong for each in ticks("SENSOR", *["FAILURE"] * 11)] == []
    [observation] = ticks("SENSOR", *["FAILURE"] * 12)
    assert (observation.wrong, observation.text) == (["sensor changed_files"], "S3 is away")
    assert [each.right for each in ticks("SENSOR", "STARTED", "SKIPPED", "FAILURE")] == [["sensor changed_files"]]
    assert [each.wrong for each in ticks("SCHEDULE", "FAILURE")] == [["schedule daily"]]


def test_only_the_first_late_asset_of_a_chain_is_told() -> None:
    policy = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=1))

    @dg.asset(freshness_policy=policy)
    def first() -> None: ...

    @dg.asset(freshness_policy=policy, deps=[first])
    def second() -> None: ...

    def observed(first: FreshnessState, second: FreshnessState) -> list[tuple[list[str], list[str]]]:
        states = {dg.AssetKey("first"): first, dg.AssetKey("second"): second}
        records = {key: SimpleNamespace(freshness_state=state) for key, state in states.items()}
        instance = SimpleNamespace(get_freshness_state_records=lambda _: records)
        return [(each.wrong, each.right) for each in standing.late(instance, repository)]  # type: ignore[arg-type]

    repository = dg.Definitions([first, second]).get_repository_def()
    assert observed(FreshnessState.FAIL, FreshnessState.FAIL) == [(["freshness first"], [])]
    assert observed(FreshnessState.PASS, FreshnessState.FAIL) == [([], ["freshness first"]), (["freshness second"], [])]
    assert observed(FreshnessState.UNKNOWN, FreshnessState.WARN) == []


def test_a_deleted_database_does_not_restart_the_numbers(tmp_path: Path) -> None:
    targets = [delivery.FILE]
    outbox = Outbox(tmp_path)
    outbox.write(Book(number=2), [message(incident="1"), message(incident="2")], targets)
    outbox.write(Book(number=2), [message("recovered", "1")], targets)
    deliver(outbox, tmp_path, [], 100.0, Service().send)
    (tmp_path / "alerts.sqlite").unlink()
    outbox = Outbox(tmp_path)
    book, [new] = apply(outbox.book(), [bad("a")], 2e9)
    assert book.cursor is None  # the next look begins at the end of Dagster's events
    outbox.write(book, [new], targets)
    deliver(outbox, tmp_path, [], 200.0, Service().send)
    assert [(line["number"], line["incident"]) for line in lines(tmp_path)] == [(1, "1"), (2, "2"), (3, "1"), (4, "3")]
