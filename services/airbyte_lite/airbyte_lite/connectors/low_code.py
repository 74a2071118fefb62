"""Runs a named low-code connector: a YAML manifest of Airbyte's registry, with airbyte-cdk.

The fork server imports this file in the connector's environment, so it uses airbyte-cdk and the standard library only.
airbyte-cdk's own command `source-declarative-manifest` reads a manifest from the configuration or from a fixed path of
its image, and gives its own specification instead of the manifest's. Otherwise the commands are the same.
"""

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

COMPONENTS = "components.py"
MODULES = ("components", "source_declarative_manifest.components")
"""The names by which manifests refer to their custom components."""


def connector(manifest: str, archive: str | None) -> Callable[[], None]:
    """Read the manifest and, if an archive is given, import its custom components; return the console script.

    airbyte-lite has checked the files' hashes and gives an archive only after the consent to run its code.
    """
    from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
    from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
    from airbyte_cdk.utils.yaml_loader import safe_load_yaml

    declared = safe_load_yaml(Path(manifest).read_text(encoding="utf-8"))
    if not isinstance(declared, dict):
        raise SystemExit("the manifest is not a mapping of YAML")
    if archive is not None:
        import_components(archive)

    def run() -> None:
        arguments = sys.argv[1:]
        given = AirbyteEntrypoint.parse_args(arguments)
        config, catalog, state = (getattr(given, name, None) for name in ("config", "catalog", "state"))
        source = ConcurrentDeclarativeSource(
            config=ConcurrentDeclarativeSource.read_config(config) if config else {},
            catalog=ConcurrentDeclarativeSource.read_catalog(catalog) if catalog else None,
            state=ConcurrentDeclarativeSource.read_state(state) if state else [],
            source_config=declared,
            config_path=config,
            custom_components_trusted=archive is not None,
        )
        launch(source=source, args=arguments)

    return run


def import_components(archive: str) -> None:
    """Import components.py from the archive, under the names that manifests use. Nothing is unpacked to the disk."""
    with zipfile.ZipFile(archive) as files:
        code = files.read(COMPONENTS)
    module = ModuleType(MODULES[0])
    module.__file__ = f"{archive}/{COMPONENTS}"
    package = ModuleType(MODULES[1].partition(".")[0])
    package.__path__ = []
    sys.modules[package.__name__] = package
    for name in MODULES:  # before its code runs: dataclasses look their module up
        sys.modules[name] = module
    exec(compile(code, module.__file__, "exec"), module.__dict__)  # noqa: S102 - after the consent
