"""HTTP requests to the platform's services. Standard library only."""

from __future__ import annotations

import functools
import http.client
import urllib.parse
import urllib.request

LOOPBACK = {"127.0.0.1", "localhost"}


def open_url(request: urllib.request.Request, timeout: float) -> http.client.HTTPResponse:
    """Send a request. A request to this machine goes directly, even when a proxy is configured.

    Raises OSError (URLError is one) when there is no answer or an error status.
    """
    local = urllib.parse.urlsplit(request.full_url).hostname in LOOPBACK
    opener = _direct_opener() if local else urllib.request.build_opener()
    try:
        answer: http.client.HTTPResponse = opener.open(request, timeout=timeout)
    except http.client.HTTPException as error:  # the server ended before its answer was complete
        raise ConnectionError(f"{type(error).__name__} {error}") from error
    return answer


@functools.cache
def _direct_opener() -> urllib.request.OpenerDirector:
    """Return what uses no proxy. Each new opener reads the machine's certificates, which takes 20 ms."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
