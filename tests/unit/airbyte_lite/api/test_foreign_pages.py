"""Without credentials, a page of another site is refused; the first page leads to the console."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from tests.unit.airbyte_lite.conftest import Client


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_a_page_of_another_site_is_refused(
    open_app: FastAPI, client_of: Callable[[FastAPI], Client], headers: dict[str, str]
) -> None:
    answer = client_of(open_app).post("/api/v1/workspaces/list", json={}, headers=headers)
    assert answer.status_code == 403
    assert "AIRBYTE_CLIENT_ID" in answer.json()["message"]


def test_the_first_page_leads_to_the_console(open_app: FastAPI, client_of: Callable[[FastAPI], Client]) -> None:
    answer = client_of(open_app).get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "http://127.0.0.1:8080")
