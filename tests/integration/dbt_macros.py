"""Keeps what dbt parses of its own macros while a warm Python warms it up: half of the processor time of `dbt parse`.

dbt has these caches for its own tests. Afterwards nothing is added to them, so the project of a test is parsed as
usual.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt.clients import jinja_static
from dbt_common.clients import jinja

CACHES = (
    *((jinja, "_TESTING_PARSE_CACHE"), (jinja, "_TESTING_BLOCKS_CACHE")),
    (jinja_static, "_TESTING_MACRO_CACHE"),
)


class Complete(dict[Any, Any]):
    """A cache that ignores new entries."""

    def __setitem__(self, key: object, value: object) -> None:
        """Ignore the entry."""


@contextmanager
def kept() -> Iterator[None]:
    """Keep the macros that dbt parses in this block, and use them from then on."""
    for module in (jinja, jinja_static):
        setattr(module, "test_caching_enabled", lambda: True)  # noqa: B010 - mypy: it is not exported
    yield
    for module, name in CACHES:
        setattr(module, name, Complete(getattr(module, name)))
