"""Alerts reach services in their own form: Slack's JSON, a mail by SMTP. The receivers are local."""

import io
import json
import logging
import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from orchestrator.alerts.delivery import NotSentError, send_by_apprise

TITLE, BODY = "failed: the run of all_assets", "The check is_right of orders failed: line 3"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


class Slack(BaseHTTPRequestHandler):
    got: list[dict[str, Any]] = []
    status = 200

    def do_POST(self) -> None:
        self.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None: ...


class Mail(socketserver.StreamRequestHandler):
    got: list[str] = []

    def handle(self) -> None:
        def answer(line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        answer("220 here")
        for raw in self.rfile:
            command = raw.decode().upper().split()[0]
            if command == "DATA":
                answer("354 go on")
                self.got.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            if command == "QUIT":
                answer("221 bye")
                return
            answer("250 ok")


@pytest.fixture
def serve() -> Iterator[Callable[[socketserver.TCPServer], int]]:
    """A function that serves in the background and returns the port."""
    servers: list[socketserver.TCPServer] = []

    def start(server: socketserver.TCPServer) -> int:
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        return int(server.socket.getsockname()[1])

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def slack(serve: Callable[[socketserver.TCPServer], int], monkeypatch: pytest.MonkeyPatch) -> type[Slack]:
    """Slack's webhook, in this process."""
    from apprise.plugins.slack import NotifySlack

    Slack.got, Slack.status = [], 200
    port = serve(ThreadingHTTPServer(("127.0.0.1", 0), Slack))
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{port}/services")
    return Slack


def test_slack(slack: type[Slack]) -> None:
    send_by_apprise(SLACK, TITLE, BODY, True)
    [payload] = slack.got
    assert TITLE in json.dumps(payload)
    assert BODY in json.dumps(payload)


def test_a_service_that_refuses_is_told_without_its_secret(slack: type[Slack]) -> None:
    slack.status = 500
    with pytest.raises(NotSentError, match="Slack") as error:
        send_by_apprise(SLACK, TITLE, BODY, True)
    assert "500" in str(error.value)
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in str(error.value)


def test_mail(serve: Callable[[socketserver.TCPServer], int]) -> None:
    Mail.got = []
    port = serve(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail))
    send_by_apprise(
        f"mailto://127.0.0.1:{port}?mode=insecure&from=a@example.com&to=b@example.com&format=text", TITLE, BODY, True
    )
    [mail] = Mail.got
    assert f"Subject: {TITLE}" in mail
    assert BODY in mail


def test_an_address_that_apprise_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    logged = io.StringIO()  # not caplog: it also reads loggers whose messages reach no log
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(logged)])
    for address in ("nowhere://user:secret@x", "slack:/secret", "json://secret,json://secret"):
        with pytest.raises(NotSentError, match="ALERT_URLS") as error:
            send_by_apprise(address, TITLE, BODY, True)
        assert "secret" not in str(error.value)
    assert "secret" not in logged.getvalue()
