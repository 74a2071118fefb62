"""JSON and YAML that a user enters, such as a low-code manifest. Any text is read or refused, and quickly."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import yaml

from connections_file.yaml_lines import TextDates

DEEPEST = 100
"""Levels of lists and mappings. libyaml composes them recursively in C, and far deeper ones would end the process."""
LARGEST = 2_000_000
"""Characters of a value after its aliases are replaced. Without this limit, a few lines of aliases fill the memory."""


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers = TextDates.yaml_implicit_resolvers


def is_structured(text: str) -> bool:
    """Return whether a text is JSON or YAML."""
    try:
        structured(text)
    except ValueError:
        return False
    return True


def structured(text: str) -> Any:
    """Return the value of JSON or YAML, as JSON has it: keys and dates are texts. Raises ValueError."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):  # the faster one; other text may be YAML
        pass
    try:
        return json.loads(json.dumps(_yaml(text), allow_nan=False))
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"{line}{error.problem}") from error
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from error
    except RecursionError as error:
        raise ValueError("it has too many levels") from error
    except (TypeError, KeyError, IndexError, AttributeError) as error:  # of a tag that does not fit its value
        raise ValueError("it has a value that JSON cannot have") from error


def _yaml(text: str) -> Any:
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise ValueError(f"it has more than {DEEPEST} levels of lists and mappings")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > LARGEST:
            raise ValueError(f"its aliases (*name) make it longer than {LARGEST:,} characters")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _size(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    """Return the characters of a node after its aliases are replaced. Raises ValueError if it contains itself."""
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) + 1
    if node not in known:
        known[node] = -1
        items = [one for pair in node.value for one in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[node] = 1 + sum(_size(one, known) for one in items)
    if known[node] < 0:
        raise ValueError(f"line {node.start_mark.line + 1}: an anchor (&name) contains its own alias (*name)")
    return known[node]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
