"""Runs dbt: the manifest of the main project, then the changed models into the branch's datasets."""

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestrator.dbt_options import BuildOptions
from orchestrator.manifest import DBT

TABLES = {"model", "seed"}


class BranchError(Exception):
    """The branch was not built or compared. The message says what happened, why, and what to do."""


@dataclass(frozen=True)
class Model:
    """A model of the branch and the same one in the main datasets."""

    name: str
    main: str | None
    """`project.dataset.table`; None: the model is new."""
    branch: str
    key: str | None
    """The column of a unique test."""


@dataclass(frozen=True)
class Built:
    """What dbt has built."""

    models: list[Model]
    removed: list[str]
    """The models that the main project has and the branch has not."""
    failures: list[str]
    """The models and tests that failed, with dbt's message."""


@dataclass(frozen=True)
class Branch:
    """A branch of the datasets. Its folder has dbt's output and can be removed at any time."""

    name: str
    checkout: Path
    project: Path
    """The dbt project."""
    dataset: str
    """The main dataset."""
    marked: Collection[str] = ()
    """The dbt sources with `deletions: mark`, as for a run of Dagster."""

    @property
    def own_dataset(self) -> str:
        """The beginning of the names of the branch's datasets."""
        return f"{self.dataset}_branch_{self.name}"

    @property
    def folder(self) -> Path:
        """The folder of dbt's output."""
        return self.checkout / ".local" / "branches" / self.name

    def build(self, base: str) -> Built:
        """Build the models that differ from the git revision `base`, and all after them. Raises BranchError.

        What is not built is read from the main datasets, also if an earlier build left it in the branch's.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        main, state, target = self.folder / "main", self.folder / "main_target", self.folder / "target"
        self._check_out(base, main)
        self._dbt(main, main, state, "parse", *BuildOptions().arguments(self.marked))
        profiles = self._own_profiles()
        # A snapshot holds a history that cannot be built again, so the main one is read.
        options = ["--select", "state:modified+", "--exclude", "resource_type:snapshot"]
        options += ["--defer", "--favor-state", "--state", str(state)]
        options += BuildOptions(full_refresh=True).arguments(self.marked)
        output = self._dbt(self.project, profiles, target, "build", *options, check=False)
        results = target / "run_results.json"
        if not results.exists():
            if "Nothing to do" in output:
                return Built([], self._removed(state, target), [])
            raise BranchError(f"dbt could not build the branch:\n{output.strip()}")
        return self._read(state, target, json.loads(results.read_text())["results"])

    def datasets(self) -> list[str]:
        """Return the names of the branch's datasets, by dbt's last manifest. Raises BranchError if there is none."""
        manifest = self.folder / "target" / "manifest.json"
        if not manifest.exists():
            raise BranchError(f"the branch {self.name} was not built here: {manifest} not found.")
        schemas = {node["schema"] for node in json.loads(manifest.read_text())["nodes"].values()}
        own = self.own_dataset
        # The test row_count_change keeps its counts in the own dataset, which no node of the manifest names.
        return sorted({own} | {schema for schema in schemas if schema.startswith(f"{own}_")})

    def _check_out(self, base: str, target: Path) -> None:
        """Write the dbt project of a git revision into a folder."""
        if not self.project.is_relative_to(self.checkout):
            raise BranchError(
                f"DBT_PROJECT_DIR={self.project}: the dbt project is not in the checkout {self.checkout}, so git "
                "does not tell how it was. Run the command in the project's own checkout."
            )
        where = self.project.relative_to(self.checkout).as_posix()
        found = self._git("rev-parse", "--verify", "--end-of-options", f"{base}^{{commit}}")
        archive = self._git("archive", found.stdout.decode().strip(), "--", where) if not found.returncode else found
        if archive.returncode:
            raise BranchError(
                f"git has no revision {base!r} with {where}: {archive.stderr.decode().strip()}\n"
                "Name the revision that the main datasets were built from: base=<branch, tag or commit>"
            )
        unpacked = target.with_name("checkout")
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as content:
            content.extractall(unpacked, filter="data")
        (unpacked / where).rename(target)
        shutil.rmtree(unpacked)

    def _git(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(["git", "-C", str(self.checkout), *arguments], capture_output=True, check=False)
        except FileNotFoundError as error:
            raise BranchError("git was not found. Install it: the main project is read from a git revision.") from error

    def _own_profiles(self) -> Path:
        """Write profiles.yml with the branch's dataset in each output; return its folder."""
        content = yaml.safe_load((self.project / "profiles.yml").read_text())
        for profile in content.values():
            for output in profile["outputs"].values():
                output["dataset"] = self.own_dataset
        folder = self.folder / "profiles"
        folder.mkdir(parents=True)
        (folder / "profiles.yml").write_text(yaml.safe_dump(content))
        return folder

    def _dbt(self, project: Path, profiles: Path, target: Path, command: str, *options: str, check: bool = True) -> str:
        places = ["--project-dir", str(project), "--profiles-dir", str(profiles), "--target-path", str(target)]
        logs = ["--log-path", str(self.folder / "logs")]
        line = [str(DBT), "--no-use-colors", *logs, command, *places, *options]
        result = subprocess.run(line, cwd=project, capture_output=True, text=True)
        if check and result.returncode:
            raise BranchError(f"dbt {command} failed:\n{(result.stdout + result.stderr).strip()}")
        return result.stdout + result.stderr

    def _read(self, state: Path, target: Path, results: list[dict[str, Any]]) -> Built:
        main, branch = _nodes(state), _nodes(target)
        keys = _keys(target)
        models, failures = [], []
        for result in results:
            identity, status = result["unique_id"], result["status"]
            if status in ("error", "fail", "runtime error"):
                failures.append(f"{identity.split('.')[2]}: {(result.get('message') or status).strip()}")
            elif identity in branch and status == "success" and branch[identity].get("relation_name"):
                before = main[identity]["relation_name"] if identity in main else None
                names = [
                    relation.replace("`", "") if relation else None
                    for relation in (before, branch[identity]["relation_name"])
                ]
                models.append(Model(branch[identity]["name"], names[0], str(names[1]), keys.get(identity)))
        return Built(models, self._removed(state, target), failures)

    @staticmethod
    def _removed(state: Path, target: Path) -> list[str]:
        main, branch = _nodes(state), _nodes(target)
        return sorted(node["name"] for identity, node in main.items() if identity not in branch)


def _nodes(target: Path) -> dict[str, dict[str, Any]]:
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    return {identity: node for identity, node in nodes.items() if node["resource_type"] in TABLES}


def _keys(target: Path) -> dict[str, str]:
    """Return the column of the first unique test of each model."""
    keys: dict[str, str] = {}
    for node in json.loads((target / "manifest.json").read_text())["nodes"].values():
        if (node.get("test_metadata") or {}).get("name") == "unique" and node.get("column_name"):
            keys.setdefault(node["attached_node"], node["column_name"])
    return keys
