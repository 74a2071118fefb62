"""An S3 that refuses requests, as Amazon's does; LocalStack accepts all of them."""

import contextlib
import http.server
from collections.abc import Iterator

from tests.serving import serving


@contextlib.contextmanager
def refusing_s3(code: str, message: str, listing: str = "") -> Iterator[str]:
    """The address of an S3 that answers requests with this error; requests for a list with `listing`, if given."""
    refusal = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'

    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listed = listing if "list-type=2" in self.path else ""
            body = (listed or refusal).encode()
            self.send_response(200 if listed else 403)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuse)) as server:
        yield f"http://127.0.0.1:{server.server_port}"
