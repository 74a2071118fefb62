"""Repairs of the S3 connector: ZIP archives. Each case fails without its repair."""

import io
import zipfile
from typing import Any

from .s3_source import Put, Source


def test_archive_is_read_in_any_encoding_and_without_its_folders(s3_source: Source, put: Put) -> None:
    text = "id,name\n1,Zoë\n2,日本\n"
    streams: dict[str, tuple[list[str], dict[str, Any]]] = {}
    for encoding in ("utf8", "utf-8-sig", "utf-16"):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
            members.writestr("folder/", "")
            members.writestr("folder/a.csv", text.encode(encoding))
        put(f"{encoding}.zip", archive.getvalue())
        streams[encoding] = ([f"{encoding}.zip#*/*"], {"encoding": encoding})
    records, errors, _ = s3_source.read(streams)
    assert errors == {}
    found = {name: [(record["id"], record["name"]) for record in rows] for name, rows in records.items()}
    assert found == {key: [(1, "Zoë"), (2, "日本")] for key in streams}


def test_archive_that_cannot_be_read_is_named_and_its_own_name_may_have_any_character(
    s3_source: Source, put: Put
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("a.csv", "id,name\n1,a\n")
    whole = archive.getvalue()
    directory = whole.rindex(b"PK\x01\x02")
    changed = {"q-locked": (8, b"\x01"), "packed": (10, b"\x09")}  # the flags and the method in the archive's directory
    contents = {
        name: whole[: directory + at] + new + whole[directory + at + 1 :] for name, (at, new) in changed.items()
    }
    no_date = whole[: directory + 12] + bytes(4) + whole[directory + 16 :]
    contents |= {"text": b"id,name\n1,a\n", "cut": whole[:-30], "q?#1": no_date}
    for name, content in contents.items():
        put(f"{name}.zip", content)
    for name, facts in {
        "q-locked": ("q-locked.zip#a.csv", "encrypted"),
        "packed": ("packed.zip#a.csv", "method 9"),
        "text": ("text.zip", "no ZIP archive"),
        "cut": ("cut.zip", "cut off"),
    }.items():
        s3_source.failure = None
        _, errors, _ = s3_source.read({name: ([f"{name}.zip#*"], {})})
        assert s3_source.failure, name
        message = errors.get(name, s3_source.failure.message)  # of a file, or of all
        assert all(fact in message for fact in facts), message
    s3_source.failure = None
    records, errors, _ = s3_source.read({"rows": (["q[?]#1.zip#*"], {})})  # the encrypted archive lies beside it
    assert (errors, s3_source.failure) == ({}, None)
    found = [(record["id"], record["_ab_source_file_last_modified"] > "2026") for record in records["rows"]]
    assert found == [(1, True)]  # the time of the archive: that of the file in it is no date
