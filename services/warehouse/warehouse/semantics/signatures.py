"""Reads the table of signatures (signatures.txt), finds the signature of a call, and the type of its result.

From the table come the types of results (`annotate.py`) and the refusal of arguments of the wrong type
(`rules/refusals.py`). Where sqlglot keeps the arguments of a call is found by parsing one: `SUBSTR(_1, _2)`.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local_bigquery.sql.dialect import BigQueryDialect
from sqlglot import exp, parse_one

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, datatype, is_literal

TABLE = Path(__file__).with_name("signatures.txt")
LINE = re.compile(r"(?P<name>[^\s(]+)\((?P<arguments>.*?)\) (?P<result>\S+)")
VARIABLES = {  # the types of a letter: the common type, else the first to which all are coerced
    "T": (*sorted(set(types.KINDS.values())),),
    "N": ("INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64"),
    "E": ("INT64", "NUMERIC", "BIGNUMERIC"),
    "F": ("FLOAT64", "NUMERIC", "BIGNUMERIC"),
    "S": ("STRING", "BYTES"),
    "B": ("INT64", "BYTES"),
    "D": ("DATE", "DATETIME", "TIMESTAMP"),
    "J": ("STRING", "JSON"),
    "O": (*sorted(set(types.KINDS.values()) - {"ARRAY", "STRUCT", "JSON"}),),
}
MARK = "__argument_"
Key = tuple[type[exp.Expr], str]  # the class of a call, and its name when the class has many names


@dataclass(frozen=True)
class Signature:
    """The types of arguments, each with its mark (`?`, `...` or nothing), and the type of the result."""

    name: str
    arguments: tuple[str, ...]
    repeated: bool
    optional: int
    result: str

    @classmethod
    def parse(cls, line: str) -> "Signature":
        """Read `SUBSTR(S, INT64, INT64?) S`. Raises ValueError for anything else."""
        match = LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"invalid signature: {line}")
        arguments = [a for a in match["arguments"].split(", ") if a]
        kinds = tuple(a.removesuffix("?").removesuffix("...") for a in arguments)
        optional = sum(1 for a in arguments if a.endswith("?"))
        return cls(match["name"], kinds, bool(arguments) and arguments[-1].endswith("..."), optional, match["result"])

    @property
    def typed(self) -> tuple[str, ...]:
        """The types of the arguments that are no keywords."""
        return tuple(kind for kind in self.arguments if not kind.startswith("@"))

    def expected(self, count: int) -> tuple[str, ...] | None:
        """Return the type of each of `count` arguments; None when it takes another number of arguments."""
        kinds = self.typed
        if self.repeated:
            return kinds + kinds[-1:] * (count - len(kinds)) if count >= len(kinds) else None
        return kinds[:count] if len(kinds) - self.optional <= count <= len(kinds) else None

    def call(self, count: int) -> str:
        """Write a call with `count` marked arguments."""
        if not self.name[0].isalpha() or self.name in ("AND", "OR", "LIKE"):
            return f"{MARK}1 {self.name} {MARK}2"
        if self.name == "NOT":
            return f"NOT {MARK}1"
        keywords = [kind[1:].replace("INTERVAL_", "INTERVAL 1 ") for kind in self.arguments if kind.startswith("@")]
        arguments = [f"{MARK}{number}" for number in range(1, count + 1)] + keywords
        return f"{self.name}({', '.join(arguments)})"


@dataclass(frozen=True)
class Place:
    """Where sqlglot keeps an argument of a call: each step down has a key, a position in its list, and a class."""

    steps: tuple[tuple[str, int | None, type[exp.Expr]], ...]

    def find(self, node: Node) -> Node | None:
        """Return the argument of `node` at this place."""
        found: Node = node
        for number, (key, index, kind) in enumerate(self.steps, 1):
            value = found.args.get(key)
            value = value[index] if isinstance(value, list) and index is not None and index < len(value) else value
            if not isinstance(value, exp.Expr) or (number < len(self.steps) and type(value) is not kind):
                return None
            found = value
        return found


@dataclass(frozen=True)
class Function:
    """A function or operator: its name, the key of its calls, the places of its arguments, and its signatures."""

    name: str
    key: Key
    places: tuple[Place, ...]
    signatures: tuple[Signature, ...]

    @property
    def operator(self) -> bool:
        """Whether it is written between its arguments."""
        return not self.name[0].isalpha() or self.name in ("NOT", "AND", "OR", "LIKE")

    def arguments(self, node: Node) -> list[Node] | None:
        """Return the arguments of a call in BigQuery's order; None when `node` is a call of another function."""
        found: list[Node] = []
        for place in self.places:
            if (argument := place.find(node)) is not None:
                found.append(_inner(argument))
        (key, index, _) = self.places[-1].steps[-1] if self.places else ("", None, exp.Null)
        if self.signatures[0].repeated and index is not None:
            found += node.args[key][index + 1 :]
        return found if any(s.expected(len(found)) for s in self.signatures) or not self.places else None

    def takes(self, arguments: Sequence[Node]) -> bool:
        """Whether the arguments' types fit one of the signatures; an unknown type fits every type."""
        return any(_bind(signature, arguments) is not None for signature in self.signatures)

    def result(self, arguments: Sequence[Node]) -> exp.DataType | None:
        """Return the type of a call's result; None where the arguments' types leave it open."""
        bound = [(s, found) for s in self.signatures if (found := _bind(s, arguments)) is not None]
        exact = [(s, found) for s, found in bound if found.exact] or bound
        results = [_result(signature, found) for signature, found in exact]
        known = len({r.sql() if r else None for r in results}) == 1 or all(datatype(a) for a in arguments)
        return results[0] if results and known else None


@dataclass
class Binding:
    """What the letters of a signature stand for in a call, and whether no argument has to be coerced."""

    letters: dict[str, exp.DataType | None]
    exact: bool = True


@functools.cache
def functions() -> dict[Key, tuple[Function, ...]]:
    """Return the functions of the table by the class of their calls (and the name, for calls that have one)."""
    lines = [line.strip() for line in TABLE.read_text().splitlines()]
    by_name: dict[str, list[Signature]] = {}
    for line in lines:
        if line and not line.startswith("#"):
            signature = Signature.parse(line)
            by_name.setdefault(signature.name, []).append(signature)
    found: dict[Key, tuple[Function, ...]] = {}
    for name, signatures in by_name.items():
        function = _function(name, tuple(signatures))
        found[function.key] = (*found.get(function.key, ()), function)
    return found


def find(node: Node) -> tuple[Function, list[Node]] | None:
    """Return the function that `node` calls, and its arguments; None for one that is not in the table."""
    for function in functions().get(_key(node), ()):
        if (arguments := function.arguments(node)) is not None:
            return function, arguments
    return None


def _key(node: Node) -> Key:
    return type(node), node.name.lower() if isinstance(node, exp.Anonymous) else ""


def _function(name: str, signatures: tuple[Signature, ...]) -> Function:
    longest = max(signatures, key=lambda s: len(s.typed))
    count = len(longest.typed) + (1 if longest.repeated else 0)
    select = parse_one(f"SELECT {longest.call(count)}", dialect=BigQueryDialect)
    call: Node = select.args["expressions"][0]
    marked = {column.name: column for column in call.find_all(exp.Column) if column.name.startswith(MARK)}
    places = [_place(marked[f"{MARK}{n}"], call) for n in range(1, count + 1) if f"{MARK}{n}" in marked]
    return Function(name, _key(call), tuple(places), signatures)


def _place(argument: Node, call: Node) -> Place:
    steps: list[tuple[str, int | None, type[exp.Expr]]] = []
    while argument is not call and argument.parent is not None:
        steps.append((argument.arg_key or "", argument.index, type(argument)))
        argument = argument.parent
    return Place(tuple(reversed(steps)))


def _inner(argument: Node) -> Node:
    """Return what an aggregate gets, without DISTINCT, ORDER BY and LIMIT."""
    while isinstance(argument, exp.Limit | exp.Order | exp.HavingMax):
        argument = argument.this
    if isinstance(argument, exp.Distinct) and len(argument.expressions) == 1:
        only: Node = argument.expressions[0]
        return only
    return argument


def _bind(signature: Signature, arguments: Sequence[Node]) -> Binding | None:
    """Return what the letters stand for in a call with these arguments; None when the arguments do not fit."""
    expected = signature.expected(len(arguments))
    if expected is None:
        return None
    binding = Binding({})
    letters: dict[str, list[tuple[Node | None, exp.DataType | None]]] = {}
    for wanted, argument in zip(expected, arguments, strict=True):
        found = datatype(argument)
        kind = "NULL" if isinstance(argument, exp.Null) else types.kind(found)
        if wanted in VARIABLES:
            letters.setdefault(wanted, []).append((argument, found))
        elif wanted.startswith("ARRAY"):
            if kind not in (None, "NULL", "ARRAY"):
                return None
            element = found.expressions[0] if found is not None and kind == "ARRAY" and found.expressions else None
            inner = wanted[len("ARRAY<") : -1]
            if inner in VARIABLES:
                letters.setdefault(inner, []).append((None, element))
            elif types.kind(element) not in (None, "NULL", inner):
                return None
        elif wanted != "ANY" and kind is not None and kind != wanted:
            binding.exact = binding.exact and kind == "NULL"
            if not types.coerced(kind, wanted, is_literal(argument)):
                return None
    for letter, values in letters.items():
        bound = _common(letter, values)
        if bound is None:
            return None
        binding.letters[letter], exact = bound
        binding.exact = binding.exact and exact
    return binding


def _common(
    letter: str, values: Sequence[tuple[Node | None, exp.DataType | None]]
) -> tuple[exp.DataType | None, bool] | None:
    """Return the common type of a letter's arguments and whether all have it; None when there is none."""
    kinds = [
        ("NULL" if isinstance(node, exp.Null) else types.kind(found), node is not None and is_literal(node))
        for node, found in values
    ]
    known = [(kind, literal) for kind, literal in kinds if kind is not None and kind != "NULL"]
    if not known:
        return None, True
    common = types.common(known, VARIABLES[letter])
    if common is None:
        return None
    if any(kind is None for kind, _ in kinds):
        return None, False
    same = [found for _, found in values if types.kind(found) == common]
    return (same[0] if same else types.build(common)), all(kind == common for kind, _ in known)


def _result(signature: Signature, binding: Binding) -> exp.DataType | None:
    result = signature.result
    inner = result.removeprefix("ARRAY<").removesuffix(">")
    if inner not in VARIABLES:
        return types.build(result)
    bound = binding.letters.get(inner)
    if bound is None:
        return None
    if inner == result:
        return bound.copy()
    return exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[bound.copy()], nested=True)
