import tomllib
from pathlib import Path

import pytest

from airbyte_lite.connectors.registry import Image, Pinned, RegistryError, load_registry
from airbyte_lite.settings import CONNECTORS, Settings


def test_connectors_are_keyed_by_airbytes_name() -> None:
    connectors = load_registry(Path("environments"))
    for name in ("source-s3", "source-declarative-manifest"):  # a checkout may have more
        assert (connectors[name].name, connectors[name].command) == (name, name)
    assert connectors["source-s3"].definition_id == "69589781-7828-43c5-9f63-8925b1c1ccc2"
    assert connectors["source-declarative-manifest"].definition_id == "64a2f99c-542f-4af8-9a6f-355f1217b436"


def test_an_image_has_its_own_folder_of_connectors() -> None:
    assert Settings.read({}).connectors == CONNECTORS
    assert Settings.read({"CONNECTORS_DIR": "/opt/platform/connectors"}).connectors == Path("/opt/platform/connectors")


def test_environments_are_absolute() -> None:
    """A connector is started in a directory of its own."""
    connector = load_registry(Path("environments"))["source-s3"]
    assert connector.environment == Path.cwd() / "environments" / "source-s3"


def test_versions_are_what_the_locks_install() -> None:
    for entry in tomllib.loads((CONNECTORS / "connectors.toml").read_text()).values():
        if "package" not in entry:  # a manifest
            continue
        assert f"\n{entry['package']}=={entry['version']} \\\n" in (CONNECTORS / entry["lock"]).read_text()


def test_an_environment_is_named_as_the_folder_of_its_lock(tmp_path: Path) -> None:
    """The launcher and the image install every folder's lock under the folder's name."""
    registry = tmp_path / "connectors.toml"
    registry.write_text(
        '[source-fake]\ntitle = "Fake"\ndefinition_id = "1"\nversion = "1.0"\n'
        'lock = "fake/requirements.txt"\ncommand = "fake"\n'
    )
    connector = load_registry(Path("/opt/connectors"), registry)["source-fake"]
    assert connector.environment == Path("/opt/connectors/fake")
    assert connector.lock == tmp_path / "fake/requirements.txt"
    assert connector.language_data == tmp_path / "nltk_data"


def test_language_data_is_where_connectors_look_for_it() -> None:
    names = {path.name for path in (CONNECTORS / "nltk_data" / "tokenizers").iterdir()}
    assert names == {"punkt.zip", "punkt_tab.zip", "averaged_perceptron_tagger_eng.zip"}


@pytest.mark.parametrize(
    ("entry", "fact"),
    [
        ('image = "airbyte/source-postgres:3.7.1"', "image_id"),
        (
            'image = "airbyte/source-x"\nimage_id = "1"\ntitle = "X"\ndefinition_id = "1"\nversion = "1"',
            "airbyte/source-NAME:VERSION",
        ),
        ('title = "X"', r"\[source-x\].*definition_id"),
        ("definition_id = 5", "definition_id"),
        ('manifest = "source-x/manifest.yaml"', "manifest_sha256"),
        ("title = ", "TOML"),
    ],
)
def test_an_entry_that_cannot_be_run_is_told(entry: str, fact: str, tmp_path: Path) -> None:
    registry = tmp_path / "connectors.toml"
    registry.write_text(f"[source-x]\n{entry}\n")
    with pytest.raises(RegistryError, match=fact):
        load_registry(Path("environments"), registry)


def test_a_pinned_file_that_changed_is_told(tmp_path: Path) -> None:
    file = tmp_path / "manifest.yaml"
    pinned = Pinned(file, "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")
    assert "cannot be read" in pinned.fault()
    file.write_text("foo")
    assert pinned.fault() == ""
    file.write_text("bar")
    assert pinned.sha256 in pinned.fault()


def test_an_image_is_the_pinned_one_by_its_id_or_by_the_digest_of_its_repository(tmp_path: Path) -> None:
    registry = tmp_path / "connectors.toml"
    registry.write_text(
        '[source-x]\ntitle = "X"\ndefinition_id = "1"\nversion = "1"\nimage = "airbyte/source-x:1"\n'
        'image_id = "sha256:a"\nimage_digest = "sha256:d"\n'
    )
    image = load_registry(Path("environments"), registry)["source-x"].image
    assert image == Image("airbyte/source-x:1", "sha256:d", "sha256:a")
    assert image.is_the_pinned("sha256:a", [])  # loaded from an archive, which has no digests of registries
    assert image.is_the_pinned("sha256:b", ["airbyte/source-x@sha256:d"])  # for another processor
    assert not image.is_the_pinned("sha256:b", ["airbyte/source-y@sha256:d", "airbyte/source-x@sha256:e"])
    assert not Image("airbyte/source-x:1", "", "sha256:a").is_the_pinned("sha256:b", ["airbyte/source-x@"])


def test_folder_without_a_registry(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="CONNECTORS_DIR"):
        load_registry(Path("environments"), tmp_path / "connectors.toml")
