"""Messages are stored here before they are sent, in the same transaction as the state that they follow from."""

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from orchestrator.alerts.incidents import Book, Message

KEEP_DAYS = 90
PAUSE_SECONDS, LONGEST_PAUSE = 15.0, 900.0
"""The pause after a message that could not be sent. It doubles each time."""
TABLES = """
create table if not exists book (id integer primary key check (id = 1), content text not null);
create table if not exists messages (id integer primary key autoincrement, at real not null, content text not null);
create table if not exists deliveries (
    message integer not null references messages (id) on delete cascade,
    target text not null,
    sent_at real,
    primary key (message, target)
);
create table if not exists targets (
    target text primary key, failures integer not null default 0, next_at real not null default 0, error text
);
"""


def target_name(url: str) -> str:
    """Return a name of an address that does not show its secrets."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _told(folder: Path) -> Iterator[tuple[int, int]]:
    """Yield the numbers of the message and the incident in each whole line of the files of alerts."""
    for path in (folder / "alerts.1.jsonl", folder / "alerts.jsonl"):
        for line in path.read_text(errors="replace").splitlines() if path.exists() else ():
            try:
                message = json.loads(line)
                yield int(message["number"]), int(message["incident"])
            except (ValueError, KeyError, TypeError):
                continue


class Outbox:
    """The messages, and for each target which of them were sent. One process writes at a time."""

    def __init__(self, folder: Path) -> None:
        """Make the folder and the tables if they are absent. Raises OSError or sqlite3.Error if that is impossible."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "alerts.sqlite"
        is_new = not self._path.exists()
        with self._connect() as connection:
            connection.executescript(TABLES)
        if is_new:
            self._continue_numbers(folder)

    def _continue_numbers(self, folder: Path) -> None:
        """Continue the numbers of the file of alerts, if the database was deleted and the file was not."""
        told = list(_told(folder))
        if not told:
            return
        with self._connect() as connection:
            connection.execute(
                "insert into sqlite_sequence (name, seq) values ('messages', ?)", [max(number for number, _ in told)]
            )
            book = Book(number=max(incident for _, incident in told))
            connection.execute("insert into book values (1, ?)", [book.model_dump_json()])

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            connection.execute("pragma foreign_keys = on")
            yield connection

    def book(self) -> Book:
        """Return the book; an empty one before the first look."""
        with self._connect() as connection:
            row = connection.execute("select content from book").fetchone()
        return Book.model_validate_json(row[0]) if row else Book()

    def write(self, book: Book, messages: Sequence[Message], targets: Sequence[str]) -> None:
        """Store the book and the messages that follow from it, for these targets."""
        with self._connect() as connection:
            connection.execute("insert or replace into book values (1, ?)", [book.model_dump_json()])
            for message in messages:
                new = connection.execute(
                    "insert into messages (at, content) values (?, ?)", [message.at, message.model_dump_json()]
                )
                connection.executemany(
                    "insert into deliveries (message, target) values (?, ?)",
                    [(new.lastrowid, target) for target in targets],
                )
            connection.execute("delete from messages where at < ?", [time.time() - KEEP_DAYS * 86400])

    def readdress(self, targets: Sequence[str]) -> None:
        """Give messages that were not sent to a target which no longer exists to these targets; to none if empty."""
        if not targets:
            return
        gone = f"sent_at is null and target not in ({', '.join('?' * len(targets))})"
        with self._connect() as connection:
            for target in targets:
                connection.execute(
                    "insert or ignore into deliveries (message, target) "  # noqa: S608 - question marks only
                    f"select message, ? from deliveries where {gone} and target != 'file'",
                    [target, *targets],
                )
            connection.execute(
                f"delete from deliveries where {gone} and target != 'file'",  # noqa: S608 - question marks only
                list(targets),
            )

    def unsent(self, target: str, now: float) -> list[tuple[int, Message]]:
        """Return the messages that the target has not got; none during the pause after a failure."""
        with self._connect() as connection:
            pause = connection.execute("select next_at from targets where target = ?", [target]).fetchone()
            if pause and now < pause[0]:
                return []
            rows = connection.execute(
                "select id, content from messages join deliveries on message = id "
                "where target = ? and sent_at is null order by id",
                [target],
            ).fetchall()
        return [(number, Message.model_validate_json(content)) for number, content in rows]

    def sent_since(self, target: str, then: float) -> list[float]:
        """Return when messages were sent to the target, since a time; messages sent together count once."""
        with self._connect() as connection:
            rows = connection.execute(
                "select distinct sent_at from deliveries where target = ? and sent_at > ? order by 1", [target, then]
            ).fetchall()
        return [row[0] for row in rows]

    def mark_sent(self, target: str, numbers: Sequence[int], now: float) -> None:
        """Note that the target has got these messages."""
        with self._connect() as connection:
            connection.executemany(
                "update deliveries set sent_at = ? where message = ? and target = ?",
                [(now, number, target) for number in numbers],
            )
            connection.execute("delete from targets where target = ?", [target])

    def mark_failed(self, target: str, error: str, now: float) -> None:
        """Note that sending failed, and pause."""
        with self._connect() as connection:
            row = connection.execute("select failures from targets where target = ?", [target]).fetchone()
            failures = (row[0] if row else 0) + 1
            pause = min(PAUSE_SECONDS * 2 ** (failures - 1), LONGEST_PAUSE)
            connection.execute(
                "insert or replace into targets values (?, ?, ?, ?)", [target, failures, now + pause, error]
            )

    def failing(self) -> dict[str, str]:
        """Return the targets to which three attempts in a row have failed, with the last reason."""
        with self._connect() as connection:
            return dict(connection.execute("select target, error from targets where failures > 2").fetchall())
