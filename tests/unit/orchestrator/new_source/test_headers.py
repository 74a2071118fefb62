"""Which line `make new-source` takes for the header of a CSV file, and the names of the columns."""

from pathlib import Path

import pytest

from orchestrator.new_source.csv_look import look_at_csv
from orchestrator.new_source.found import Found
from orchestrator.new_source.json_look import look_at_json_lines
from source_texts.errors import SourceError


def looked(folder: Path, *contents: str, header: bool | None = None) -> Found:
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / f"{number}.csv")
        paths[-1].write_text(content)
    return look_at_csv(paths, "orders", header)


def names(found: Found) -> list[str]:
    return [column.name for column in found.columns]


@pytest.mark.parametrize(
    "header",
    [
        "Country Name,Country Code,1960,1961,",  # as the World Bank writes it
        "geo,2021,2020",
        "geo,1990,2000,2015",
        "item,2024-01,2024-02",
        "geo,2019Q1,2019Q2",
        "geo,2019-Q4,2020-Q1",
    ],
)
def test_a_header_with_a_column_for_each_period_is_one(tmp_path: Path, header: str) -> None:
    columns = header.rstrip(",").split(",")
    record = ",".join("AT" if name[0].isalpha() else "8" for name in columns) + header[len(header.rstrip(",")) :]
    found = looked(tmp_path, f"{header}\n{record}\n{record}\n")
    assert (names(found), found.records) == (columns, 2)
    assert any("read as the header" in note and "header=no" in note for note in found.notes)


@pytest.mark.parametrize(
    "text",
    [
        "AT,1995,2020\nBE,1958,2021\nDE,1949,2022\n",  # from and to
        "AT,2019\nBE,2020\n",
        "AT,2020,2020\nBE,5,6\n",
        "AT,2019,17\nBE,2020,18\n",
        "AT,2019,3000\nBE,2020,4000\n",
        "AT,2020-01-05,2021\nBE,1,2\n",
    ],
)
def test_years_in_records_are_no_header(tmp_path: Path, text: str) -> None:
    assert names(looked(tmp_path, text))[:2] == ["column_1", "column_2"]


def test_a_header_that_is_shorter_than_its_records_gives_their_names(tmp_path: Path) -> None:
    """As a bank writes it: each record ends with a delimiter."""
    found = looked(tmp_path, "Details,Date,Amount\nDEBIT,01/02/2024,-4.50,\nCREDIT,01/15/2024,100.00,\n")
    assert names(found) == ["Details", "Date", "Amount", "column_4"]
    assert found.options["skip_rows_before_header"] == 1
    assert any("3 names, the records have 4 values" in note for note in found.notes)
    # Here the first value has no name, as in a file of R.
    assert names(looked(tmp_path, "mpg,cyl\nMazda,21,6\nDatsun,22,4\n")) == ["column_1", "column_2", "column_3"]
    # A title is no header.
    assert names(looked(tmp_path, "Report,2024\n1,02134,a,\n2,10115,b,\n"))[0] == "column_1"


def test_names_without_ascii_letters_are_replaced(tmp_path: Path) -> None:
    found = looked(tmp_path, "編號,名前,Währung,id\n1,東京,EUR,7\n2,大阪,EUR,8\n")
    assert names(found) == ["column_1", "column_2", "Währung", "id"]
    assert (found.options["skip_rows_before_header"], found.records) == (1, 2)
    assert any("名前 → column_2" in note for note in found.notes)
    # Of these names, the digits and the Latin letters are left: only what is the same for BigQuery is replaced.
    assert names(looked(tmp_path, "年 2020,月 2020,日 A\n1,2,3\n")) == ["column_1", "column_2", "日 A"]
    with pytest.raises(SourceError, match="line 1: column 2 has no name"):
        looked(tmp_path, "id,,name\n1,2,Ada\n", header=True)


def test_files_with_replaced_names_have_the_same_columns(tmp_path: Path) -> None:
    same = "番号;都市\n1;東京\n"
    assert looked(tmp_path, same, same).records == 2
    with pytest.raises(SourceError, match=r"1.csv, line 1: other columns than in 0.csv"):
        looked(tmp_path, same, "都市;番号\n東京;1\n")


def test_a_value_in_a_column_without_a_name_is_refused(tmp_path: Path) -> None:
    assert names(looked(tmp_path, "id,name,\n1,Ada,\n2,Bob, \n")) == ["id", "name"]
    with pytest.raises(SourceError, match="line 3: 'x' stands in a column without a name"):
        looked(tmp_path, "id,name,\n1,Ada,\n2,Bob,x\n")


def test_quotes_of_a_file_without_quoting_are_text(tmp_path: Path) -> None:
    path = tmp_path / "titles.tsv"
    path.write_text('id\ttitle\n1\t"Le" clown\n2\t"Open\n3\t5" pipe\n')
    found = look_at_csv([path], "titles", None)
    assert (found.options, found.records) == ({"delimiter": r"\t", "quote_char": "\x01"}, 3)
    path.write_text('id\ttitle\n1\t"a ""b"""\n2\t"c\td"\n3\t5" pipe\n')
    assert look_at_csv([path], "titles", None).options == {"delimiter": r"\t"}


def test_records_inside_one_object_are_told(tmp_path: Path) -> None:
    path = tmp_path / "places.json"
    path.write_text('{"type": "FeatureCollection", "features": [{"id": 1}, {"id": 2}]}\n')
    notes = look_at_json_lines([path], "places").notes
    assert any("jq -c '.[\"features\"][]' places.json" in note for note in notes)
    path.write_text('{"id": 1, "items": [{"n": 1}]}\n{"id": 2, "items": [{"n": 1}]}\n')
    assert look_at_json_lines([path], "places").notes == []
