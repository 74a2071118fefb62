"""Which request lines the socket proxy takes, and what it makes of them."""

from urllib.parse import parse_qs, urlsplit

import pytest

from socket_proxy.calls import RUN_WORKER_CALLS, Call
from socket_proxy.calls import parse_call as parse
from socket_proxy.errors import Refused

ID = "0123456789abcdef" * 4


def parse_call(method: str, target: str) -> Call:
    """Parse as for Dagster."""
    return parse(method, target, RUN_WORKER_CALLS)


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("GET", "/_ping", "ping"),
        ("GET", "/version", "version"),
        ("GET", "/v1.45/version", "version"),
        ("POST", "/v1.45/containers/create", "create"),
        ("GET", f"/v1.45/containers/{ID}/json", "inspect"),
        ("POST", f"/v1.45/containers/{ID}/start", "start"),
        ("POST", f"/v1.45/containers/{ID}/stop?t=25", "stop"),
        ("POST", f"/v1.45/containers/{ID}/kill?signal=SIGTERM", "kill"),
        ("POST", f"/v1.45/containers/{ID}/wait?condition=not-running", "wait"),
        ("GET", f"/v1.45/containers/{ID}/logs?stderr=1&stdout=1&timestamps=0&follow=0&tail=all", "logs"),
        ("DELETE", f"/v1.45/containers/{ID}?v=False&link=False&force=True", "remove"),
    ],
)
def test_calls_of_the_run_launcher_are_forwarded_as_they_are(method: str, target: str, name: str) -> None:
    call = parse_call(method, target)
    sent, received = urlsplit(call.target), urlsplit(target)
    assert (call.name, sent.path) == (name, received.path)
    assert parse_qs(sent.query) == parse_qs(received.query)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1.45/containers/json"),
        ("GET", "/v1.45/info"),
        ("GET", "/v1.45/events"),
        ("GET", "/v1.45/images/json"),
        ("POST", "/v1.45/images/create?fromImage=alpine"),
        ("POST", "/v1.45/build"),
        ("POST", "/build"),
        ("POST", "/v1.45/commit"),
        ("POST", "/v1.45/volumes/create"),
        ("POST", "/v1.45/networks/create"),
        ("POST", "/v1.45/session"),
        ("POST", f"/v1.45/containers/{ID}/exec"),
        ("POST", f"/v1.45/exec/{ID}/start"),
        ("POST", f"/v1.45/containers/{ID}/attach?stream=1"),
        ("GET", f"/v1.45/containers/{ID}/archive?path=/etc/passwd"),
        ("PUT", f"/v1.45/containers/{ID}/archive?path=/"),
        ("POST", f"/v1.45/containers/{ID}/update"),
        ("POST", f"/v1.45/containers/{ID}/rename?name=x"),
        # other ways to write an allowed path
        ("POST", "//v1.45/containers/create"),
        ("POST", "/v1.45//containers/create"),
        ("POST", "/v1.45/containers/create/"),
        ("POST", "/v1.45/containers/%63reate"),
        ("POST", "/v1.45/containers%2fcreate"),
        ("POST", "/v1.45/containers/x/../create"),
        ("POST", "/v1.45/../v1.45/containers/create"),
        ("POST", "/v1.45/v1.45/containers/create"),
        ("POST", "/v2.0/containers/create"),
        ("POST", "/V1.45/containers/create"),
        ("POST", "/v\u0661.\u0664\u0665/containers/create"),  # digits of another script
        ("POST", "/containers/create"),
        ("POST", "http://docker/v1.45/containers/create"),
        ("POST", "/v1.45/containers/create;x=1"),
        ("POST", "/v1.45/containers/create#x"),
        ("POST", "/v1.45/containers/create\n"),
        ("GET", f"/v1.45/containers/{ID[:12]}/json"),
        ("GET", f"/v1.45/containers/{ID.upper()}/json"),
        ("GET", "/v1.45/containers/postgres/json"),
        ("HEAD", f"/v1.45/containers/{ID}/json"),
        ("CONNECT", "docker:2375"),
        ("post", "/v1.45/containers/create"),
    ],
)
def test_everything_else_is_refused(method: str, target: str) -> None:
    with pytest.raises(Refused, match="not an allowed call"):
        parse_call(method, target)


@pytest.mark.parametrize(
    "target",
    [
        "/v1.45/containers/create?name=postgres",
        "/v1.45/containers/create?platform=linux/arm64",
        f"/v1.45/containers/{ID}/start?detachKeys=x",
        f"/v1.45/containers/{ID}/start?checkpoint=x",
        f"/v1.45/containers/{ID}/kill?signal=SIGUSR1",
        f"/v1.45/containers/{ID}/stop?t=-1",
        f"/v1.45/containers/{ID}/stop?t=999999",
        f"/v1.45/containers/{ID}/stop?T=1",
    ],
)
def test_unknown_parameters_and_values_are_refused(target: str) -> None:
    with pytest.raises(Refused, match="query parameter"):
        parse_call("POST", target)


def test_a_link_is_not_removed() -> None:
    with pytest.raises(Refused, match="query parameter 'link'"):
        parse_call("DELETE", f"/v1.45/containers/{ID}?link=1")


@pytest.mark.parametrize("query", ["t=1&t=2", "t", "&&", "t=%zz&t=%zz", "a=1;t=2&"])
def test_odd_query_strings_are_refused(query: str) -> None:
    with pytest.raises(Refused):
        parse_call("POST", f"/v1.45/containers/{ID}/stop?{query}")


def test_parameters_are_written_anew() -> None:
    assert parse_call("POST", f"/v1.45/containers/{ID}/stop?%74=%37").target.endswith("/stop?t=7")


def test_api_versions_with_other_meanings_are_refused() -> None:
    with pytest.raises(Refused, match="too old"):
        parse_call("POST", "/v1.24/containers/create")
