"""Shared by the client scripts: the server and the objects that they use, and the facts that they print."""

import json
import sys
from collections.abc import Callable
from typing import Any

WORLD: dict[str, str] = json.loads(sys.argv[1])
_facts: dict[str, Any] = {}


def fact(name: str, value: Any) -> None:
    """Note an answer of the client."""
    _facts[name] = value


def error_of(action: Callable[[], object]) -> str:
    """Run an action that must fail; return the client's message with the names of the errors that caused it."""
    try:
        answer = action()
    except Exception as error:
        chain: list[str] = []
        cause: BaseException | None = error
        while cause is not None:
            chain.append(f"{type(cause).__name__}: {cause}")
            cause = cause.__cause__
        return " <- ".join(chain)
    return f"no error: {answer!r}"


def print_facts() -> None:
    """Print the facts as the last line of the standard output."""
    print()
    print(json.dumps(_facts, default=str))
