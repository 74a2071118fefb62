"""Functions that DuckDB lacks for a type of argument, or computes in another way: a table of what is called instead."""

from typing import NamedTuple

from sqlglot import exp

from warehouse.semantics import types
from warehouse.semantics.nodes import Node, call, datatype, exact_literal, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule


class Replacement(NamedTuple):
    """A call of `node` whose arguments at `places` have these types becomes a call of `function`."""

    node: type[exp.Expr] | str
    places: str
    types: str
    function: str
    result: str


B, N = "BYTES", "NUMERIC"
TABLE = (
    # BYTES
    Replacement(exp.Replace, "this expression replacement", "BYTES BYTES BYTES", "_bytes_replace", B),
    Replacement(exp.Translate, "this from_ to", "BYTES BYTES BYTES", "_bytes_translate", B),
    Replacement(exp.Reverse, "this", "BYTES", "_bytes_reverse", B),
    Replacement(exp.Upper, "this", "BYTES", "_bytes_upper", B),
    Replacement(exp.Lower, "this", "BYTES", "_bytes_lower", B),
    Replacement(exp.Left, "this expression", "BYTES INT64", "_bytes_left", B),
    Replacement(exp.Right, "this expression", "BYTES INT64", "_bytes_right", B),
    Replacement(exp.Repeat, "this times", "BYTES INT64", "_bytes_repeat", B),
    Replacement(exp.StartsWith, "this expression", "BYTES BYTES", "_bytes_starts_with", "BOOL"),
    Replacement(exp.EndsWith, "this expression", "BYTES BYTES", "_bytes_ends_with", "BOOL"),
    Replacement(exp.StrPosition, "this substr", "BYTES BYTES", "_bytes_position", "INT64"),
    Replacement("instr", "expressions", "BYTES BYTES", "_bytes_position", "INT64"),
    Replacement(exp.Split, "this expression", "BYTES BYTES", "_bytes_split", "ARRAY<BYTES>"),
    Replacement("to_code_points", "expressions", "BYTES", "_bytes_code_points", "ARRAY<INT64>"),
    Replacement(exp.BitwiseCount, "this", "BYTES", "_bytes_bit_count", "INT64"),
    Replacement(exp.BitwiseCount, "this", "INT64", "bq.main._bit_count", "INT64"),
    Replacement(exp.BitwiseNot, "this", "BYTES", "_bytes_not", B),
    Replacement(exp.BitwiseAnd, "this expression", "BYTES BYTES", "_bytes_and", B),
    Replacement(exp.BitwiseOr, "this expression", "BYTES BYTES", "_bytes_or", B),
    Replacement(exp.BitwiseXor, "this expression", "BYTES BYTES", "_bytes_xor", B),
    Replacement(exp.Like, "this expression", "BYTES BYTES", "_bytes_like", "BOOL"),
    # NUMERIC
    Replacement(exp.Ln, "this", N, "_numeric_ln", N),
    Replacement(exp.Sqrt, "this", N, "_numeric_sqrt", N),
    Replacement(exp.Exp, "this", N, "_numeric_exp", N),
    Replacement(exp.Cbrt, "this", N, "_numeric_cbrt", N),
    Replacement(exp.Sign, "this", N, "sign", N),
    Replacement(exp.Pow, "this expression", "NUMERIC NUMERIC", "_numeric_pow", N),
    Replacement(exp.Pow, "this expression", "NUMERIC INT64", "_numeric_pow", N),
    Replacement(exp.Pow, "this expression", "INT64 NUMERIC", "_numeric_pow", N),
    Replacement("safe_multiply", "expressions", "NUMERIC NUMERIC", "_numeric_safe_multiply", N),
    Replacement("safe_multiply", "expressions", "NUMERIC INT64", "_numeric_safe_multiply", N),
    Replacement("safe_multiply", "expressions", "INT64 NUMERIC", "_numeric_safe_multiply", N),
    Replacement(exp.Mul, "this expression", "BIGNUMERIC BIGNUMERIC", "_bignumeric_product", "BIGNUMERIC"),
    Replacement(exp.Mul, "this expression", "BIGNUMERIC NUMERIC", "_bignumeric_product", "BIGNUMERIC"),
    Replacement(exp.Mul, "this expression", "NUMERIC BIGNUMERIC", "_bignumeric_product", "BIGNUMERIC"),
    Replacement(exp.Mul, "this expression", "BIGNUMERIC INT64", "_bignumeric_product", "BIGNUMERIC"),
    Replacement(exp.Mul, "this expression", "INT64 BIGNUMERIC", "_bignumeric_product", "BIGNUMERIC"),
    Replacement(exp.Div, "this expression", "BIGNUMERIC BIGNUMERIC", "_bignumeric_quotient", "BIGNUMERIC"),
    Replacement(exp.Div, "this expression", "BIGNUMERIC NUMERIC", "_bignumeric_quotient", "BIGNUMERIC"),
    Replacement(exp.Div, "this expression", "NUMERIC BIGNUMERIC", "_bignumeric_quotient", "BIGNUMERIC"),
    Replacement(exp.Div, "this expression", "BIGNUMERIC INT64", "_bignumeric_quotient", "BIGNUMERIC"),
    Replacement(exp.Div, "this expression", "INT64 BIGNUMERIC", "_bignumeric_quotient", "BIGNUMERIC"),
    # STRING
    Replacement(exp.Levenshtein, "this expression", "STRING STRING", "_edit_distance", "INT64"),
    Replacement(exp.Unicode, "this", "STRING", "bq.main._first_code_point", "INT64"),
    Replacement(exp.Ascii, "this", "STRING", "bq.main._ascii", "INT64"),
    Replacement(exp.Left, "this expression", "STRING INT64", "bq.main._left", "STRING"),
    Replacement(exp.Right, "this expression", "STRING INT64", "bq.main._right", "STRING"),
    Replacement(exp.Repeat, "this times", "STRING INT64", "bq.main._repeat", "STRING"),
    Replacement(exp.Reverse, "this", "STRING", "bq.main._reverse", "STRING"),
    Replacement(exp.Lower, "this", "STRING", "bq.main._lower", "STRING"),
    # FLOAT64
    Replacement(exp.Acosh, "this", "FLOAT64", "bq.main._acosh", "FLOAT64"),
    Replacement(exp.Atanh, "this", "FLOAT64", "bq.main._atanh_finite", "FLOAT64"),
    Replacement(exp.Cot, "this", "FLOAT64", "bq.main._cot", "FLOAT64"),
    # times
    Replacement(exp.UnixMillis, "this", "TIMESTAMP", "bq.main._unix_millis", "INT64"),
)
NAMES = "bq.main."  # the prefix of local-bigquery's macros


def _by_node() -> dict[type[exp.Expr] | str, list[Replacement]]:
    found: dict[type[exp.Expr] | str, list[Replacement]] = {}
    for replacement in TABLE:
        found.setdefault(replacement.node, []).append(replacement)
    return found


BY_NODE = _by_node()


def _arguments(node: Node, places: str) -> list[Node]:
    values = [node.args.get(place) for place in places.split()]
    return [item for value in values for item in (value if isinstance(value, list) else [value]) if item is not None]


@rule(
    "functions that DuckDB computes in another way, or lacks for the types of their arguments",
    *(node for node in BY_NODE if not isinstance(node, str)),
    exp.Anonymous,
)
def replaced_functions(node: Node, facts: Facts) -> Node | None:
    key = node.name.lower().removeprefix(NAMES) if isinstance(node, exp.Anonymous) else type(node)
    for replacement in BY_NODE.get(key, ()):
        arguments = _arguments(node, replacement.places)
        kinds = replacement.types.split()
        given = [of(argument) for argument in arguments]
        if (
            len(given) != len(kinds)
            or not set(given) - {None, "NULL"}
            or any(g not in (k, "NULL") for g, k in zip(given, kinds, strict=True))
        ):
            continue
        if node.args.get("max_dist") is not None:
            continue
        if replacement.result in ("NUMERIC", "BIGNUMERIC"):
            arguments = [exact_literal(argument, replacement.result) for argument in arguments]
        return typed(call(replacement.function, *arguments), replacement.result)
    return None


@rule("LPAD and RPAD refuse a negative size", exp.Pad)
def padded(node: exp.Pad, facts: Facts) -> Node | None:
    left, kind, fill = node.args.get("is_left"), of(node.this), node.args.get("fill_pattern")
    if kind == "BYTES":
        function = "_bytes_left_pad" if left else "_bytes_right_pad"
        return typed(
            call(function, node.this, node.expression, fill or typed(exp.Literal.string(" "), "BYTES")), "BYTES"
        )
    if kind != "STRING":
        return None
    function = "bq.main._left_pad" if left else "bq.main._right_pad"
    return typed(call(function, node.this, node.expression, fill or exp.Literal.string(" ")), "STRING")


@rule("TYPEOF names BigQuery's types", exp.Typeof)
def type_of(node: exp.Typeof, facts: Facts) -> Node | None:
    found = datatype(node.this)
    if found is None:
        raise refuse("the emulator does not know the type of the argument of TYPEOF", place(node))
    return exp.Literal.string(types.name(found))


@rule("TRIM of BYTES", exp.Trim)
def trimmed_bytes(node: exp.Trim, facts: Facts) -> Node | None:
    if of(node.this) != "BYTES" or node.expression is None:
        return None
    position = (node.args.get("position") or "").upper()
    function = {"LEADING": "_bytes_left_trim", "TRAILING": "_bytes_right_trim"}.get(position, "_bytes_trim")
    return typed(call(function, node.this, node.expression), "BYTES")


@rule("INITCAP knows every white space", exp.Initcap)
def initcap(node: exp.Initcap, facts: Facts) -> Node | None:
    given = node.args.get("expression")
    if given is None or (isinstance(given, exp.Literal) and "\\[" in given.this):
        return typed(call("_initcap_words", node.this), "STRING")
    return typed(call("_initcap", node.this, given), "STRING")


@rule("ROUND and TRUNC of NUMERIC take any number of digits", exp.Round, exp.Trunc)
def rounded(node: exp.Round | exp.Trunc, facts: Facts) -> Node | None:
    digits, mode = node.args.get("decimals"), node.args.get("truncate")
    if of(node.this) == "BIGNUMERIC":
        return typed(node.copy(), "BIGNUMERIC")
    if of(node.this) not in ("NUMERIC", "INT64") or digits is None or (of(node.this) == "INT64" and mode is None):
        return None
    function = "_numeric_trunc" if isinstance(node, exp.Trunc) else "_numeric_round"
    if isinstance(mode, exp.Literal) and mode.this.upper() == "ROUND_HALF_EVEN":
        function = "_numeric_round_even"
    return typed(call(function, typed(node.this.copy(), "NUMERIC"), digits), "NUMERIC")


@rule("a place in an array is never counted from its end", exp.Bracket)
def array_places(node: exp.Bracket, facts: Facts) -> Node | None:
    if of(node.this) != "ARRAY" or len(node.expressions) != 1:
        return None
    if node.args.get("offset") is None:
        node.set("offset", 0)
    place = node.expressions[0]
    if not node.args.get("safe") or (isinstance(place, exp.Literal) and not place.is_string):
        return None
    first = exp.GTE(this=exp.Paren(this=place.copy()), expression=exp.Literal.number(node.args["offset"]))
    return exp.Case(ifs=[exp.If(this=first, true=node.copy())])
