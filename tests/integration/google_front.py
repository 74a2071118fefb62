"""Google's front door before the emulator: issues a token for a signed assertion of the key, and requires that token.

It refuses what Google BigQuery refuses (google_rules.py), and bills the queries.
"""

import http.client
import json
import select
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google.auth.jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.serving import serving

from .google_rules import Rules

ACCOUNT = "loader@a-project.iam.gserviceaccount.com"
TOKEN = "ya29.a-token-of-the-front-door"
AUDIENCE = "https://oauth2.googleapis.com/token"  # of an assertion, wherever the key says that it be sent
LEAST_BILLED = 10 << 20  # bytes: BigQuery's minimum for each table that a query reads
HEALTH = "/healthz"  # not a part of Google's API: the health check of a front that is a process of its own
_NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "content-encoding", "accept-encoding"}


@dataclass
class Front:
    """A running front: its address, its key, and the answers that it gives instead of the emulator."""

    url: str
    key: dict[str, str]
    rules: Rules
    refused: tuple[int, dict[str, Any]] | None = None  # the token endpoint's answer, if it refuses
    answers: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)  # by "METHOD the end of the path"
    tokens: int = 0
    requests: list[str] = field(default_factory=list)
    queries: list[tuple[str, int]] = field(default_factory=list)  # job id, and maximumBytesBilled or 0

    def write_key(self, folder: Path) -> Path:
        """Write the key as Google Cloud's console gives it, for its owner only; return its path."""
        path = folder / "key.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.key))
        return path

    def refuse(self, request: str, status: int, reason: str, message: str) -> None:
        """Answer requests like "GET /datasets/jaffle" as BigQuery answers an error (its page "Error messages")."""
        errors = [{"reason": reason, "message": message, "domain": "global"}]
        self.answers[request] = status, {"error": {"code": status, "message": message, "errors": errors}}


@contextmanager
def front_of(
    emulator: str, *, authenticated: bool = True, port: int = 0, key_folder: Path | None = None
) -> Iterator[Front]:
    """Serve Google's token endpoint and BigQuery's API on loopback; port 0: a free port.

    With `authenticated`, the API requires a token.

    The key is written into `key_folder` before the first answer.
    """
    secret = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = secret.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pem = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            # Each connection of a client has one to the emulator: opening a connection takes longer than most requests.
            self.upstream = http.client.HTTPConnection(urlsplit(emulator).netloc)

        def finish(self) -> None:
            self.upstream.close()
            super().finish()

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            front.requests.append(f"{self.command} {path}")
            if path == "/token":
                self.send(*self.token(body))
            elif path == HEALTH:
                self.send(200, {})
            elif authenticated and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.send(401, {"error": {"code": 401, "message": "Request had invalid authentication credentials."}})
            else:
                asked = (self.command, path)
                told = (answer for request, answer in front.answers.items() if _matches(request, *asked))
                self.send(*(next(told, None) or self.forward(body)))

        def token(self, body: bytes) -> tuple[int, dict[str, Any]]:
            if front.refused:
                return front.refused
            [assertion] = parse_qs(body.decode())["assertion"]
            claims = google.auth.jwt.decode(assertion, public, audience=AUDIENCE)
            assert claims["iss"] == ACCOUNT
            front.tokens += 1
            return 200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}

        def forward(self, body: bytes) -> tuple[int, Any]:
            if query := _query(body):
                _, limit = query
                front.queries.append(query)
                if 0 < limit < LEAST_BILLED:
                    message = f"Query exceeded limit for bytes billed: {limit}. {LEAST_BILLED} or higher required."
                    error = {"reason": "bytesBilledLimitExceeded", "message": message}
                    return 400, {"error": {"code": 400, "message": message, "errors": [error]}}
            lowered = {name.lower(): value for name, value in self.headers.items()}
            if refusal := front.rules.refuse(self.command, self.path, lowered, body):
                return refusal
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_FORWARDED}
            headers = front.rules.forwarded(headers)
            if self.upstream.sock and select.select([self.upstream.sock], [], [], 0)[0]:
                self.upstream.close()  # the emulator has closed it; the next request opens it again
            self.upstream.request(self.command, self.path, body or None, headers)
            answer = self.upstream.getresponse()
            content, url, status = answer.read(), self.path, answer.status
            self.forwarded = dict(answer.getheaders())
            if not 200 <= status < 300:
                return status, content
            self.forwarded = {name.lower(): value for name, value in self.forwarded.items()}
            return status, front.rules.answered(self.command, url, status, self.forwarded, _billed(content))

        def send(self, status: int, content: Any) -> None:
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            headers = getattr(self, "forwarded", {"Content-Type": "application/json"})
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _NOT_FORWARDED | {"date", "server"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            self.forwarded = {"Content-Type": "application/json"}

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", port), Handler)) as server:
        server.daemon_threads = True
        url = f"http://127.0.0.1:{server.server_port}"
        front = Front(url, _key(url, pem.decode()), Rules(emulator))
        if key_folder:
            front.write_key(key_folder)
        yield front


def _key(url: str, pem: str) -> dict[str, str]:
    return {
        "type": "service_account",
        "project_id": "local-dev",
        "private_key_id": "0123456789abcdef",
        "private_key": pem,
        "client_email": ACCOUNT,
        "client_id": "1",
        "token_uri": f"{url}/token",
    }


def _matches(request: str, method: str, path: str) -> bool:
    """Return whether `request`, such as "GET /datasets/jaffle", has this method and is the end of this path."""
    wanted, _, end = request.partition(" ")
    return wanted == method and path.endswith(end)


def _query(body: bytes) -> tuple[str, int] | None:
    """Return job id ("" without a job) and maximumBytesBilled (0: none) if this is a query."""
    try:
        content = json.loads(body)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    query = (content.get("configuration") or {}).get("query") or (content if "query" in content else None)
    if query is None:
        return None
    return (content.get("jobReference") or {}).get("jobId", ""), int(query.get("maximumBytesBilled") or 0)


def _billed(body: bytes) -> bytes:
    """Add the billed bytes to a query job's statistics: the emulator bills nothing."""
    try:
        content = json.loads(body)
    except ValueError:
        return body
    statistics = content.get("statistics", {}).get("query") if isinstance(content, dict) else None
    if statistics is None:
        return body
    statistics["totalBytesBilled"] = str(LEAST_BILLED)
    return json.dumps(content).encode()
