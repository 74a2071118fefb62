"""Which files of the seed folder are uploaded, and why the others are not."""

import os
from pathlib import Path

from airbyte_as_code.render import line
from bootstrap.seed_files import seed_files


def test_every_entry_is_uploaded_or_has_a_reason(tmp_path: Path) -> None:
    uploaded = ["A.CSV", "b.csv.gz", "c.tsv", "deep/er/d.parquet", "e.zip", "größe.jsonl"]
    for name in uploaded:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "README.md").write_text("about the data")
    (tmp_path / ".hidden.csv").write_text("x")
    (tmp_path / ".folder").mkdir()
    (tmp_path / "empty.csv").touch()
    (tmp_path / "picture.png").write_text("x")
    (tmp_path / "plain").write_text("x")
    (tmp_path / "two\nlines.csv").write_text("x")
    (tmp_path / "deep/README.md").write_text("x")
    (tmp_path / "broken.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").symlink_to(tmp_path / "deep")
    os.mkfifo(tmp_path / "pipe.csv")
    found = {file.name: file.refused for file in seed_files(tmp_path)}
    assert [name for name, refused in found.items() if not refused] == sorted(uploaded)
    facts = {
        ".folder": "hidden",
        ".hidden.csv": "hidden",
        "broken.csv": "missing file",
        "deep/README.md": ".csv",
        "empty.csv": "empty",
        "folder": "link to a folder",
        "picture.png": ".csv",
        "pipe.csv": "not a regular file",
        "plain": ".csv",
        "two\nlines.csv": "control character",
    }
    assert set(found) == {*uploaded, *facts}
    assert [name for name, fact in facts.items() if fact not in found[name]] == []


def test_an_object_has_one_line() -> None:
    assert line("object", "two\nlines\x1b[31m größe.csv", "left").split() == [
        "object",
        r"two\nlines\x1b[31m",
        "größe.csv",
        "left",
    ]
