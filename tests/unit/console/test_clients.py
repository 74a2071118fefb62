"""The clients of the console end each request, so that a hung service does not keep its threads."""

from typing import Any

import pytest
from google.cloud.bigquery.retry import DEFAULT_RETRY

from platform_kit import bigquery, s3


@pytest.mark.parametrize(("given", "expected"), [(None, 3.0), (1.0, 1.0)])
def test_a_request_to_bigquery_has_a_time_limit(
    monkeypatch: pytest.MonkeyPatch, given: float | None, expected: float
) -> None:
    sent: list[Any] = []

    def request(**options: Any) -> dict[str, Any]:
        sent.append(options["timeout"])
        return {}

    client = bigquery.client("p", emulator="http://127.0.0.1:9", request_seconds=3.0)
    monkeypatch.setattr(client._connection, "api_request", request)
    client._call_api(DEFAULT_RETRY, method="GET", path="/", timeout=given)
    assert sent == [expected]


def test_the_tries_of_a_request_to_s3_are_limited() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}
    config: Any = s3.client(keys, read_seconds=7, attempts=2).meta.config
    assert (config.read_timeout, config.retries["total_max_attempts"]) == (7, 2)
