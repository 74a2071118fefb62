"""What a rule is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_bigquery.sql.rules.tables import resolve
from sqlglot import exp

Schema = dict[str, Any]  # project -> dataset -> table -> column -> type


@dataclass
class Facts:
    """What rules may ask besides the types of nodes: the whole statement, and the columns of its tables."""

    tree: exp.Expr
    schema: Schema
    context: Any
    ctes: set[str] = field(default_factory=set)

    def columns(self, table: exp.Table) -> dict[str, str]:
        """Return the types of a table's columns by name; nothing for an unknown table."""
        found: Any = self.schema
        for part in resolve(table, self.context, self.ctes) or ("temp", "main", table.name):
            found = found.get(part, {})
        return dict(found)


@dataclass(frozen=True)
class Rule:
    """One thing that BigQuery does differently: the reason, the kinds of nodes, and the function that changes them."""

    because: str
    nodes: tuple[type[exp.Expr], ...]
    apply: Callable[[Any, Facts], exp.Expr | None]

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.apply.__name__


def rule(because: str, *nodes: type[exp.Expr]) -> Callable[[Callable[..., Any]], Rule]:
    """Make a rule of a function: it gets a node and the Facts, and returns the new node, or None to keep it."""
    return lambda function: Rule(because, nodes, function)
