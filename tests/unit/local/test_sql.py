"""`make sql`: where a query goes, as .env and the environment have it."""

import io
import shutil
from pathlib import Path
from typing import Any

import pytest

from tools.local import claims, sql
from tools.stack import compose, run, running


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The .env of a checkout, absent at first; no `make dev` runs there."""
    shutil.copy(compose.ROOT / ".env.example", tmp_path)
    for name in (*compose.known(), "BIGQUERY_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(compose, "ROOT", tmp_path)
    monkeypatch.setattr(compose, "ENV_FILE", tmp_path / ".env")
    monkeypatch.setattr(claims, "DEVELOPMENT", tmp_path / "dev")
    monkeypatch.setattr(running, "compose_services", lambda: {"warehouse", "webserver"})
    return tmp_path / ".env"


def test_the_mode_of_env_decides_where_sql_goes(env: Path) -> None:
    assert sql.running_platform()["BIGQUERY_EMULATOR_HOST"] == "http://127.0.0.1:9050"
    env.write_text("WAREHOUSE_PORT=9999\n")
    assert sql.running_platform()["BIGQUERY_EMULATOR_HOST"] == "http://127.0.0.1:9999"
    env.write_text("WAREHOUSE=bigquery\nBQ_PROJECT=mine\nWAREHOUSE_PORT=9999\n")
    assert sql.running_platform() == {"WAREHOUSE": "bigquery", "BQ_PROJECT": "mine", "WAREHOUSE_PORT": "9999"}


def test_the_environment_comes_before_env_for_sql_too(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the start of the platform. Otherwise the query would find no tables, or those of another platform."""
    env.write_text("WAREHOUSE=bigquery\nWAREHOUSE_PORT=9050\nBQ_PROJECT='mine'\n")
    assert sql.running_platform()["BQ_PROJECT"] == "mine"
    for name, value in {"WAREHOUSE": "emulator", "WAREHOUSE_PORT": "9999", "BQ_PROJECT": "other"}.items():
        monkeypatch.setenv(name, value)
    found = sql.running_platform()
    assert (found["BIGQUERY_EMULATOR_HOST"], found["BQ_PROJECT"]) == ("http://127.0.0.1:9999", "other")


def test_a_checkout_in_which_nothing_runs_does_not_use_another_s_platform(
    env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another checkout has the same default ports."""
    env.write_text("WAREHOUSE_PORT=9050\nDAGSTER_PORT=3000\n")
    assert run.address() == "http://127.0.0.1:3000"
    monkeypatch.setattr(running, "compose_services", lambda: {"localstack"})
    with pytest.raises(running.NotRunningError, match=r"make up.*make dev.*BIGQUERY_EMULATOR_HOST="):
        sql.running_platform()
    with pytest.raises(running.NotRunningError, match=r"make up.*make dev.*DAGSTER_URL="):
        run.address()
    monkeypatch.setenv("DAGSTER_URL", "http://127.0.0.1:3333")
    assert run.address() == "http://127.0.0.1:3333"
    with claims.claim(claims.DEVELOPMENT), pytest.raises(running.NotRunningError, match="still starting"):
        sql.running_platform()


def test_an_invalid_setting_of_the_shell_is_named(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_URL", "localhost:3000")
    with pytest.raises(compose.StackError, match="DAGSTER_URL is 'localhost:3000'"):
        run.address()
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "localhost")
    monkeypatch.setenv("BQ_PROJECT", "A b")
    with pytest.raises(compose.StackError, match=r"(?s)BIGQUERY_EMULATOR_HOST is 'localhost'.*BQ_PROJECT is 'A b'"):
        sql.running_platform()


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"warehouse": {"Running": True}, "bootstrap": {"Running": False}}, {"warehouse"}),
        ({}, set()),
        (compose.StackError("Cannot connect to the Docker daemon"), set()),
    ],
)
def test_the_services_of_this_checkout_that_run_on_compose(
    env: Path, monkeypatch: pytest.MonkeyPatch, states: Any, expected: set[str]
) -> None:
    def listed() -> Any:
        if isinstance(states, Exception):
            raise states
        return states

    monkeypatch.undo()
    monkeypatch.setattr(running, "ENV_FILE", env)
    monkeypatch.setattr(running, "states", listed)
    monkeypatch.setattr(shutil, "which", lambda _: "docker")
    assert running.compose_services() == set()  # without .env there is no Compose project
    env.touch()
    assert running.compose_services() == expected


def test_an_empty_variable_names_no_warehouse(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address, the client would send the query to Google, with the credentials of the user's shell."""
    env.write_text("WAREHOUSE_PORT=9999\n")
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "")
    assert sql.running_platform()["BIGQUERY_EMULATOR_HOST"] == "http://127.0.0.1:9999"


@pytest.mark.parametrize(
    ("query", "code", "sent"),
    [(b"select 1 -- a file\n", 0, [b"select 1 -- a file"]), (b"select '\xff'", 1, []), (b" \n", 2, [])],
)
def test_a_query_that_is_too_long_for_an_argument_comes_from_a_file(
    env: Path, monkeypatch: pytest.MonkeyPatch, query: bytes, code: int, sent: list[bytes]
) -> None:
    env.touch()
    shown: list[bytes] = []
    monkeypatch.setattr("sys.argv", ["sql", ""])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(query)))
    monkeypatch.setattr(sql, "show", lambda _, given: shown.append(given))
    assert (sql.main(), shown) == (code, sent)
