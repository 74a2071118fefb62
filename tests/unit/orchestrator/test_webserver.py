"""Dagster's webserver with the guard: which settings it refuses."""

import pytest

from orchestrator import webserver


def test_an_invalid_list_of_host_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "data.example.com:3000")
    monkeypatch.setattr(webserver, "webserver", lambda: pytest.fail("it started"))
    with pytest.raises(SystemExit, match="ALLOWED_HOSTS"):
        webserver.main()
