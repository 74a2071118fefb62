"""What `make new-source` and `make remove-source` change: text is appended, all or nothing, and taken out again."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

import connections_file
from orchestrator.new_source.adding import Places, plan
from orchestrator.new_source.removing import plan_removal
from platform_kit import locks
from platform_kit.file_changes import Changes, ChangesError, only_one, take_back
from source_texts.errors import SourceError

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    root = tmp_path / "checkout"
    for name in ("dbt_project", "seed_data"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copy(ROOT / "connections.yaml", root)
    return Places(root, root / "connections.yaml", root / "dbt_project", root / "seed_data")


@pytest.fixture
def refunds(tmp_path: Path) -> Path:
    path = tmp_path / "refunds.csv"
    path.write_text("id,order_id,zip,when\n1,3,02134,2024-01-02\n2,5,10115,2024-01-03\n")
    return path


def content(places: Places) -> dict[str, bytes]:
    return {str(p.relative_to(places.root)): p.read_bytes() for p in places.root.rglob("*") if p.is_file()}


def make(places: Places, file: Path, name: str = "refunds", key: tuple[str, ...] = ()) -> None:
    new = plan(places, name, str(file), key=key, header=None, downloads=file.parent)
    new.changes.make(places.journal)


def test_a_source_is_appended_and_removed_without_a_trace(places: Places, refunds: Path) -> None:
    before = content(places)
    make(places, refunds)
    after = content(places)
    assert after["connections.yaml"].startswith(before["connections.yaml"])
    assert set(after) - set(before) == {
        "seed_data/refunds.csv",
        "dbt_project/models/staging/refunds/_refunds__sources.yml",
        "dbt_project/models/staging/refunds/_refunds__models.yml",
        "dbt_project/models/staging/refunds/stg_refunds.sql",
    }
    assert b"parse_date" not in after["dbt_project/models/staging/refunds/stg_refunds.sql"]
    assert b"cast(`when` as date) as `when`" in after["dbt_project/models/staging/refunds/stg_refunds.sql"]
    [stream] = connections_file.load(places.connections).connections[-1].streams
    assert (stream.primary_key, stream.dbt_source) == ([["id"]], "refunds.refunds")
    plan_removal(places, "refunds").make(places.journal)
    assert content(places) == before
    assert not (places.dbt_project / "models/staging/refunds").exists()


def test_a_folder_is_named_once_and_removed_as_a_whole(places: Places, refunds: Path) -> None:
    before = content(places)
    folder = refunds.parent / "days"
    folder.mkdir()
    for day in range(30):
        (folder / f"{day}.csv").write_text(f"id,n\n{day},1\n")
    make(places, folder)
    text = places.connections.read_text()
    assert text.count("seed_data/refunds/\n") == 1
    assert "globs: [jaffle_shop/refunds/*.csv]" in text
    assert len(list((places.seed_folder / "refunds").iterdir())) == 30
    plan_removal(places, "refunds").make(places.journal)
    assert content(places) == before


def test_a_block_in_the_middle_is_removed_alone(places: Places, refunds: Path) -> None:
    before = places.connections.read_bytes()
    make(places, refunds)
    make(places, refunds.rename(refunds.with_name("returns.csv")), "returns")
    plan_removal(places, "refunds").make(places.journal)
    assert connections_file.load(places.connections).connections[-1].name == "returns"
    plan_removal(places, "returns").make(places.journal)
    assert places.connections.read_bytes() == before


def test_a_connections_file_of_another_layout_keeps_it(places: Places, refunds: Path) -> None:
    text = places.connections.read_text().replace("\n", "\r\n") + "# the end"
    text = text.replace("&s3", "&bucket").replace("*s3", "*bucket")
    places.connections.write_bytes(text.encode())
    make(places, refunds)
    changed = places.connections.read_bytes().decode()
    assert changed.endswith("# the end")
    assert "\n" not in changed.replace("\r\n", "")
    assert connections_file.load(places.connections).sources[-1].configuration["bucket"] == "${S3_BUCKET:-jaffle-shop}"
    plan_removal(places, "refunds").make(places.journal)
    assert places.connections.read_bytes() == text.encode()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Refunds 2024", "name=refunds_2024"),
        ("stripe_payments", "connections.yaml"),
        ("jaffle_shop", "jaffle_shop exists already"),
        ("orders", "stg_orders"),
        ("../x", "letters"),
        ("trusted", "trusted"),
    ],
)
def test_a_name_that_is_taken_or_invalid_is_refused(places: Places, refunds: Path, name: str, told: str) -> None:
    before = content(places)
    with pytest.raises(SourceError, match=told):
        make(places, refunds, name)
    assert content(places) == before


def test_nothing_is_overwritten(places: Places, refunds: Path) -> None:
    (places.seed_folder / "refunds.csv").write_text("id\n9\n")
    with pytest.raises(SourceError, match="exists already"):
        make(places, refunds)


@pytest.mark.parametrize("column", ["_airbyte_raw_id", "_ab_source_file_url"])
def test_a_column_that_airbyte_fills_itself_is_refused(places: Places, refunds: Path, column: str) -> None:
    records = refunds.with_suffix(".jsonl")
    records.write_text(json.dumps({"id": 1, column: "x"}) + "\n")
    with pytest.raises(SourceError, match=column):
        make(places, records)


def test_a_name_that_yaml_reads_as_another_value_stays_a_text(places: Places, refunds: Path) -> None:
    before = content(places)
    for name in ("null", "no"):
        make(places, refunds, name)
        assert connections_file.load(places.connections).connections[-1].name == name
        sources = yaml.safe_load((places.source_folder(name) / f"_{name}__sources.yml").read_text())["sources"]
        assert (sources[0]["name"], sources[0]["tables"][0]["name"]) == (name, name)
        plan_removal(places, name).make(places.journal)
    assert content(places) == before


def test_a_key_that_is_no_column_is_refused(places: Places, refunds: Path) -> None:
    with pytest.raises(SourceError, match="no column 'nr'"):
        make(places, refunds, key=("nr",))


def test_two_names_of_one_column_are_refused(places: Places, refunds: Path) -> None:
    refunds.write_text("id,Amount,amount\n1,2,3\n")
    with pytest.raises(SourceError, match="'Amount' and 'amount'"):
        make(places, refunds)


@pytest.mark.parametrize("named", [True, False])  # the error of a write does not name the file
def test_an_error_in_the_middle_changes_nothing(
    places: Places, refunds: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    before = content(places)
    replace, done = Path.replace, []

    def failing(self: Path, target: Path) -> Path:
        if target == places.connections:
            raise OSError(28, "No space left on device", *([str(target)] if named else []))
        done.append(target)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    said = f"{places.connections}: " if named else ""
    with pytest.raises(ChangesError, match=rf"^{re.escape(said)}No space left on device\. Nothing was changed"):
        make(places, refunds)
    assert len(done) == 5  # the journal, the copy and three files of dbt
    assert content(places) == before


def test_what_a_killed_command_left_is_taken_back(
    places: Places, refunds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(places)
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if target.suffix == ".sql":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        make(places, refunds)
    assert content(places) != before
    monkeypatch.undo()
    assert take_back(places.journal)
    assert content(places) == before


def test_an_edit_after_a_killed_command_is_not_lost(
    places: Places, refunds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(places)
    put = Path.replace

    def killed(self: Path, target: Path) -> Path:
        put(self, target)
        if target == places.connections:
            raise KeyboardInterrupt
        return self

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        make(places, refunds)
    monkeypatch.undo()
    written = places.connections.read_text()
    places.connections.write_text(written + "# mine\n")
    left = content(places)
    with pytest.raises(ChangesError, match=rf"connections\.yaml was edited(.|\n)*rm {places.journal}"):
        take_back(places.journal)
    assert content(places) == left
    places.connections.write_text(written)
    model = places.source_folder("refunds") / "stg_refunds.sql"
    model.write_text(model.read_text() + "-- mine\n")
    with pytest.raises(ChangesError, match=r"stg_refunds\.sql was edited"):
        take_back(places.journal)
    model.unlink()
    assert take_back(places.journal)
    assert content(places) == before


def test_a_source_that_a_model_uses_is_not_removed(places: Places, refunds: Path) -> None:
    make(places, refunds)
    model = places.dbt_project / "models/trusted/fct_refunds.sql"
    model.write_text("select * from {{ ref('stg_refunds') }}\n")
    with pytest.raises(SourceError, match="fct_refunds"):
        plan_removal(places, "refunds")
    with pytest.raises(SourceError, match="by hand"):
        plan_removal(places, "stripe_payments")
    with pytest.raises(SourceError, match="no connection 'none'"):
        plan_removal(places, "none")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("snapshots/history.yml", "snapshots:\n  - name: history\n    relation: ref('stg_refunds')\n"),
        ("models/exposures.yml", 'exposures:\n  - name: x\n    depends_on: [ref("stg_refunds")]\n'),
        ("tests/positive.sql", "select * from {{ ref( 'jaffle_shop', 'stg_refunds' ) }}\n"),
        ("models/unit.yml", "unit_tests:\n  - {name: x, model: stg_refunds, given: []}\n"),
    ],
)
def test_a_source_that_anything_in_dbt_uses_is_not_removed(places: Places, refunds: Path, file: str, text: str) -> None:
    make(places, refunds)
    (places.dbt_project / "models/other.sql").write_text("select * from {{ ref('stg_refunds_old') }}\n")
    plan_removal(places, "refunds")
    (places.dbt_project / file).write_text(text)
    with pytest.raises(SourceError, match=file):
        plan_removal(places, "refunds")


def test_an_edit_while_the_question_is_open_is_not_lost(places: Places, refunds: Path) -> None:
    new = plan(places, "refunds", str(refunds), key=(), header=None, downloads=refunds.parent)
    places.connections.write_text(places.connections.read_text() + "# mine\n")
    before = content(places)
    with pytest.raises(ChangesError, match=r"connections\.yaml was changed"):
        new.changes.make(places.journal)
    assert content(places) == before
    make(places, refunds)
    removal = plan_removal(places, "refunds")
    model = places.source_folder("refunds") / "stg_refunds.sql"
    model.write_text("select 1")
    with pytest.raises(ChangesError, match=r"stg_refunds\.sql was changed"):
        removal.make(places.journal)


def test_a_file_that_comes_while_the_question_is_open_is_not_overwritten(places: Places, refunds: Path) -> None:
    new = plan(places, "refunds", str(refunds), key=(), header=None, downloads=refunds.parent)
    (places.seed_folder / "refunds.csv").write_text("id\n9\n")
    with pytest.raises(ChangesError, match=r"refunds\.csv was changed"):
        new.changes.make(places.journal)
    assert (places.seed_folder / "refunds.csv").read_text() == "id\n9\n"


def test_two_commands_do_not_run_at_once(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "RETRY_SECONDS", 0.0)
    with (
        only_one(places.journal, "make x"),
        pytest.raises(ChangesError, match="make x"),
        only_one(places.journal, "make x"),
    ):
        pass
    with only_one(places.journal, "make x"):
        pass


def test_a_full_disk_leaves_no_half_file(places: Places, refunds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(places)

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ChangesError, match="Nothing was changed"):
        make(places, refunds)
    assert content(places) == before
    originals = {str(places.connections): "original"}
    places.journal.write_text(json.dumps({"new": [], "originals": originals, "deleted": []}))
    with pytest.raises(ChangesError, match="not undone"):
        take_back(places.journal)
    assert places.connections.read_bytes() == before["connections.yaml"]
    monkeypatch.undo()
    assert take_back(places.journal)
    assert places.connections.read_text() == "original"


def test_a_copy_that_was_there_already_is_left_by_a_removal(places: Places, refunds: Path) -> None:
    (places.seed_folder / "refunds.csv").write_bytes(refunds.read_bytes())
    days = refunds.parent / "days"
    (places.seed_folder / "visits").mkdir()
    days.mkdir()
    for day in range(3):
        (days / f"{day}.csv").write_text(f"id,n\n{day},1\n")
    shutil.copy(days / "0.csv", places.seed_folder / "visits")
    before = content(places)
    make(places, refunds)
    make(places, days, "visits")
    assert len(content(places)) == len(before) + 2 + 6
    for name in ("refunds", "visits"):
        plan_removal(places, name).make(places.journal)
    assert content(places) == before


def test_a_copy_that_another_connection_reads_stays(places: Places, refunds: Path) -> None:
    before = content(places)
    make(places, refunds)
    make(places, places.seed_folder / "refunds.csv", "returns")
    removal = plan_removal(places, "refunds")
    assert any(line.startswith("keep seed_data/refunds.csv") and "returns" in line for line in removal.diff())
    removal.make(places.journal)
    assert (places.seed_folder / "refunds.csv").read_bytes() == refunds.read_bytes()
    plan_removal(places, "returns").make(places.journal)  # the last one that reads the copy
    assert content(places) == before


def test_the_diff_shows_every_file(places: Places, refunds: Path) -> None:
    changes: Changes = plan(places, "refunds", str(refunds), key=(), header=None, downloads=refunds.parent).changes
    text = "\n".join(changes.diff())
    for part in ("copy ", "+++ b/connections.yaml", "+++ b/dbt_project/models/staging/refunds/stg_refunds.sql"):
        assert part in text
