"""`make sql`: where a query goes, as .env and the environment have it."""

import shutil
from pathlib import Path

import pytest

from tools.local import claims, sql
from tools.stack import compose


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The .env of a checkout, absent at first; no `make dev` runs there."""
    shutil.copy(compose.ROOT / ".env.example", tmp_path)
    for name in (*compose.known(), "BIGQUERY_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(compose, "ROOT", tmp_path)
    monkeypatch.setattr(compose, "ENV_FILE", tmp_path / ".env")
    monkeypatch.setattr(claims, "DEVELOPMENT", tmp_path / "dev")
    return tmp_path / ".env"


def test_the_mode_of_env_decides_where_sql_goes(env: Path) -> None:
    assert sql.running_platform()["BIGQUERY_EMULATOR_HOST"] == "http://127.0.0.1:9050"
    env.write_text("WAREHOUSE_PORT=9999\n")
    assert sql.running_platform()["BIGQUERY_EMULATOR_HOST"] == "http://127.0.0.1:9999"
    env.write_text("WAREHOUSE=bigquery\nBQ_PROJECT=mine\nWAREHOUSE_PORT=9999\n")
    assert sql.running_platform() == {"WAREHOUSE": "bigquery", "BQ_PROJECT": "mine", "WAREHOUSE_PORT": "9999"}


def test_the_environment_comes_before_env_for_sql_too(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it did when the platform was started: elsewhere there would be nothing, or the tables of another."""
    env.write_text("WAREHOUSE=bigquery\nWAREHOUSE_PORT=9050\nBQ_PROJECT='mine'\n")
    assert sql.running_platform()["BQ_PROJECT"] == "mine"
    for name, value in {"WAREHOUSE": "emulator", "WAREHOUSE_PORT": "9999", "BQ_PROJECT": "other"}.items():
        monkeypatch.setenv(name, value)
    found = sql.running_platform()
    assert (found["BIGQUERY_EMULATOR_HOST"], found["BQ_PROJECT"]) == ("http://127.0.0.1:9999", "other")
