"""Sends the unsent messages of the outbox: into a file of JSON lines, and by apprise to the services of ALERT_URLS."""

import json
import logging
import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from orchestrator.alerts.incidents import Message
from orchestrator.alerts.outbox import Outbox, target_name
from platform_kit.redaction import Redactor

FILE = "file"
FILE_BYTES = 10_000_000
"""A larger file is renamed to alerts.1.jsonl, and a new one begins."""
BURST, WINDOW_SECONDS = 5, 600
"""The most notifications in ten minutes. Further messages are sent together when the ten minutes end."""
SHOWN = 20
"""The number of messages in one notification; the file has all."""

type Send = Callable[[str, str, str, bool], None]
"""Sends to an address a title and a text; the last value is whether something failed."""


class NotSentError(Exception):
    """A service did not accept a notification; the message is the reason without secrets."""


def deliver(outbox: Outbox, folder: Path, urls: Sequence[str], now: float, send: Send) -> list[str]:
    """Send the unsent messages. Return the reason of each failure."""
    if messages := outbox.unsent(FILE, now):
        write_lines(folder / "alerts.jsonl", messages)
        outbox.mark_sent(FILE, [number for number, _ in messages], now)
    outbox.readdress([target_name(url) for url in urls])
    errors = []
    for url in urls:
        target = target_name(url)
        if not (messages := outbox.unsent(target, now)):
            continue
        if len(outbox.sent_since(target, now - WINDOW_SECONDS)) >= BURST:
            continue
        title, body = notification([message for _, message in messages])
        try:
            send(url, title, body, any(message.kind == "failed" for _, message in messages))
        except NotSentError as error:
            outbox.mark_failed(target, str(error), now)
            errors.append(str(error))
        else:
            outbox.mark_sent(target, [number for number, _ in messages], now)
    return errors


def write_lines(path: Path, messages: Sequence[tuple[int, Message]]) -> None:
    """Append the messages that the file does not have yet: it may have been written just before a crash."""
    if path.exists() and path.stat().st_size > FILE_BYTES:
        path.replace(path.with_name("alerts.1.jsonl"))
    last = last_number(path)
    lines = [
        json.dumps(
            {
                "number": number,
                "time": datetime.fromtimestamp(message.at, UTC).isoformat(),
                **message.model_dump(exclude={"at"}),
            }
        )
        for number, message in messages
        if number > last
    ]
    with path.open("ab") as file:
        if file.tell() and not _ends_a_line(path):
            file.write(b"\n")
        file.write("".join(f"{line}\n" for line in lines).encode())
        file.flush()
        os.fsync(file.fileno())


def last_number(path: Path) -> int:
    """Return the number of the last whole message in the file; 0 without one."""
    if not path.exists():
        return 0
    for line in reversed(path.read_text(errors="replace").splitlines()):
        try:
            return int(json.loads(line)["number"])
        except (ValueError, KeyError, TypeError):
            continue
    return 0


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def notification(messages: Sequence[Message]) -> tuple[str, str]:
    """Return title and text of one notification."""
    failed = [message for message in messages if message.kind == "failed"]
    recovered = [message for message in messages if message.kind == "recovered"]
    counts = [f"{len(found)} {word}" for found, word in ((failed, "failed"), (recovered, "recovered")) if found]
    title = (
        f"{messages[0].kind}: {messages[0].subject}" if len(messages) == 1 else f"Data platform: {', '.join(counts)}"
    )
    parts = [
        "\n".join(
            filter(
                None, (f"{message.kind}: {message.subject} (incident {message.incident})", message.text, message.link)
            )
        )
        for message in messages[:SHOWN]
    ]
    if len(messages) > SHOWN:
        parts.append(f"and {len(messages) - SHOWN} more: see alerts.jsonl")
    return title, "\n\n".join(parts)


def secrets(url: str) -> list[str]:
    """Return the parts of an address that may be secret, as they are written and decoded: all but the scheme."""
    parts = re.split(r"[/:@?&=,]+", url)[1:]
    return list(dict.fromkeys([url, *url.split("/")[2:], *parts, *map(unquote, parts)]))


def send_by_apprise(url: str, title: str, body: str, failed: bool) -> None:
    """Send one notification. Raises NotSentError."""
    # Imported here: it takes half a second, and most looks have nothing to send.
    import apprise

    # apprise writes an address that it does not know into its log as it is.
    logging.getLogger("apprise").propagate = False
    kind = apprise.NotifyType.FAILURE if failed else apprise.NotifyType.SUCCESS
    with apprise.LogCapture(level=apprise.logging.WARNING) as log:
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if service is None:
            scheme = re.match(r"[a-z0-9]+(?=://)", url)
            begins = f"it begins with {scheme[0]!r}" if scheme else "it has no scheme such as slack://"
            raise NotSentError(f"ALERT_URLS has an address that apprise does not know; {begins}.")
        sent = service.notify(title=title, body=body, notify_type=kind)
        text = log.getvalue()
    if not sent:
        reason = Redactor(secrets(url))(" ".join(text.split())) or "no reason given"
        raise NotSentError(f"The service {service.service_name} did not accept the alert: {reason[:500]}")
