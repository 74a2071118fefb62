"""The questions of the compatibility table, and its text."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from airbyte_lite.connectors.protocol import ConnectorError
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import CheckResult
from platform_kit.file_changes import only_one
from tools.connectors import __main__ as command
from tools.connectors import compatibility, standard
from tools.connectors.compatibility import BEGIN, END, Row
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.new import Places

CONNECTOR = Connector("source-x", "1", "X", "1.0", Path(), "source-x", Path())
FREE: dict[str, Any] = {"type": "object", "properties": {}}
ACCOUNT: dict[str, Any] = {"type": "object", "required": ["token"], "properties": {"token": {"type": "string"}}}
STREAM = {"name": "users", "json_schema": {"type": "object"}, "supported_sync_modes": ["full_refresh"]}
RECORD = b'{"type":"RECORD","record":{"stream":"users","data":{},"emitted_at":1}}\n'
ERROR = b'{"type":"TRACE","trace":{"type":"ERROR","error":{"message":"no such stream"}}}\n'


class Lines(list[bytes]):
    """What a connector writes in a read."""

    exit_code = 0

    def stop(self) -> None:
        """Nothing to end."""


class Runner:
    """Answers as a connector that is right; a test changes one answer."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        self.status = CheckResult("token" not in schema["properties"], "The token is wrong: HTTP 401.")
        self.streams = [STREAM]
        self.lines = {"users": [RECORD, b"text\n"], "stream_that_does_not_exist": [ERROR]}

    def spec(self, _connector: Connector) -> dict[str, Any]:
        return {"connectionSpecification": self.schema}

    def check(self, _connector: Connector, _configuration: dict[str, Any]) -> CheckResult:
        return self.status

    def discover(self, _connector: Connector, _configuration: dict[str, Any]) -> list[dict[str, Any]]:
        if not self.status.succeeded:
            raise ConnectorError("The token is wrong: HTTP 401.")
        return self.streams

    @contextmanager
    def read(self, _c: Connector, _configuration: dict[str, Any], catalog: dict[str, Any], _s: Any) -> Iterator[Lines]:
        yield Lines(self.lines[catalog["streams"][0]["stream"]["name"]])


def ask(runner: Runner) -> standard.Answers:
    return standard.ask(runner, CONNECTOR)  # type: ignore[arg-type]


def test_a_connector_that_is_right_passes() -> None:
    assert ask(Runner(FREE)).results == {
        "spec": "passed",
        "check": "passed",
        "discover": "1 streams",
        "read": "1 records",
        "unknown stream": "passed",
    }
    answers = ask(Runner(ACCOUNT))
    assert answers.results["check"] == answers.results["discover"] == standard.REFUSED
    assert answers.results["read"] == standard.NOT_ASKED


def test_a_connector_with_an_optional_secret_needs_an_account() -> None:
    runner = Runner({"type": "object", "properties": {"token": {"type": "string", "airbyte_secret": True}}})
    answers = ask(runner)
    assert (answers.results["check"], answers.results["read"]) == (standard.REFUSED, standard.NOT_ASKED)
    runner.status = CheckResult(True, "")
    with_account = standard.ask(runner, CONNECTOR, {"token": "t"})  # type: ignore[arg-type]
    assert with_account.results["read"] == "1 records"


def test_reasons_do_not_have_the_secrets_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner({"type": "object", "properties": {"key": {"type": "string", "airbyte_secret": True}}})
    configuration = {"key": "hunter2-\n-of-mine"}

    def failing(*_given: Any) -> Any:
        raise ConnectorError(f"login with {configuration['key']} failed")

    monkeypatch.setattr(runner, "discover", failing)
    asked = standard.ask(runner, CONNECTOR, configuration)  # type: ignore[arg-type]
    assert "login with" in asked.reasons["discover"]
    assert "hunter2" not in asked.reasons["discover"]
    monkeypatch.setattr(runner, "spec", failing)  # then it is not known which values are secret
    asked = standard.ask(runner, CONNECTOR, configuration)  # type: ignore[arg-type]
    assert "hunter2" not in str(asked.reasons["discover"])


def test_a_large_source_is_read_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard, "MOST_LINES", 3)
    monkeypatch.setattr(Lines, "stop", lambda lines: setattr(lines, "exit_code", -15))
    runner = Runner(FREE)
    runner.lines["users"] = [RECORD] * 9
    answers = ask(runner)
    assert answers.reasons == {}
    assert answers.results["read"].startswith("3 records")


def test_the_table_is_not_made_twice_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setenv("names", "source-x")
    monkeypatch.setattr(compatibility, "run", lambda *_given: pytest.fail("another one runs"))
    with only_one(Places(tmp_path).table_journal, "make connector-table"):
        assert command.main("table") == 1
    assert "make connector-table" in capsys.readouterr().err


def change(runner: Runner, question: str) -> None:
    """Make one answer wrong."""
    if question == "spec":
        runner.schema = FREE | {"type": "nothing"}
    elif question == "check":
        runner.status = CheckResult(False, "no")
    elif question == "discover":
        runner.streams = [STREAM, STREAM]
    elif question == "read":
        runner.lines["users"] = [RECORD.replace(b"users", b"others")]
    else:
        runner.lines["stream_that_does_not_exist"] = []


@pytest.mark.parametrize("question", standard.QUESTIONS)
def test_a_wrong_answer_fails_with_its_reason(question: str) -> None:
    runner = Runner(FREE)
    change(runner, question)
    answers = ask(runner)
    assert answers.results[question] == "failed"
    assert answers.reasons[question]


def test_an_invented_configuration_that_is_accepted_is_a_failure() -> None:
    runner = Runner(ACCOUNT)
    runner.status = CheckResult(True, "")
    assert ask(runner).results["check"] == "failed"


def test_a_row_is_replaced_and_the_others_stay() -> None:
    page = f"head\n{BEGIN}\n{END}\ntail\n"
    page = compatibility.with_row(page, Row("source-b", {"version": "1"}, {"read": "no <x> | y"}))
    page = compatibility.with_row(page, Row("source-a", {"version": "2"}))
    assert page.index("| source-a |") < page.index("| source-b |")
    assert "- source-b, read: no  x    y" in page
    page = compatibility.with_row(page, Row("source-b", {"version": "3"}))
    assert page.count("| source-b |") == 1
    assert "- source-b" not in page
    assert page.startswith("head\n")
    assert page.endswith("tail\n")


@pytest.mark.parametrize(
    ("content", "names", "fact"),
    [("{", ["source-x"], "JSON"), ("[]", ["source-x"], "object"), ("{}", ["source-x", "source-y"], "one name")],
)
def test_a_configuration_is_a_json_object_for_one_connector(
    content: str, names: list[str], fact: str, tmp_path: Path
) -> None:
    file = tmp_path / "account.json"
    file.write_text(content)
    with pytest.raises(ConnectorCommandError, match=fact):
        command.configuration(str(file), names)
    file.write_text('{"token": "t"}')
    assert command.configuration(str(file), ["source-x"]) == {"token": "t"}
    assert command.configuration("", names) is None
