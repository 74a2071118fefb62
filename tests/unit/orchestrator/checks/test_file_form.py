"""Faults in the form of a file, with their number and their remedy."""

from orchestrator.checks import file_form
from orchestrator.reading.facts import Fault, FileFacts
from orchestrator.reading.formats import CsvFormat, ParquetFormat, StreamFiles

from .examples import FILES, told


def test_faults_of_a_file_have_their_number_and_remedy() -> None:
    facts = FileFacts(
        faults=[Fault(kind="number of values", line=4, text="3 values, the header has 2")],
        fault_counts={"number of values": 9},
        records=5,
    )
    [finding] = file_form.find(FILES, {"a.csv": facts}, {})
    assert told([finding]) == [(True, "a.csv", 4, "")]
    assert "9 such places" in finding.text
    skipping = StreamFiles(["**"], CsvFormat(filetype="csv", ignore_errors_on_fields_mismatch=True))
    assert not file_form.find(skipping, {"a.csv": facts}, {})[0].blocking
    [_, copy] = file_form.find(FILES, {"a.csv": facts}, {"a.csv": "b.csv"})
    assert "b.csv" in copy.text
    assert not copy.blocking


def test_every_fault_has_a_remedy() -> None:
    assert set(file_form.REMEDIES) == set(Fault.model_fields["kind"].annotation.__args__)  # type: ignore[union-attr]


def test_the_encoding_of_garbled_text_is_a_remedy_only_where_another_one_is_set() -> None:
    facts = FileFacts(faults=[Fault(kind="garbled", line=4, text="x", column="name")], fault_counts={"garbled": 1})
    formats = (
        CsvFormat(filetype="csv", encoding="cp1252"),
        CsvFormat(filetype="csv"),
        ParquetFormat(filetype="parquet"),
    )
    found = [file_form.find(StreamFiles(["**"], each), {"a": facts}, {})[0] for each in formats]
    assert told(found) == [(False, "a", 4, "name")] * 3
    assert ["encoding: utf-8" in finding.remedy for finding in found] == [True, False, False]
