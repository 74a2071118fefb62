"""Generates expressions to compare the emulator with GoogleSQL: every template with edge values, by a fixed seed."""

import random
import re
from pathlib import Path

from tests.dialect.pools import POOLS, TYPES

TEMPLATES = Path(__file__).with_name("templates.txt")
PLACEHOLDER = re.compile(r"\{(=?)(\w+)\}")
SEED = 20241101


def expressions(total: int, seed: int = SEED) -> list[str]:
    """Return about `total` different expressions: each template several times, each time with other values.

    Half of the expressions have their values in place as literals, which GoogleSQL coerces. The other half read them
    from columns: `(SELECT ABS(a) FROM (SELECT -1 AS a))`.
    """
    choice = random.Random(seed)  # noqa: S311 -- repeatable on purpose
    templates = [line for line in TEMPLATES.read_text().splitlines() if line and not line.startswith("#")]
    found: dict[str, None] = {}
    rounds = 0
    while len(found) < total and rounds < total:
        for template in templates:
            found.setdefault(_literal(template, choice) if rounds % 2 else _column(template, choice))
        rounds += 1
    return sorted(list(found)[:total])


def _value(kind: str, choice: random.Random) -> str:
    if kind in TYPES and choice.random() < 0.06:
        return f"CAST(NULL AS {TYPES[kind]})"
    return choice.choice(POOLS[kind])


def _literal(template: str, choice: random.Random) -> str:
    return PLACEHOLDER.sub(lambda match: _value(match[2], choice), template)


def _column(template: str, choice: random.Random) -> str:
    """Return the template over columns; without a value to make a column of, it is the template with literals."""
    columns: list[str] = []

    def place(match: re.Match[str]) -> str:
        value = _value(match[2], choice)
        if match[1] or match[2] not in TYPES:
            return value
        columns.append(f"{value} AS c{len(columns)}")
        return f"c{len(columns) - 1}"

    expression = PLACEHOLDER.sub(place, template)
    return f"(SELECT {expression} FROM (SELECT {', '.join(columns)}))" if columns else expression
