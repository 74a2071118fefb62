"""Remembers the types that the nodes of a statement got: each run of dbt sends the same statements again.

The types depend only on the statement and on the columns of its tables, and both are in the key. So nothing has to be
forgotten when a table changes: another column is another key.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from warehouse.semantics.nodes import Node
from warehouse.semantics.rule import Schema

STATEMENTS = 500  # a statement of 500 nodes takes about 10 kB
MOST_NODES = 5000  # of a statement that is kept
PLACES = frozenset({"line", "col", "start", "end"})  # where a node stands in the text: no type depends on it
Kept = tuple[tuple[exp.DataType, ...], tuple[int, ...], frozenset[int]]


class TypedBefore:
    """The types of the statements that were used last."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def give(self, nodes: Sequence[Node], copy: Node, schema: Schema, annotate: Callable[[], None]) -> None:
        """Give `nodes`, all nodes of a statement, their types: from memory, else by `annotate`.

        `copy` is what `annotate` types in the place of the statement.
        """
        key = _key(nodes[0], copy, schema) if len(nodes) <= MOST_NODES else None
        with self._lock:
            kept = self._kept.get(key) if key else None
            if key and kept:
                self._kept.move_to_end(key)
        if kept:
            _give(nodes, kept)
            return
        annotate()
        if key:
            with self._lock:
                self._kept[key] = _taken(nodes)
                if len(self._kept) > STATEMENTS:
                    self._kept.popitem(last=False)


typed_before = TypedBefore()


def _key(tree: Node, copy: Node, schema: Schema) -> bytes:
    text = repr((written(tree), written(copy), schema))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def written(tree: Node) -> list[Any]:
    """Return all that makes up a tree except places in the text and comments, as values with a complete `repr`."""
    found: list[Any] = []
    stack: list[Any] = [tree]
    while stack:
        value = stack.pop()
        if not isinstance(value, exp.Expr):
            found.append(["value", value])
            continue
        found.append(type(value).__name__)
        if value._type is not None and value._type is not value:
            found.append(("type", written(value._type)))
        if value._meta:
            found.append({name: each for name, each in value._meta.items() if name not in PLACES})
        for name, each in value.args.items():
            if isinstance(each, list):
                found.append((name, len(each)))
                stack.extend(each)
            elif isinstance(each, exp.Expr):
                found.append((name,))
                stack.append(each)
            else:
                found.append((name, each))
    return found


def _taken(nodes: Sequence[Node]) -> Kept:
    """Return the types of `nodes`: copies of the different ones, and for each node the number of its type, or -1."""
    different: dict[str, int] = {}
    numbers: dict[int, int] = {}  # by the identity of a type, which many nodes share
    kinds: list[exp.DataType] = []
    of_nodes: list[int] = []
    for node in nodes:
        kind = node._type  # without the type that a CAST names
        if kind is None:
            of_nodes.append(-1)
            continue
        if id(kind) not in numbers:
            number = numbers[id(kind)] = different.setdefault(repr(written(kind)), len(kinds))
            if number == len(kinds):
                kinds.append(kind.copy())
        of_nodes.append(numbers[id(kind)])
    parameters = frozenset(index for index, node in enumerate(nodes) if node.meta.get("parameter"))
    return tuple(kinds), tuple(of_nodes), parameters


def _give(nodes: Sequence[Node], kept: Kept) -> None:
    kinds, of_nodes, parameters = kept
    own = [kind.copy() for kind in kinds]  # a rule may put a type into the statement
    for node, number in zip(nodes, of_nodes, strict=True):
        if number >= 0:
            node.type = own[number]
    for index in parameters:
        nodes[index].meta["parameter"] = True
