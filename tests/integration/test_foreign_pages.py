"""A page of another site cannot act on the services through the user's browser."""

import httpx
import pytest

from .running import Server

FOREIGN = [
    {"Origin": "https://evil.example"},  # a page sends a request
    {"Origin": "null"},
    {"Host": "evil.example"},  # the page's name resolves to 127.0.0.1
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_no_foreign_page_sends_sql(warehouse: Server, headers: dict[str, str]) -> None:
    """The browser sends a simple request, such as a form's, without a preflight request."""
    path = f"{warehouse.url}/bigquery/v2/projects/local-dev/queries"
    body = '{"query": "create schema stolen", "useLegacySql": false}'
    answer = httpx.post(path, content=body, headers={**headers, "Content-Type": "text/plain"})
    assert answer.status_code == 403, answer.text
    found = httpx.get(f"{warehouse.url}/bigquery/v2/projects/local-dev/datasets").json()
    assert "stolen" not in str(found)


@pytest.mark.parametrize("headers", FOREIGN)
def test_no_foreign_page_reads_or_writes_objects(s3: Server, bucket: str, headers: dict[str, str]) -> None:
    key = f"{s3.url}/{bucket}/stolen"
    assert httpx.put(key, content="x", headers=headers).status_code == 403
    assert httpx.get(f"{s3.url}/{bucket}", headers=headers).status_code == 403
    assert httpx.head(key).status_code == 404


def test_a_bucket_may_stand_before_the_name_of_s3(s3: Server, bucket: str) -> None:
    answer = httpx.get(s3.url, headers={"Host": f"{bucket}.s3.localhost.localstack.cloud:4566"})
    assert answer.status_code == 200, answer.text
