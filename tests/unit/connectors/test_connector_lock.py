"""The repairs of a package's requirements, with uv's own answers in the place of uv."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.connectors import pypi
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.pypi import Lock, Resolver

Answer = tuple[int, str, str]


class Script(Resolver):
    """Answers as uv does, by what it is asked."""

    def __init__(self, folder: Path, answer: Callable[[str, str, str], Answer]) -> None:
        self._folder, self._answer = folder, answer
        self.uv = self.python = ""
        self.asked: list[str] = []

    def _run(self, *arguments: str) -> Answer:
        overrides = self._folder / "overrides.txt"
        requirement = (self._folder / "requirements.in").read_text().strip()
        given = overrides.read_text() if overrides.exists() and "--overrides" in arguments else ""
        self.asked.append(" ".join(arguments))
        return self._answer(self.asked[-1], requirement, given)


METADATA = """Name: smart_open
Requires-Dist: wrapt
Requires-Dist: smart_open[gcs,some]; extra == "all"
Requires-Dist: Smart.Open [s3]; extra == 'some'
Requires-Dist: boto3[crt]; extra == "all"
Requires-Dist: smart_open[s3,testing]; extra == "dev"
"""


def test_a_release_that_does_not_exist_is_overridden_by_the_newest_that_fits(tmp_path: Path) -> None:
    """With the extras that the extra stands for: uv drops a requirement that an overridden package has of itself."""

    def uv(line: str, _requirement: str, overrides: str) -> Answer:
        if line.startswith("pip install"):
            folder = tmp_path / "metadata/smart-open/smart_open-9.0.2.dist-info"
            folder.mkdir(parents=True)
            (folder / "METADATA").write_text(METADATA)
        if "--universal" not in line:
            return 0, "", ""
        if "smart-open[all,gcs,s3,some]\n" not in overrides:
            return (
                1,
                "",
                (
                    "error: No solution found when resolving dependencies\n  cause: Because there is no version of "
                    "smart-open[all]==0.6.0 and airbyte-source-file>=0.6.0 depends on smart-open[all]==0.6.0, we can "
                    "conclude that airbyte-source-file>=0.6.0 cannot be used."
                ),
            )
        return 0, "airbyte-source-file==0.6.0 \\\n    --hash=sha256:1\nsmart-open==6.2.0 \\\n    --hash=sha256:2\n", ""

    lock = Script(tmp_path, uv).lock("airbyte-source-file", "0.6.0")
    assert list(lock.overrides) == ["smart-open[all,gcs,s3,some]==6.2.0"]
    assert "0.6.0" in lock.overrides["smart-open[all,gcs,s3,some]==6.2.0"]
    assert lock.packages == 2


def test_an_override_has_the_extras_of_all_requirements_that_it_replaces(tmp_path: Path) -> None:
    def uv(line: str, _requirement: str, overrides: str) -> Answer:
        if line.startswith("pip install"):
            (tmp_path / "metadata/parts").mkdir(parents=True)
        if "--universal" in line and not overrides:
            absent = ("parts[a,b]==0.6.0", "other[z]==1", "parts[c]>0.6.0", "parts==0.7.0")
            return 1, "", "".join(f"Because there is no version of {one} and x depends on it. " for one in absent)
        return 0, "parts==1.0\nother==2.0\n", ""

    lock = Script(tmp_path, uv).lock("airbyte-source-x", "1.0")
    assert list(lock.overrides) == ["parts[a,b,c]==1.0"]


def test_an_override_for_a_wheel_has_the_extras_that_were_required(tmp_path: Path) -> None:
    def uv(line: str, requirement: str, overrides: str) -> Answer:
        if line.startswith("pip install"):
            (tmp_path / "metadata/parts").mkdir(parents=True)
        if "--dry-run" in line:
            old = "parts==1.0" in (tmp_path / "requirements.txt").read_text()
            return int(old), "", "Because parts==1.0 has no usable wheels and" if old else ""
        if requirement.startswith("parts>"):
            return 0, "parts==1.1\n", ""
        extras = "[b,a]" if "--no-strip-extras" in line else ""
        return 0, f"my-parts[c]==1.0\nparts{extras}=={'1.1' if overrides else '1.0'}\n", ""

    lock = Script(tmp_path, uv).lock("airbyte-source-x", "1.0")
    assert list(lock.overrides) == ["parts[a,b]==1.1"]


def test_a_requirement_that_cannot_be_read_is_told_as_one_of_the_connector(tmp_path: Path) -> None:
    def uv(line: str, _requirement: str, _overrides: str) -> Answer:
        if line.startswith("pip install"):
            return 1, "", "Because parts was not found in the package registry and you require parts"
        absent = "Because there is no version of parts[a]==0.6.0 and x depends on it"
        return ("--universal" in line, "", absent if "--universal" in line else "")

    with pytest.raises(ConnectorCommandError, match=r"airbyte-source-x 1\.0: .*no package parts") as told:
        Script(tmp_path, uv).lock("airbyte-source-x", "1.0")
    assert "Check the name" not in str(told.value)


def test_a_release_without_a_wheel_is_overridden_by_the_next_that_has_one(tmp_path: Path) -> None:
    def uv(line: str, requirement: str, overrides: str) -> Answer:
        if "--dry-run" in line:
            locked = (tmp_path / "requirements.txt").read_text()
            for name in ("numpy==1.26.4", "langdetect==1.0.9"):
                if name in locked and f"--no-binary {name.partition('=')[0]}" not in line:
                    return 1, "", f"cause: Because {name} has no usable wheels and you require {name}, we can conclude"
            return 0, "", ""
        if requirement.startswith("numpy>"):
            return 0, "numpy==2.1.0\n", ""
        if requirement.startswith("langdetect>"):
            return 1, "", "langdetect>1.0.9 cannot be used"
        numpy = "numpy==2.1.0" if "numpy==2.1.0" in overrides else "numpy==1.26.4"
        return 0, f"{numpy}\nlangdetect==1.0.9\nairbyte-source-faker==7.2.1\n", ""

    lock = Script(tmp_path, uv).lock("airbyte-source-faker", "7.2.1")
    assert list(lock.overrides) == ["numpy==2.1.0"]  # langdetect has no wheel at all: it is built
    assert "1.26.4" in lock.overrides_text
    assert "numpy==2.1.0" in lock.text


@pytest.mark.parametrize(
    ("told", "fact"),
    [
        ('warning: `airbyte-source-x==1.0` is yanked (reason: "broken")', "broken"),
        (
            "Because airbyte-source-x was not found in the package registry and you require",
            "no package airbyte-source-x",
        ),
        (
            "Because airbyte-source-x was not found in the package registry and you require it.\n\nhint: An index "
            "(http://localhost/simple) returned a 403 Forbidden error.",
            "credentials",
        ),
        ("Because there are no versions of airbyte-source-x and you require airbyte-source-x", "login page"),
        ("Because there is no version of airbyte-source-x==1.0 and you require", "no airbyte-source-x 1.0"),
        ("error: Request failed\n  cause: Failed to fetch: http://localhost/simple/airbyte-source-x/", "network"),
        ("Because airbyte-source-x==1.0 depends on a<1 and b depends on a>2", "cannot be met"),
    ],
)
def test_a_release_that_cannot_be_used_is_refused_with_the_reason(told: str, fact: str, tmp_path: Path) -> None:
    def uv(_line: str, _requirement: str, _overrides: str) -> Answer:
        return (0 if "yanked" in told else 1), "airbyte-source-x==1.0\n", told

    with pytest.raises(ConnectorCommandError, match=fact):
        Script(tmp_path, uv).lock("airbyte-source-x", "1.0")


def test_repairs_end(tmp_path: Path) -> None:
    numbers = iter(range(1000))

    def uv(line: str, requirement: str, _overrides: str) -> Answer:
        if "--universal" in line:
            return 1, "", f"Because there is no version of needed{next(numbers)}==1 and airbyte-source-x depends on it"
        return 0, f"{requirement}==2\n", ""

    with pytest.raises(ConnectorCommandError, match=str(pypi.MOST_REPAIRS)):
        Script(tmp_path, uv).lock("airbyte-source-x", "1.0")


def test_the_files_of_a_lock_are_those_of_make_lock() -> None:
    lock = Lock("airbyte-source-x", "1.0", overrides={"numpy==2.1.0": "No wheel."})
    assert lock.requirement == "airbyte-source-x==1.0\n"
    assert lock.overrides_text == "# No wheel.\nnumpy==2.1.0\n"


def test_a_module_that_python_has_no_more_is_added_as_a_package() -> None:
    added = pypi.missing_package("source-x could not be imported: ModuleNotFoundError: No module named 'cgi'. More.")
    assert list(added) == ["legacy-cgi"]
    lock = pypi.Lock("airbyte-source-x", "1.0", added=added)
    assert lock.requirement.splitlines()[0] == "airbyte-source-x==1.0"
    assert lock.requirement.splitlines()[2] == "legacy-cgi"
    assert pypi.missing_package("No module named 'of_its_own'") == {}
    assert pypi.missing_package("The token is wrong.") == {}
