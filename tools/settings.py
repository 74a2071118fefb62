"""`make settings`: writes everything that is generated from the table of settings.

The table is settings.ini in packages/platform_kit. These parts are generated: .env.example; the lines between
`generated from the table of settings: begin` and `end` in the files of BLOCKS and in the modes' files; each setting's
default in the compose files, the Dockerfile, connections.yaml, the dbt profile and the dbt sources.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tools.settings_table import TABLE, Setting

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 120
MARK = "generated from the table of settings: {}"
HEAD = (
    "The platform's settings on Docker Compose, generated from the table of settings: make settings. `make env` "
    "copies this file to .env and fills in what is generated; to an existing .env it adds what is missing, and changes "
    "nothing. A variable of the environment has precedence over .env. Two checkouts side by side need different names "
    "and ports."
)
MODE_FILES = {"airbyte": TABLE["AIRBYTE_MODE"].values, "warehouse": TABLE["WAREHOUSE"].values}
READ_MODE_FILES = ("airbyte", "bootstrap", "console", "dagster")  # containers that get compose/*/<mode>.env
DBT = r"(env_var\('NAME', ')[^']*('\))"
# How each kind of file writes a setting's default: the groups are the text before and after the default.
DEFAULTS = {
    "docker-compose.yml": r"(\$\{NAME:?-)[^}]*(\})",
    "compose/airbyte/docker-compose.yml": r"(\$\{NAME:?-)[^}]*(\})",
    "connections.yaml": r"(\$\{NAME:?-)[^}]*(\})",
    "dbt_project/profiles.yml": DBT,
    "dbt_project/models/staging/jaffle_shop/_jaffle_shop__sources.yml": DBT,
    "dbt_project/models/staging/stripe/_stripe__sources.yml": DBT,
    "services/Dockerfile": r"(?m)(^ARG NAME=).*()$",
}


def comment(text: str) -> list[str]:
    """Return a text as comment lines."""
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH - 2)]


def env_example() -> str:
    """Return the text of .env.example."""
    lines = comment(HEAD)
    heading = ""
    for setting in TABLE.values():
        if setting.env == "none":
            continue
        if setting.heading != heading:
            heading = setting.heading
            lines += ["", f"# --- {heading} ".ljust(WIDTH - 3, "-")]
        lines += comment(setting.meaning)
        value = "" if setting.generated else setting.default if setting.example is None else setting.example
        lines.append(f"{'#' * (setting.env == 'commented')}{setting.name}={value}")
    return "\n".join(lines) + "\n"


def compose_value(setting: Setting) -> str:
    """Return the value of a setting in a container's `environment` in the compose file."""
    if setting.env == "none":
        return setting.in_container
    if setting.generated:
        return f"${{{setting.name}:?run make env}}"
    return f"${{{setting.name}{'-' if setting.empty else ':-'}{setting.in_container}}}"


def compose() -> Iterator[str]:
    """Yield the block of docker-compose.yml: an anchor with the variables of each consumer."""
    consumers = dict.fromkeys(consumer for setting in TABLE.values() for consumer in setting.consumers)
    for consumer in consumers:
        if consumer == "run-worker":  # gets them from the daemon, by dagster.yaml
            continue
        yield f"x-{consumer}-settings: &{consumer}-settings"
        for setting in TABLE.values():
            if consumer in setting.consumers and not (setting.in_modes and consumer in READ_MODE_FILES):
                yield f"  {setting.name}: {compose_value(setting)}".rstrip()


def mode_file(mode: str, others: tuple[str, ...]) -> Iterator[str]:
    """Yield the block of a mode's file: all settings whose value depends on this kind of mode."""
    for setting in TABLE.values():
        if set(setting.in_modes) & set(others):
            yield f"{setting.name}={setting.in_modes.get(mode, '')}"


def run_worker() -> Iterator[str]:
    """Yield the block of dagster.yaml: the names of the variables that the daemon passes to run workers."""
    yield from (f"- {setting.name}" for setting in TABLE.values() if "run-worker" in setting.consumers)


def documentation() -> Iterator[str]:
    """Yield the block of docs/settings.md: a table for each heading."""
    heading = ""
    for setting in TABLE.values():
        if setting.heading != heading:
            heading = setting.heading
            title = heading.split(":")[0]
            yield from (
                f"## {title[0].upper()}{title[1:]}",
                "",
                "| setting | default | what it is | read by |",
                "|---|---|---|---|",
            )
        notes = [setting.meaning.replace("|", "\\|")]
        notes += [f"Empty: {setting.empty}."] * bool(setting.empty)
        notes += [f"Only with `{'`, `'.join(setting.modes)}`."] * bool(setting.modes)
        notes += [f"It must be {setting.allowed}."] * bool(setting.number)
        notes += ["Secret."] * setting.secret
        default = setting.in_container or setting.in_modes.get("compose", "") * (setting.env == "none")
        shown = "generated" if setting.generated else f"`{default}`" if default else ""
        yield f"| `{setting.name}` | {shown} | {' '.join(notes)} | {', '.join(setting.consumers)} |"
        last = [other for other in TABLE.values() if other.heading == heading][-1]
        if setting is last and setting is not list(TABLE.values())[-1]:
            yield ""


def kubernetes() -> Iterator[str]:
    """Yield the block of docs/kubernetes.md: the settings in the config map `platform` and the secret `platform`."""
    read = [
        setting
        for setting in TABLE.values()
        if "bootstrap" in setting.consumers and setting.env != "none"
        if not setting.modes or {"external", "bigquery"} & {*setting.modes}
    ]
    for kind, secret in (("config map", False), ("secret", True)):
        names = ", ".join(f"`{setting.name}`" for setting in read if setting.secret is secret)
        yield from textwrap.wrap(f"- {kind} `platform`: {names}", WIDTH, subsequent_indent="  ")


BLOCKS = {
    "docker-compose.yml": compose,
    "compose/dagster/dagster.yaml": run_worker,
    "docs/settings.md": documentation,
    "docs/kubernetes.md": kubernetes,
}


def with_block(text: str, lines: Iterator[str]) -> str:
    """Return a file's text with its generated block replaced and indented like the block's first line.

    Raises ValueError when the text has no block.
    """
    begin, end = MARK.format("begin"), MARK.format("end")
    found = re.search(rf"^( *)(.*{begin}.*\n)(?s:.*?)^( *.*{end}.*)$", text, re.MULTILINE)
    if not found:
        raise ValueError(f"lines `{begin}` and `{end}` not found")
    block = "".join(f"{found[1]}{line}\n" if line else "\n" for line in lines)
    return f"{text[: found.start()]}{found[1]}{found[2]}{block}{found[3]}{text[found.end() :]}"


def with_defaults(text: str, pattern: str, *, in_container: bool) -> str:
    """Return a file's text with every default replaced by the table's, or by the table's default in containers."""
    for setting in TABLE.values():
        default = setting.in_container if in_container else setting.default
        # What the platform sets itself has no `${NAME:-default}` in the compose files.
        if default and (setting.env != "none" or not in_container):
            text = re.sub(pattern.replace("NAME", setting.name), rf"\g<1>{default}\g<2>", text)
    return text


def generated() -> dict[str, str]:
    """Return the right text of each file that has generated parts. Raises ValueError when a file has no block."""
    blocks = {name: make() for name, make in BLOCKS.items()}
    for folder, values in MODE_FILES.items():
        blocks |= {f"compose/{folder}/{mode}.env": mode_file(mode, values) for mode in values}
    files = {".env.example": env_example()}
    for name in {**blocks, **DEFAULTS}:
        if (ROOT / name).exists():  # the dbt sources are examples that a user may delete
            files[name] = (ROOT / name).read_text(encoding="utf-8")
    for name, pattern in DEFAULTS.items():
        if name in files:
            files[name] = with_defaults(files[name], pattern, in_container="compose" in name)
    for name, lines in blocks.items():
        try:
            files[name] = with_block(files[name], lines)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return files


def outdated() -> dict[str, str]:
    """Return the right text of each file that differs from the table."""
    return {name: text for name, text in generated().items() if (ROOT / name).read_text(encoding="utf-8") != text}


if __name__ == "__main__":
    for name, text in outdated().items():
        (ROOT / name).write_text(text, encoding="utf-8")
        print(f"  wrote {name}")
