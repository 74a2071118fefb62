"""Values as YAML text."""

import json
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)  # items are indented below their key


def flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()


def lines(value: Any) -> list[str]:
    """Return a map or a list as lines of YAML."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text.splitlines()


def description(text: str) -> str:
    """Return a text as a YAML value that dbt does not read as Jinja."""
    return json.dumps(text.replace("{", "(").replace("}", ")"), ensure_ascii=False)
