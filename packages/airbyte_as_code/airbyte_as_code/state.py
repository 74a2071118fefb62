"""Stores what apply remembers between runs: the objects that it created, and keyed hashes of the secrets it sent.

Airbyte masks secrets in every answer and does not show who created an object. BOOTSTRAP_STATE_DIR therefore has two
files, readable by their owner only: `state.json`, and `key`, the key of the hashes. If they are lost, no data are lost:
`make apply o=--adopt` takes the objects over and sends the secrets again.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError, field_validator

from airbyte_as_code.airbyte_client import Kind
from airbyte_as_code.errors import UserError
from airbyte_as_code.fingerprint import fields, fits, identity
from platform_kit import locks

PRIVATE = 0o600
KEY_BYTES = 32
WAIT_SECONDS = 120.0
"""How long a run waits for another one. Longer than an apply takes."""


class _Object(BaseModel):
    kind: str
    name: str
    secrets: dict[str, str] = {}  # hashes by path
    shown: dict[str, Any] = {}


class _Content(BaseModel):
    """The content of state.json."""

    workspaces: list[str] = []
    variables: list[str] = []
    objects: dict[str, _Object] = {}
    creating: dict[str, dict[str, str]] = {}  # by kind and name: hashes of the requested fields, by path

    @field_validator("creating", mode="before")
    @classmethod
    def _without_old_format(cls, value: object) -> object:
        return value if isinstance(value, dict) else {}  # an old file has names only, which do not identify an object


class State:
    """The remembered state in one folder. Each method writes its change to disk before it returns."""

    def __init__(self, directory: Path, on_wait: Callable[[], None] | None = None) -> None:
        """Read the files, or start empty if they do not exist. Raises UserError if they cannot be read.

        `on_wait` is called before `locked` waits for another run; without it, `locked` does not wait.
        """
        self._on_wait = on_wait
        self.path = directory / "state.json"
        self._lock = directory / "lock"
        self._directory = directory
        self._read()

    def _read(self) -> None:
        self._key = self._read_key()  # first: with a broken key, nothing that apply creates could be remembered
        try:
            content = _Content.model_validate_json(self.path.read_text() if self.path.exists() else "{}")
        except (OSError, ValueError) as error:
            raise UserError(
                f"{self.path} cannot be read ({_reason(error)}).\n"
                "Move the file away, then take the existing objects over: make apply o=--adopt"
            ) from error
        self._objects, self._creating, self._workspaces = content.objects, content.creating, content.workspaces
        self._variables = content.variables

    def _read_key(self) -> bytes | None:
        path = self._directory / "key"
        try:
            key = bytes.fromhex(path.read_text()) if path.exists() else None
            if key is not None and len(key) != KEY_BYTES:
                raise ValueError(f"{len(key)} bytes instead of {KEY_BYTES}")
        except (OSError, ValueError) as error:
            raise UserError(
                f"{path}, the key of the hashes of the secrets, cannot be read ({error}).\n"
                "Delete the file, then run: make apply (it makes a new key and sends all secrets again)"
            ) from error
        return key

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock this folder against other runs of apply and destroy.

        If another run has locked it, wait for its end, but not longer than WAIT_SECONDS. Raises UserError.
        """
        with contextlib.ExitStack() as stack:
            try:
                self._directory.mkdir(parents=True, exist_ok=True)
                stack.enter_context(locks.exclusive(self._lock, self._on_wait, WAIT_SECONDS))
            except OSError as error:
                raise UserError(
                    f"{self._directory} cannot be written ({error.strerror}).\n"
                    "Set BOOTSTRAP_STATE_DIR to another folder."
                ) from error
            except locks.LockedError as error:
                raise UserError(
                    f"Another run of bootstrap is active (it locks {self._lock}).\n"
                    "Wait until it has ended, then run the command again."
                ) from error
            self._read()  # another run may have changed the files before this one got the lock
            yield

    @property
    def is_locked(self) -> bool:
        """Whether apply or destroy is running now."""
        return locks.is_held(self._lock)

    def name_of(self, kind: Kind, object_id: str) -> str | None:
        """Return the declared name of an object that apply created or took over, else None."""
        known = self._objects.get(object_id)
        return known.name if known and known.kind == kind else None

    def secret_is_known(self, object_id: str, path: str, value: Any) -> bool:
        """Return whether this is the secret that apply sent last."""
        known = self._objects.get(object_id)
        if known is None or path not in known.secrets or self._key is None:
            return False
        return hmac.compare_digest(known.secrets[path], _hash(self._key, path, value))

    def is_being_created(self, kind: Kind, name: str) -> bool:
        """Return whether a creation was begun whose result is unknown."""
        return f"{kind} {name}" in self._creating

    def begin_creation(self, kind: Kind, name: str, body: dict[str, Any]) -> None:
        """Remember a creation before it is sent: if this run is interrupted, the next run recognises the object."""
        key = self._key_to_write()
        self._creating[f"{kind} {name}"] = {path: _hash(key, path, value) for path, value in fields(identity(body))}
        self._save()

    def is_creation(self, kind: Kind, item: dict[str, Any]) -> bool:
        """Return whether an object is the result of a creation that was interrupted."""
        asked = self._creating.get(f"{kind} {item['name']}")
        return asked is not None and self._key is not None and fits(item, asked, partial(_hash, self._key))

    def end_creation(self, kind: Kind, name: str) -> None:
        """Forget a creation that Airbyte refused."""
        if self.is_being_created(kind, name):
            del self._creating[f"{kind} {name}"]
            self._save()

    def end_creations(self, but: Iterable[tuple[Kind, str]] = ()) -> None:
        """Forget the interrupted creations, except these. The objects that they made have been found or deleted."""
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
        """Remember an object as ours, the secrets that were sent, and what Airbyte showed of the object afterwards."""
        key = self._key_to_write()
        hashes = {path: _hash(key, path, value) for path, value in sent}
        self._objects[object_id] = _Object(kind=kind, name=name, secrets=hashes, shown=shown or {})
        self._creating.pop(f"{kind} {name}", None)
        self._save()

    def shown(self, object_id: str) -> dict[str, Any]:
        """Return what Airbyte showed of an object after our last write; empty if unknown."""
        known = self._objects.get(object_id)
        return known.shown if known else {}

    def forget(self, object_id: str) -> None:
        """Forget a deleted object."""
        if self._objects.pop(object_id, None):
            self._save()

    def made_workspace(self, workspace_id: str) -> bool:
        """Return whether apply created the workspace or took it over, and so may rename it."""
        return workspace_id in self._workspaces

    def remember_workspace(self, workspace_id: str) -> None:
        """Remember a workspace as ours."""
        if workspace_id not in self._workspaces:
            self._workspaces.append(workspace_id)
            self._save()

    @property
    def variables(self) -> list[str]:
        """The names of the variables of connections.yaml that were set for the last apply."""
        return list(self._variables)

    def remember_variables(self, names: list[str]) -> None:
        """Remember the names of the variables that are set for this apply."""
        if names != self._variables:
            self._variables = names
            self._save()

    def _key_to_write(self) -> bytes:
        if self._key is None:
            self._key = secrets.token_bytes(KEY_BYTES)
            _write_private(self._directory / "key", self._key.hex())
        return self._key

    def _save(self) -> None:
        content = _Content(
            workspaces=self._workspaces,
            variables=self._variables,
            objects=self._objects,
            creating=self._creating,
        )
        _write_private(self.path, content.model_dump_json(indent=2) + "\n")


def _hash(key: bytes, path: str, value: Any) -> str:
    message = f"{path}\n{json.dumps(value, sort_keys=True)}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _reason(error: Exception) -> str:
    """Return the error in one line, without the content of the file."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_input=False)[0]
    return ": ".join([*filter(None, [".".join(map(str, first["loc"]))]), first["msg"]])


def _write_private(path: Path, text: str) -> None:
    """Replace a file in one step: an interrupted run leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
