from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from airbyte_lite.api import errors
from airbyte_lite.problem import not_found


class Body(BaseModel):
    secret: int


@pytest.fixture
def client(client_of: Any) -> Any:
    app = FastAPI()
    errors.install(app)

    @app.get("/api/public/v1/things/{identifier}")
    @app.get("/api/v1/things/{identifier}")
    def thing(identifier: str) -> None:
        raise not_found("thing", identifier)

    @app.post("/api/public/v1/things")
    @app.post("/api/v1/things")
    def create(body: Body) -> None: ...

    @app.get("/api/public/v1/crash")
    def crash() -> None:
        raise RuntimeError("value: " + "cret".rjust(6, "s"))

    return client_of(app)


def test_public_shape(client: Any) -> None:
    answer = client.get("/api/public/v1/things/7")
    assert answer.status_code == 404
    assert answer.json() == {
        "status": 404,
        "type": "https://reference.airbyte.com/reference/errors#resource-not-found",
        "title": "resource-not-found",
        "detail": "Could not find a thing with the id 7.",
        "message": "Could not find a thing with the id 7.",
        "data": {"message": "Could not find a thing with the id 7."},
    }


def test_configuration_shape(client: Any) -> None:
    answer = client.get("/api/v1/things/7")
    assert answer.status_code == 404
    assert answer.json() == {"message": "Could not find a thing with the id 7.", "exceptionStack": []}


def test_bad_body_names_the_field_and_not_its_value(client: Any) -> None:
    answer = client.post("/api/public/v1/things", json={"secret": "s3cret"})
    assert answer.status_code == 422
    assert answer.json()["title"] == "unprocessable-entity"
    assert "body.secret" in answer.json()["message"]
    assert "s3cret" not in answer.text


def test_bad_body_of_the_configuration_api(client: Any) -> None:
    answer = client.post("/api/v1/things", content="{", headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["validationErrors"][0]["propertyPath"] == "body.1"


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("PUT", 404)])
def test_unknown_path(client: Any, method: str, status: int) -> None:
    answer = client.request(method, "/api/public/v1/nothing")
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_unknown_method(client: Any) -> None:
    assert client.request("PUT", "/api/public/v1/things").json()["title"] == "method-not-allowed"


def test_crash_tells_where_and_not_what(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/api/public/v1/crash")
    assert (answer.status_code, answer.json()["title"]) == (500, "unexpected-problem")
    assert "RuntimeError" in caplog.text
    assert "sscret" not in answer.text + "".join(r.getMessage() for r in caplog.records if r.name == "airbyte_lite")
