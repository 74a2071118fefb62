"""A source written inside its connection, and the places for YAML anchors that make such blocks short."""

from pathlib import Path

import pytest

from connections_file import ConnectionsFile, ConnectionsFileError, load

HEAD = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
x-s3: &s3
  bucket: ${BUCKET}
  secret: ${SECRET}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {}}
"""
STREAM = "{name: t, sync_mode: full_refresh_append, dbt_source: shop.t}"
CONNECTION = f"""\
  - name: orders
    source:
      connector: source-s3
      configuration:
        <<: *s3
        glob: ${{GLOB}}
    destination: d
    streams: [{STREAM}]
"""
INLINE = HEAD + "connections:\n" + CONNECTION  # the connection begins on line 8
ENVIRONMENT = {"BUCKET": "b", "SECRET": "s", "GLOB": "*.csv"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "connections.yaml"


def loaded(path: Path, text: str) -> ConnectionsFile:
    path.write_text(text)
    return load(path, ENVIRONMENT)


def mistakes(path: Path, text: str) -> list[str]:
    with pytest.raises(ConnectionsFileError) as error:
        loaded(path, text)
    return [line.removeprefix(f"{path}:") for line in str(error.value).splitlines()]


def test_it_is_a_source_like_any_other_called_like_its_connection(path: Path) -> None:
    file = loaded(path, INLINE)
    [source], [connection] = file.sources, file.connections
    assert (source.name, connection.source) == ("orders", "orders")
    assert (source.connector, source.where) == ("source-s3", f"{path}:9")
    assert source.expanded() == {"bucket": "b", "secret": "s", "glob": "*.csv"}


def test_a_name_of_its_own(path: Path) -> None:
    file = loaded(path, INLINE.replace("    source:\n", "    source:\n      name: ${GLOB}\n"))
    assert (file.sources[0].name, file.connections[0].source) == ("*.csv", "*.csv")


def test_another_connection_refers_to_it_by_name(path: Path) -> None:
    stream = STREAM.replace("shop.t", "shop.u").replace("name: t", "name: u")
    other = f"  - {{name: more, source: orders, destination: d, streams: [{stream}]}}\n"
    file = loaded(path, INLINE + other)
    assert [source.name for source in file.sources] == ["orders"]
    assert [connection.source for connection in file.connections] == ["orders", "orders"]


def test_both_forms_in_one_file_the_listed_sources_first(path: Path) -> None:
    sources = "sources:\n  - {name: listed, connector: source-s3, configuration: {x: '${NOWHERE}'}}\n"
    file = loaded(path, sources + INLINE)
    assert [source.name for source in file.sources] == ["listed", "orders"]
    with pytest.raises(ConnectionsFileError, match=r":2: sources\[0\]\.configuration\.x: .* NOWHERE is not set"):
        file.sources[0].expanded()


def test_a_file_without_any_source_list(path: Path) -> None:
    assert loaded(path, HEAD + "connections: []\n").sources == []


def test_an_unset_variable_is_asked_for_only_when_it_is_needed_and_told_where_it_is_written(path: Path) -> None:
    path.write_text(INLINE)
    for missing, place in (
        ("GLOB", "13: connections[0].source.configuration.glob"),
        ("SECRET", "4: connections[0].source.configuration.secret"),  # merged: the anchor's line
    ):
        source = load(path, {key: value for key, value in ENVIRONMENT.items() if key != missing}).sources[0]
        with pytest.raises(ConnectionsFileError) as error:
            source.expanded()
        assert str(error.value).startswith(f"{path}:{place}: the environment variable {missing} is not set")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "source-s3",
            "source-s3\n      color: red",
            "11: connections[0].source.color: Extra inputs are not permitted.",
        ),
        ("      connector: source-s3\n", "", "9: connections[0].source.connector: Field required."),
        ("source-s3", "[]", "10: connections[0].source.connector: Input should be a valid string."),
        ("  - name: orders\n    source", "  - source", "8: connections[0].name: Field required."),
        ("name: orders", "name: [a]", "8: connections[0].name: Input should be a valid string."),
        ("source-s3", "source-s3\n      name: 5", "11: connections[0].source.name: Input should be a valid string."),
        ("connector: source", "name: ${NO}\n      c: ", "10: connections[0].source.name: the environment variable NO"),
        ("connections:\n", "sources: {}\nconnections:\n", "7: sources: Input should be a valid list."),
    ],
)
def test_each_mistake_is_told_once_at_its_place(path: Path, old: str, new: str, expected: str) -> None:
    assert old in INLINE
    [told] = mistakes(path, INLINE.replace(old, new, 1))
    assert told.startswith(expected)


@pytest.mark.parametrize("value", ["", "[a]", "5"])
def test_what_is_neither_a_name_nor_a_source(path: Path, value: str) -> None:
    text = f"{HEAD}connections:\n  - {{name: orders, source: {value}, destination: d, streams: [{STREAM}]}}\n"
    assert mistakes(path, text) == [
        "8: connections[0].source: Input should be the name of a source, or the source itself "
        "(connector and configuration)."
    ]


def test_a_source_called_like_a_listed_one(path: Path) -> None:
    listed = "sources:\n  - {name: orders, connector: source-s3, configuration: {}}\n"
    assert mistakes(path, listed + INLINE) == [
        f"11: connections[0].source.name: another source has the name 'orders' ({path}:2). "
        "Set another name for this source, or use the other source: source: orders."
    ]


def test_two_inline_sources_with_one_name(path: Path) -> None:
    second = CONNECTION.replace("orders", "more").replace("shop.t", "shop.u").replace("name: t", "name: u")
    second = second.replace("      connector", "      name: orders\n      connector")
    [told] = mistakes(path, INLINE + second)
    assert told.startswith(f"18: connections[1].source.name: another source has the name 'orders' ({path}:9). ")


def test_two_connections_with_one_name_are_one_mistake(path: Path) -> None:
    assert mistakes(path, INLINE + CONNECTION.replace("shop.t", "shop.u").replace("name: t", "name: u")) == [
        "16: connections[1].name: duplicate name 'orders'; names must be unique."
    ]


def test_the_users_own_keys_are_not_looked_into(path: Path) -> None:
    loaded(path, "x-anything: ['${NOWHERE}', {name: 1}]\nx-: null\n" + INLINE)


@pytest.mark.parametrize("key", ["y-s3", "X-s3", "xs3"])
def test_other_keys_are_refused(path: Path, key: str) -> None:
    assert mistakes(path, INLINE.replace("x-s3", key)) == [f"2: {key}: Extra inputs are not permitted."]


def test_the_users_own_keys_stand_at_the_top_only(path: Path) -> None:
    assert mistakes(path, INLINE.replace("    destination: d\n", "    destination: d\n    x-note: a\n")) == [
        "15: connections[0].x-note: Extra inputs are not permitted."
    ]


def test_several_anchors_are_merged_as_a_list(path: Path) -> None:
    more = "x-more: &more {start: 2024}\n" + INLINE
    assert loaded(path, more.replace("<<: *s3", "<<: [*s3, *more]")).sources[0].expanded()["start"] == 2024
    assert mistakes(path, more.replace("<<: *s3", "<<: *s3\n        <<: *more")) == [
        "14: connections[0].source.configuration.<<: duplicate key; write <<: [*one, *two]."
    ]


def test_an_anchor_inside_itself(path: Path) -> None:
    with pytest.raises(ConnectionsFileError, match=r"connections\.yaml: an anchor .* contains its own alias"):
        loaded(path, "x-loop: &loop [*loop]\n" + INLINE)


def test_a_reference_without_quotes_in_a_flow_mapping(path: Path) -> None:
    [told] = mistakes(path, INLINE.replace("configuration: {}", "configuration: {project_id: ${PROJECT}}"))
    assert told.startswith("6: not valid YAML: ")
    assert told.endswith('Inside {} and [] a reference needs quotes: "${NAME}".')
