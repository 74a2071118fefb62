"""Encrypts the parts of a backup with a passphrase, in the format of age.

Age encrypts a stream for a key. The key is made for this backup, and only the key's file is encrypted with the
passphrase. Without this project: `age --decrypt key.age > key` and `age --decrypt -i key data.tar.age > data.tar`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyrage

from tools.backup.content import SEALED, BackupError, Manifest, private
from tools.local.processes import uninterrupted

KEY = f"key{SEALED}"
PLAIN = "restore-"


def seal(folder: Path, passphrase: str) -> None:
    """Replace each file of the folder by its encrypted form, and add the key, encrypted with the passphrase."""
    identity = pyrage.x25519.Identity.generate()
    for path in sorted(folder.iterdir()):
        with path.open("rb") as plain, private(path.with_name(path.name + SEALED)) as sealed:
            pyrage.encrypt_io(plain, sealed, [identity.to_public()])
        path.unlink()
    with private(folder / KEY) as file:
        file.write(pyrage.passphrase.encrypt(str(identity).encode(), passphrase))


@contextmanager
def opened(folder: Path, manifest: Manifest, passphrase: str, beside: Path) -> Iterator[Path]:
    """Give a folder with the plain parts: the backup's own, or a decrypted copy of it below `beside`.

    The copy is removed at the end. Raises BackupError if a passphrase is missing or wrong.
    """
    if not manifest.encrypted:
        yield folder
        return
    if not passphrase:
        raise BackupError("the backup is encrypted. Give its passphrase: BACKUP_PASSPHRASE='…' make restore f=…")
    try:
        text = pyrage.passphrase.decrypt((folder / KEY).read_bytes(), passphrase).decode()
        identity = pyrage.x25519.Identity.from_str(text)
    except pyrage.DecryptError as error:
        raise BackupError(f"the passphrase in BACKUP_PASSPHRASE is not the one of {folder}.") from error
    beside.mkdir(parents=True, exist_ok=True)
    for left in beside.glob(f"{PLAIN}*"):  # by a killed restore
        shutil.rmtree(left)
    plain = TemporaryDirectory(dir=beside, prefix=PLAIN)
    try:
        for name in manifest.parts:
            if name != KEY:
                with (folder / name).open("rb") as sealed, private(Path(plain.name, name.removesuffix(SEALED))) as file:
                    pyrage.decrypt_io(sealed, file, [identity])
        yield Path(plain.name)
    finally:
        with uninterrupted():
            plain.cleanup()
