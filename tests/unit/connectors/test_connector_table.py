"""The standard tests of connectors: their scenario, their report, and the text of the table."""

from pathlib import Path
from typing import Any

import pytest

from airbyte_lite.connectors.protocol import ConnectorError, OverdueError
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import CheckResult
from platform_kit import locks
from platform_kit.file_changes import only_one
from tools.connectors import __main__ as command
from tools.connectors import compatibility, run_command, standard
from tools.connectors.airbyte_registry import AirbyteRegistry
from tools.connectors.compatibility import BEGIN, END, Row
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.new import Places

FREE: dict[str, Any] = {"type": "object", "properties": {"count": {"type": "integer", "default": 5}}}
KEY = {"type": "string", "airbyte_secret": True}
ACCOUNT: dict[str, Any] = {"type": "object", "required": ["key"], "properties": {"key": KEY}}
OPTIONAL: dict[str, Any] = {"type": "object", "properties": {"key": KEY}}


def report(**results: str) -> str:
    """A report of pytest with each test passed, or with the given element."""
    names = list(standard.TESTS.values())
    cases = "".join(f'<testcase name="{name}[x]">{results.get(name, "")}</testcase>' for name in names)
    return f"<testsuites><testsuite>{cases}</testsuite></testsuites>"


FAILURE = '<failure message="wrong: hunter2-of-mine">line 1</failure>'


@pytest.mark.parametrize(
    ("schema", "configuration", "status", "used"),
    [
        (FREE, None, "succeed", {"count": 5}),
        (ACCOUNT, None, "failed", {"key": "x"}),
        (OPTIONAL, None, "failed", {}),  # the secret is not required, but nothing can be read without it
        (ACCOUNT, {"key": "real"}, "succeed", {"key": "real"}),
    ],
)
def test_without_an_account_only_the_refusal_of_invented_values_is_tested(
    schema: dict[str, Any], configuration: dict[str, Any] | None, status: str, used: dict[str, Any]
) -> None:
    chosen = standard.scenario(schema, configuration)
    assert (chosen.status, chosen.configuration) == (status, used)
    assert ("full_refresh" in chosen.sections) == (status == "succeed")


def test_the_results_are_those_of_the_report() -> None:
    skipped = '<skipped message="no"/>'
    answers = standard.read_report(report(test_check=FAILURE, test_basic_read=skipped), str)
    assert answers.results == dict.fromkeys(standard.TESTS, "passed") | {"check": "failed", "read": "needs an account"}
    assert answers.reasons == {"check": "wrong: hunter2-of-mine"}
    assert standard.read_report("<testsuites/>", str).results == dict.fromkeys(standard.TESTS, "failed")


def test_a_command_that_a_time_limit_ended_is_no_refusal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    ended = f'<failure message="Failed: {standard.OVERDUE}: GCS wrote nothing for 60 s">line 1</failure>'
    asked: list[standard.Scenario] = []

    def run(_places: Places, _name: str, chosen: standard.Scenario, _redact: object) -> str:
        asked.append(chosen)
        return report(test_check=ended)

    monkeypatch.setattr(standard, "run", run)
    answers = standard.ask(Places(Path()), "source-x", ACCOUNT, None)
    assert len(asked) == 1
    assert answers.results["check"] == "ended: time limit"
    assert answers.reasons["check"] == "GCS wrote nothing for 60 s"

    def overdue(*_given: object) -> list[bytes]:
        raise OverdueError("GCS wrote nothing for 60 s")

    monkeypatch.setattr(run_command, "messages", overdue)
    monkeypatch.setattr(run_command, "load_registry", lambda *_given: {"source-x": None})
    monkeypatch.setattr("sys.argv", ["run_command", str(tmp_path), "source-x", "check"])
    assert run_command.main() == run_command.OVERDUE
    assert b"60 s" in capsysbinary.readouterr().out.splitlines()[-1]


def test_a_check_may_raise_and_reasons_have_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = [report(test_check=FAILURE, test_spec=FAILURE), report()]
    asked: list[standard.Scenario] = []

    def run(_places: Places, _name: str, chosen: standard.Scenario, _redact: object) -> str:
        asked.append(chosen)
        return reports[len(asked) - 1]

    monkeypatch.setattr(standard, "run", run)
    answers = standard.ask(Places(Path()), "source-x", ACCOUNT, None)
    assert [one.status for one in asked] == ["failed", "exception"]
    assert answers.results["check"] == standard.RAISES
    assert list(answers.reasons) == ["spec"]
    asked.clear()
    with_account = standard.ask(Places(Path()), "source-x", ACCOUNT, {"key": "hunter2-of-mine"})
    assert len(asked) == 1  # with an account, the check has to succeed
    assert with_account.results["check"] == "failed"
    assert "hunter2" not in str(with_account.reasons)
    # A secret with line breaks, and one at the place where the text is cut.
    lines, cut = "-----BEGIN KEY-----\nMII\n", "hunter2-of-mine-and-of-others"
    reports[0] = report(test_check=f"<failure>{lines} {'x' * 250} {cut}</failure>")
    for secret in (lines, cut):
        asked.clear()
        reason = standard.ask(Places(Path()), "source-x", ACCOUNT, {"key": secret}).reasons["check"]
        assert "BEGIN KEY" not in reason or secret is cut
        assert "hunter2" not in reason or secret is lines


class Runner:
    """Answers as a connector."""

    def check(self, _connector: Connector, _configuration: dict[str, Any]) -> CheckResult:
        return CheckResult(False, "no such host")

    def discover(self, _connector: Connector, _configuration: dict[str, Any]) -> list[dict[str, Any]]:
        raise ConnectorError("no such host")


def test_what_airbyte_lite_makes_of_a_command_is_written_as_the_protocol_has_it() -> None:
    runner: Any = Runner()
    connector = Connector("source-x", "1", "X", "1.0", Path(), "source-x", Path())
    (line,) = run_command.messages(runner, connector, "check", {})
    assert line == (
        b'{"type": "CONNECTION_STATUS", "connectionStatus": {"status": "FAILED", "message": "no such host"}}\n'
    )
    with pytest.raises(ConnectorError):
        list(run_command.messages(runner, connector, "discover", {}))


def test_the_table_is_not_made_twice_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setenv("names", "source-x")
    monkeypatch.setattr(locks, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(compatibility, "run", lambda *_given: pytest.fail("another one runs"))
    with only_one(Places(tmp_path).table_journal, "make connector-table"):
        assert command.main("table") == 1
    assert "make connector-table" in capsys.readouterr().err


def test_a_row_is_replaced_and_the_others_stay() -> None:
    page = f"head\n{BEGIN}\n{END}\ntail\n"
    page = compatibility.with_row(
        page, Row("source-b", {"version": "1"}, {"read": "no <x> | y at /home/me/x/file.py, https://host/path/x"})
    )
    page = compatibility.with_row(page, Row("source-a", {"version": "2"}))
    assert page.index("| source-a |") < page.index("| source-b |")
    assert "- source-b, read: no  x    y at …/file.py, https://host/path/x" in page
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


def test_a_connector_that_does_not_exist_gets_no_row(tmp_path: Path) -> None:
    places = Places(tmp_path)
    (places.connectors / "nltk_data").mkdir(parents=True)
    places.registry.write_text("")
    page = tmp_path / "docs/connectors.md"
    page.parent.mkdir()
    page.write_text(f"{BEGIN}\n{END}\n")
    for name, fact in (("faker", "source-faker"), ("source-fakr", "source-faker")):
        with pytest.raises(ConnectorCommandError, match=fact):
            compatibility.run(places, AirbyteRegistry(str(tmp_path / "none")), [name], lambda _text: None)
    assert page.read_text() == f"{BEGIN}\n{END}\n"
    assert not (tmp_path / ".local/connector-table").exists()


def test_all_names_are_looked_up_before_the_first_connector_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(tmp_path)
    (places.connectors / "nltk_data").mkdir(parents=True)
    places.registry.write_text("")
    monkeypatch.setattr(compatibility, "tried", lambda *_given: pytest.fail("source-faker is tried"))
    names = ["source-faker", "source-fakr"]  # the registry is not reached; the project knows the first one
    with pytest.raises(ConnectorCommandError, match="source-fakr"):
        compatibility.run(places, AirbyteRegistry(str(tmp_path / "none")), names, lambda _text: None)


@pytest.mark.parametrize(
    ("what", "given", "fact"),
    [
        ("add", {}, "make connector name="),
        ("remove", {}, "make connector-remove name="),
        ("remove", {"name": "source-x", "yes": "no"}, "yes=1"),
        ("add", {"name": "source-x", "version": "../1"}, "version=../1"),
        ("add", {"name": "source-x", "code": "abc"}, "SHA-256"),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_looked_up(
    what: str,
    given: dict[str, str],
    fact: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "registry", lambda: pytest.fail("the registry is not asked"))
    for name in ("name", "version", "id", "code", "yes"):
        monkeypatch.setenv(name, given.get(name, ""))
    (tmp_path / ".local").mkdir()
    places = Places(tmp_path)
    places.connectors.mkdir(parents=True)
    places.registry.write_text("")
    assert command.main(what) != 0
    assert fact in capsys.readouterr().err
