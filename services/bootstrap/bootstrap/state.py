"""What bootstrap remembers between runs: which objects it made, and keyed hashes of the secrets that it sent.

Airbyte masks secrets in every read and does not say who made an object, so both have to be kept on our side:
`state.json` and the hashes' `key` in BOOTSTRAP_STATE_DIR, readable by their owner only. Losing them loses no data:
`apply --adopt` takes the objects over again and sends the secrets once more.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError, field_validator

from bootstrap.airbyte_client import Kind
from bootstrap.errors import UserError
from bootstrap.fingerprint import fields, fits, identity

PRIVATE = 0o600
KEY_BYTES = 32


class _Object(BaseModel):
    kind: str
    name: str
    secrets: dict[str, str] = {}  # hashes by path
    shown: dict[str, Any] = {}


class _Content(BaseModel):
    """What state.json holds."""

    workspaces: list[str] = []
    objects: dict[str, _Object] = {}
    creating: dict[str, dict[str, str]] = {}  # hashes by path of what was asked for, by kind and name

    @field_validator("creating", mode="before")
    @classmethod
    def _none_of_old(cls, value: object) -> object:
        return value if isinstance(value, dict) else {}  # names alone recognise nothing


class State:
    """The memory in one directory; every change is on disk when the method returns."""

    def __init__(self, directory: Path) -> None:
        """Read what is remembered, or start empty. Raises UserError when it cannot be read."""
        self.path = directory / "state.json"
        self._directory = directory
        self._read()

    def _read(self) -> None:
        self._key = self._read_key()  # before anything is made that could not be remembered with a broken one
        try:
            content = _Content.model_validate_json(self.path.read_text() if self.path.exists() else "{}")
        except (OSError, ValueError) as error:
            raise UserError(
                f"{self.path} cannot be read ({_reason(error)}).\n"
                "Move it away and run `python -m bootstrap apply --adopt` to take the existing objects over."
            ) from error
        self._objects, self._creating, self._workspaces = content.objects, content.creating, content.workspaces

    def _read_key(self) -> bytes | None:
        path = self._directory / "key"
        try:
            key = bytes.fromhex(path.read_text()) if path.exists() else None
            if key is not None and len(key) != KEY_BYTES:
                raise ValueError(f"{len(key)} bytes instead of {KEY_BYTES}")
        except (OSError, ValueError) as error:
            raise UserError(
                f"{path}, which the remembered secrets are hashed with, cannot be read ({error}).\n"
                "Delete it and run `python -m bootstrap apply`: it makes another and sends all secrets once more."
            ) from error
        return key

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold off other runs of bootstrap on this directory. Raises UserError when one is at work."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            lock = (self._directory / "lock").open("w")
        except OSError as error:
            raise UserError(
                f"{self._directory} cannot be written ({error.strerror}). Name another folder with BOOTSTRAP_STATE_DIR."
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(
                    f"Another run of bootstrap is at work ({self._directory / 'lock'}). Wait for it to end."
                ) from error
            self._read()  # what was read before the lock was held may be old
            yield

    def name_of(self, kind: Kind, object_id: str) -> str | None:
        """Return the declared name of an object that we made, None for one of others."""
        known = self._objects.get(object_id)
        return known.name if known and known.kind == kind else None

    def secret_is_known(self, object_id: str, path: str, value: Any) -> bool:
        """Return whether this is the secret that we last sent."""
        known = self._objects.get(object_id)
        if known is None or path not in known.secrets or self._key is None:
            return False
        return hmac.compare_digest(known.secrets[path], _hash(self._key, path, value))

    def is_being_created(self, kind: Kind, name: str) -> bool:
        """Return whether a creation was begun whose end we did not see."""
        return f"{kind} {name}" in self._creating

    def begin_creation(self, kind: Kind, name: str, body: dict[str, Any]) -> None:
        """Remember what is about to be created, so that the run after an interrupted one recognises it as ours."""
        key = self._key_to_write()
        self._creating[f"{kind} {name}"] = {path: _hash(key, path, value) for path, value in fields(identity(body))}
        self._save()

    def is_creation(self, kind: Kind, item: dict[str, Any]) -> bool:
        """Return whether an object is what a creation whose end we did not see was to make."""
        asked = self._creating.get(f"{kind} {item['name']}")
        return asked is not None and self._key is not None and fits(item, asked, partial(_hash, self._key))

    def end_creation(self, kind: Kind, name: str) -> None:
        """Remember that a creation has come to its end: it was refused."""
        if self.is_being_created(kind, name):
            del self._creating[f"{kind} {name}"]
            self._save()

    def end_creations(self, but: Iterable[tuple[Kind, str]] = ()) -> None:
        """Give up the creations whose end we did not see, but for these: what they had made is found or deleted."""
        kept = {f"{kind} {name}" for kind, name in but}
        if self._creating.keys() - kept:
            self._creating = {key: asked for key, asked in self._creating.items() if key in kept}
            self._save()

    def remember(
        self,
        kind: Kind,
        name: str,
        object_id: str,
        sent: Iterable[tuple[str, Any]] = (),
        shown: dict[str, Any] | None = None,
    ) -> None:
        """Remember an object as ours, the secrets that it was given, and what Airbyte showed of it thereafter."""
        key = self._key_to_write()
        hashes = {path: _hash(key, path, value) for path, value in sent}
        self._objects[object_id] = _Object(kind=kind, name=name, secrets=hashes, shown=shown or {})
        self._creating.pop(f"{kind} {name}", None)
        self._save()

    def shown(self, object_id: str) -> dict[str, Any]:
        """Return what Airbyte showed of an object after our last write, as far as it was remembered."""
        known = self._objects.get(object_id)
        return known.shown if known else {}

    def forget(self, object_id: str) -> None:
        """Forget an object that was deleted."""
        if self._objects.pop(object_id, None):
            self._save()

    def made_workspace(self, workspace_id: str) -> bool:
        """Return whether the workspace is ours, so that its name is."""
        return workspace_id in self._workspaces

    def remember_workspace(self, workspace_id: str) -> None:
        """Remember a workspace as ours."""
        if workspace_id not in self._workspaces:
            self._workspaces.append(workspace_id)
            self._save()

    def _key_to_write(self) -> bytes:
        if self._key is None:
            self._key = secrets.token_bytes(KEY_BYTES)
            _write_private(self._directory / "key", self._key.hex())
        return self._key

    def _save(self) -> None:
        content = _Content(workspaces=self._workspaces, objects=self._objects, creating=self._creating)
        _write_private(self.path, content.model_dump_json(indent=2) + "\n")


def _hash(key: bytes, path: str, value: Any) -> str:
    message = f"{path}\n{json.dumps(value, sort_keys=True)}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _reason(error: Exception) -> str:
    """Return what is wrong in one line; the content itself stays out of it."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_input=False)[0]
    return ": ".join([*filter(None, [".".join(map(str, first["loc"]))]), first["msg"]])


def _write_private(path: Path, text: str) -> None:
    """Replace a file in one step, so that a run that dies leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
