"""Known errors of S3 and of the connection to it, as rules for `causes`: exception, pattern, sentence, failure type."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from airbyte_lite.connectors.tracebacks import Trace

Sentence = Callable[[re.Match[str], Trace], str]

# By the error code that S3 answers ("Error responses" in the Amazon S3 API reference).
CODES = {
    "InvalidAccessKeyId": "S3 does not know the access key. Correct credentials.aws_access_key_id.",
    "SignatureDoesNotMatch": (
        "The secret access key does not belong to the access key. Correct credentials.aws_secret_access_key."
    ),
    "AccessDenied": (
        "The credentials have no permission. They need s3:ListBucket for the bucket and s3:GetObject for its objects."
    ),
    "ExpiredToken": "The credentials have expired. Set new ones in credentials.",
    "InvalidToken": "The session token is invalid. Set new credentials.",
    "PermanentRedirect": "The bucket is in another region. Set region_name to the region of the bucket.",
    "AuthorizationHeaderMalformed": "The region is wrong. Set region_name to the region of the bucket.",
    "IllegalLocationConstraintException": "The bucket is in another region. Set region_name to it.",
    "InvalidBucketName": "The name of the bucket is invalid. Correct bucket.",
    "RequestTimeTooSkewed": "The clock of this machine is wrong by more than 15 minutes. Set the clock.",
    "InvalidObjectState": "The file is archived (S3 Glacier). Restore it first.",
    "NoSuchKey": "The file does not exist any more. It was deleted while it was read: sync again.",
}
CODES |= {
    "403": CODES["AccessDenied"],
    "AllAccessDisabled": CODES["AccessDenied"],
    "301": CODES["PermanentRedirect"],
    "404": CODES["NoSuchKey"],
}
BUSY = "SlowDown|ServiceUnavailable|InternalError|RequestTimeout|503|500"


def _answered(match: re.Match[str], trace: Trace) -> str:
    code, operation, text = match.groups()
    if operation == "AssumeRole":
        return f"The role cannot be assumed ({code}: {text}). Check credentials.role_arn and the role's trust policy."
    sentence = CODES.get(code, "Check bucket, endpoint, region_name and credentials.")
    file = f"{trace.file}: " if trace.file else ""
    return f"{file}{sentence} (S3 answered {code} to {operation}: {text})"


def _no_bucket(_match: re.Match[str], trace: Trace) -> str:
    found = re.search(r"The bucket (\S+) does not exist", trace.text)
    name = f" {found[1]}" if found else ""
    return f"The bucket{name} does not exist. Create it, or correct bucket, endpoint or region_name."


def _unreachable(match: re.Match[str], trace: Trace) -> str:
    server, host = _origin(match[1])
    if trace.has("gaierror") or trace.has("NameResolutionError"):
        return f"The host {host} was not found (DNS). Correct endpoint, or region_name if endpoint is empty."
    if trace.has("ConnectionRefusedError"):
        return f"No server answers at {server} (connection refused). Start S3 there, or correct endpoint."
    return f"{server} cannot be reached. Check endpoint, and the network from here to this host."


def _slow(match: re.Match[str], _trace: Trace) -> str:
    return f"{_origin(match[1])[0]} did not answer in time. Check endpoint and the network, then try again."


def _untrusted(match: re.Match[str], _trace: Trace) -> str:
    server, _ = _origin(match[1])
    if "WRONG_VERSION_NUMBER" in match[2] or "record layer failure" in match[2].lower():
        return f"{server} does not use TLS. Write http:// instead of https:// in endpoint."
    return (
        f"The TLS certificate of {server} is not trusted: {match[2].split('] ')[-1]}. If it is your own, set "
        "AWS_CA_BUNDLE to the certificate's file for airbyte-lite."
    )


def _no_s3(_match: re.Match[str], trace: Trace) -> str:
    if not trace.has("ErrorListingFiles"):
        return ""
    found = re.search(r"\bendpoint=(\S+)", trace.text)
    return f"The server at {found[1] if found else 'endpoint'} does not answer like S3. Correct endpoint."


def _said(sentence: str) -> Sentence:
    return lambda match, _trace: sentence.format(*match.groups(default=""))


def _origin(url: str) -> tuple[str, str]:
    """Return scheme, host and port of a URL, and its host alone."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", parts.hostname or url


_ANSWER = r"An error occurred \({0}\) when calling the (\w+) operation[^:]*: ?(.*)"
RULES: tuple[tuple[str, str, Sentence, str], ...] = (
    (r"\w+", _ANSWER.format("NoSuchBucket"), _no_bucket, "config_error"),
    (
        r"\w+",
        _ANSWER.format(f"({BUSY})"),
        _said("S3 cannot answer at the moment ({0}: {2}). Try again later."),
        "transient_error",
    ),
    (r"\w+", r"(?s).*?" + _ANSWER.format(r"(\w+)"), _answered, "config_error"),
    ("EndpointConnectionError", r'Could not connect to the endpoint URL: "(.*)"', _unreachable, "config_error"),
    ("ConnectTimeoutError|ReadTimeoutError", r'.*endpoint URL: "(.*)"', _slow, "transient_error"),
    ("SSLError", r"(?s)SSL validation failed for (\S+) (.*)", _untrusted, "config_error"),
    (
        "ConnectionClosedError|HTTPClientError|ResponseStreamingError|IncompleteReadError",
        r"(?s)(.*)",
        _said("The connection to S3 broke ({0}). Try again."),
        "transient_error",
    ),
    (
        "ProxyConnectionError",
        r"(.*)",
        _said("The proxy does not answer ({0}). Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY."),
        "config_error",
    ),
    (
        "NoCredentialsError|PartialCredentialsError",
        r".*",
        _said("No AWS credentials were found. Set credentials with auth_type iam_user and both keys."),
        "config_error",
    ),
    ("ParamValidationError", r'(?s).*Invalid bucket name "(.*?)"', _said("Invalid bucket name: {0}."), "config_error"),
    (
        "ValueError",
        r"Invalid endpoint: (.*)",
        _said("Invalid endpoint: {0}. It must be an address such as http://localhost:4566."),
        "config_error",
    ),
    ("ResponseParserError", r".*", _no_s3, "config_error"),
    # The connector adds up KeyCount, which is missing in an answer that is not S3's.
    ("TypeError", r"unsupported operand type\(s\) for \+=: 'int' and 'NoneType'", _no_s3, "config_error"),
)
