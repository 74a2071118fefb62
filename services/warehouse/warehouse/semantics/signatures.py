"""The table of signatures: a function or operator of BigQuery, the types of its arguments, the type of its result.

A line of the table names the function, its class of sqlglot (or the name of local-bigquery's macro), the places of its
arguments in that class, and one or more signatures `STRING, INT64? -> STRING`. `?` marks an argument that may be left
out, `...` one that may be repeated, `ANY` takes every type, `T` is the common type of all arguments that are `T`.

From the table come the types of results (`annotate.py`) and the refusal of arguments of the wrong type
(`rules/refusals.py`). A function that is not in the table is never refused.
"""

import functools
import re
from dataclasses import dataclass

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, datatype, is_literal

ARGUMENT = re.compile(r"(?P<kind>[A-Z0-9_<>]+)(?P<many>\?|\.\.\.)?")
NAMED = "bq.main."  # the prefix of local-bigquery's macros


@dataclass(frozen=True)
class Signature:
    """The types of arguments, each with its mark (`?`, `...` or nothing), and the type of the result."""

    arguments: tuple[tuple[str, str], ...]
    result: str

    @classmethod
    def parse(cls, text: str) -> "Signature":
        """Read `STRING, INT64? -> STRING`."""
        arguments, _, result = text.partition("->")
        found = (ARGUMENT.fullmatch(part.strip()) for part in arguments.split(",") if part.strip())
        return cls(tuple((m["kind"], m["many"] or "") for m in found if m), result.strip())

    def expected(self, count: int) -> list[str] | None:
        """Return the type of each of `count` arguments; None when it takes another number of arguments."""
        kinds = [kind for kind, _ in self.arguments]
        if self.arguments and self.arguments[-1][1] == "..." and count >= len(kinds) - 1:
            return kinds[:-1] + kinds[-1:] * (count - len(kinds) + 1)
        needed = sum(1 for _, many in self.arguments if not many)
        return kinds[:count] if needed <= count <= len(kinds) else None


@dataclass(frozen=True)
class Function:
    """A function or operator: its name in BigQuery, the places of its arguments, and its signatures."""

    name: str
    node: type[exp.Expr] | str
    places: tuple[str, ...]
    signatures: tuple[Signature, ...]
    operator: bool = False

    def arguments(self, node: Node) -> list[Node]:
        """Return the arguments of a call in the order of BigQuery."""
        found: list[Node] = []
        for place in self.places:
            value = node.args.get(place)
            found += value if isinstance(value, list) else [value] if isinstance(value, exp.Expr) else []
        return found

    def takes(self, node: Node) -> bool:
        """Whether the arguments' types fit one of the signatures; an unknown type fits every type."""
        arguments = self.arguments(node)
        return any(_fits(signature, arguments, exact=False) for signature in self.signatures)

    def result(self, node: Node) -> exp.DataType | None:
        """Return the type of a call's result; None where the arguments' types leave it open."""
        arguments = self.arguments(node)
        fitting = [s for s in self.signatures if _fits(s, arguments, exact=True)]
        fitting = fitting or [s for s in self.signatures if _fits(s, arguments, exact=False)]
        results = [_result(signature, arguments) for signature in fitting]
        if not results or any(result is None for result in results):
            return None
        known = all(datatype(a) is not None for a in arguments)
        return results[0] if known or len({r.sql() for r in results if r}) == 1 else None


def function(name: str, node: type[exp.Expr] | str, places: str, *signatures: str) -> Function:
    """Make a line of the table."""
    operator = not name[0].isalpha() or name in ("NOT", "AND", "OR")
    return Function(name, node, tuple(places.split()), tuple(map(Signature.parse, signatures)), operator)


STRING_OR_BYTES = ("STRING -> STRING", "BYTES -> BYTES")
INTEGERS = ("INT64, INT64 -> FLOAT64", "INT64, FLOAT64 -> FLOAT64", "FLOAT64, INT64 -> FLOAT64")
DIVISION = ("NUMERIC, NUMERIC -> NUMERIC", "BIGNUMERIC, BIGNUMERIC -> BIGNUMERIC", "FLOAT64, FLOAT64 -> FLOAT64")
ARITHMETIC = ("INT64, INT64 -> INT64", *DIVISION)

FUNCTIONS = (
    # strings
    function("LENGTH", exp.Length, "this", "STRING -> INT64", "BYTES -> INT64"),
    function("UPPER", exp.Upper, "this", *STRING_OR_BYTES),
    function("LOWER", exp.Lower, "this", *STRING_OR_BYTES),
    function(
        "REPLACE",
        exp.Replace,
        "this expression replacement",
        "STRING, STRING, STRING -> STRING",
        "BYTES, BYTES, BYTES -> BYTES",
    ),
    function("TO_JSON_STRING", "to_json_string", "expressions", "ANY, BOOL? -> STRING"),
    # conditions
    function("NOT", exp.Not, "this", "BOOL -> BOOL"),
    # numbers
    function("SAFE_DIVIDE", exp.SafeDivide, "this expression", *INTEGERS, *DIVISION),
    function("SAFE_MULTIPLY", "safe_multiply", "expressions", *ARITHMETIC),
    function("SAFE_ADD", "safe_add", "expressions", *ARITHMETIC),
    function("SAFE_SUBTRACT", "safe_subtract", "expressions", *ARITHMETIC),
)


@functools.cache
def by_node() -> dict[type[exp.Expr] | str, Function]:
    """Return the functions by the class or name under which a tree has them."""
    return {function.node: function for function in FUNCTIONS}


def find(node: Node) -> Function | None:
    """Return the function that `node` calls; None for one that is not in the table."""
    if isinstance(node, exp.Anonymous):
        return by_node().get(node.name.lower().removeprefix(NAMED))
    return by_node().get(type(node))


def _fits(signature: Signature, arguments: list[Node], exact: bool) -> bool:
    expected = signature.expected(len(arguments))
    if expected is None:
        return False
    for wanted, argument in zip(expected, arguments, strict=True):
        actual = types.kind(datatype(argument)) if not isinstance(argument, exp.Null) else "NULL"
        target = wanted.partition("<")[0]
        if actual is None or target in ("ANY", "T"):
            continue
        if actual != target and (exact or not types.coerced(actual, target, is_literal(argument))):
            return False
    common = [kind for w, a in zip(expected, arguments, strict=True) if w == "T" and (kind := types.kind(datatype(a)))]
    return types.supertype(common) is not None if not exact else len(set(common)) <= 1


def _result(signature: Signature, arguments: list[Node]) -> exp.DataType | None:
    if "T" not in re.findall(r"\w+", signature.result):
        return types.build(signature.result)
    expected = signature.expected(len(arguments)) or []
    bound: list[exp.DataType] = []
    for wanted, argument in zip(expected, arguments, strict=True):
        found = datatype(argument)
        if wanted == "ARRAY<T>" and found is not None and found.expressions:
            bound.append(found.expressions[0])
        elif wanted == "T":
            if found is None:
                return None
            bound.append(found)
    common = types.supertype(kind for t in bound if (kind := types.kind(t)))
    chosen = next((t for t in bound if types.kind(t) == common), None)
    if chosen is None:
        return None
    if signature.result == "T":
        return chosen.copy()
    return exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[chosen.copy()], nested=True)
