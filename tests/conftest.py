"""For all tests: an environment without our variables, and the order on the workers. Only some may start a process."""

import gc
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

from platform_kit.settings_table import TABLE

PREFIXES = (
    *("AIRBYTE_", "AWS_", "BIGQUERY_", "BOOTSTRAP_", "BQ_", "COMPOSE_", "CONNECTIONS_", "CONNECTOR_", "DAGSTER_"),
    *("DBT_", "GCP_", "GOOGLE_", "PROXY_", "S3_", "SEED_DATA_", "WAREHOUSE", "WORKSPACE_"),
)

TESTS = Path(__file__).parent
INTEGRATION = TESTS / "integration"
# The workers end at about the same time when the files that take longest are begun first.
LONGEST_FIRST = (
    "test_loader_changes",
    "test_bootstrap_interruptions",
    "test_orchestrator_job",
    "test_dbt_project",
    "test_console_pages",
    "test_incremental_models",
    "test_airbyte_api_process",
    "test_loader_failures",
    "test_bigquery_mode",
    "test_orchestrator_failures",
    "test_connector_s3",
    "test_persistent_s3",
    "test_bring_your_own_data",
    "test_batches",
    "test_bootstrap_drift",
    "test_bootstrap_seed",
    "test_sync_modes",
    "test_warm_dbt",
    "test_loader_modes",
    "test_landing_checks",
    "test_bootstrap_apply",
    "test_sync_schema_changes",
    "test_connector_interruptions",
    "test_warehouse_semantics",
    "test_backup",
)

MEMORY = Path("/dev/shm")  # a file system in memory that every Linux has
ROOM = 6 << 30  # bytes


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Put the tests' files into memory where there is room, unless `TMPDIR` names a folder.

    Otherwise a tenth of the time of `make test` goes into waiting for the disk: each commit of each database is synced.
    A process that is killed leaves the same files behind in both places.
    """
    if "TMPDIR" not in os.environ and _has_room():
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # Python then reads TMPDIR again


def _has_room() -> bool:
    try:
        system = os.statvfs(MEMORY)
        available = re.findall(r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(), flags=re.MULTILINE)
    except FileNotFoundError:  # not Linux
        return False
    programs_may_start = not system.f_flag & os.ST_NOEXEC  # in a container of Docker they may not
    return programs_may_start and min(system.f_bavail * system.f_frsize, int(available[0]) << 10) > ROOM


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist's plugin there is no such hook
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Give each file to one worker, as its tests share fixtures."""
    return LoadFileScheduling(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which `.ci/run` asks for more than `make test` does."""
    parser.addoption("--all-moments", action="store_true", help="kill bootstrap at every request, not one of each kind")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first. This order is kept by `--no-loadscope-reorder`, see pyproject.toml."""
    ranks = {name: rank for rank, name in enumerate(LONGEST_FIRST)}

    def rank(item: pytest.Item) -> tuple[bool, int]:
        return not item.path.is_relative_to(INTEGRATION), ranks.get(item.path.stem, len(ranks))

    items.sort(key=rank)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage while the tests are imported, and later only what the tests make.

    Almost all that is made here stays. Looking for garbage in it takes 40 % of the time of the collection, and a third
    of a second each time that it happens in a test. What the tests make is looked at a tenth as often as Python does by
    itself, which would take 5 % of their time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)
        gc.enable()


def pytest_sessionfinish() -> None:
    """Collect the garbage here, once and once again for what the first time has woken.

    pytest then does it five times, for warnings of resources that were left open, each time through all that was
    imported: it takes three seconds without this.
    """
    gc.collect()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """Take our settings out of the environment of the tests and of every process that they start."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name in TABLE or name.startswith(PREFIXES)]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def no_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Have the tests, and the services that they start, know no certificate authority: an empty folder.

    Every HTTP client reads the certificates, which takes 10 ms of processor time, and every address here is plain HTTP.
    """
    folder = tmp_path_factory.mktemp("no_certificates")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SSL_CERT_FILE", raising=False)  # it would come first
        patch.setenv("SSL_CERT_DIR", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def no_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a unit or contract test that starts a process: `make check` runs only tests without processes."""

    start = subprocess.Popen.__init__

    def refuse(self: subprocess.Popen[bytes], command: Any, *arguments: Any, **options: Any) -> None:
        program = command if isinstance(command, str) else command[0]
        assert shutil.which(program) is None, "a test that starts a process belongs to tests/integration"
        start(self, command, *arguments, **options)  # the program is missing, which such a test is about

    if request.path.relative_to(TESTS).parts[0] in ("unit", "contract"):
        monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
