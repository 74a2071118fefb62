"""Functions that DuckDB lacks for a type of argument, or computes in another way: a table of what is called instead."""

import re
from typing import NamedTuple

from sqlglot import exp

from warehouse.semantics import text_functions, types
from warehouse.semantics.nodes import Node, call, datatype, exact_literal, is_literal, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule
from warehouse.semantics.rules.casts import strict


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
            or not any(given)
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


@rule("AVG of NUMERIC is exact", exp.Avg)
def numeric_average(node: exp.Avg, facts: Facts) -> Node | None:
    inner = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    if of(inner) != "NUMERIC" or isinstance(node.parent, exp.Window | exp.Filter | exp.IgnoreNulls | exp.HavingMax):
        return None
    count: Node = exp.Count(this=node.this.copy())
    quotient = call("bq.main._numeric_divide", exp.Sum(this=node.this.copy()), typed(count.copy(), "NUMERIC"))
    empty = exp.EQ(this=count, expression=exp.Literal.number(0))
    return typed(exp.Case(ifs=[exp.If(this=empty, true=exp.null())], default=quotient), "NUMERIC")


@rule("CORR of fewer than two pairs is NULL", exp.Corr)
def correlation(node: exp.Corr, facts: Facts) -> Node | None:
    if isinstance(node.parent, exp.Window):
        return None
    enough = exp.GT(this=call("regr_count", node.this, node.expression), expression=exp.Literal.number(1))
    return typed(exp.Case(ifs=[exp.If(this=enough, true=node.copy())]), "FLOAT64")


@rule("STRING of an instant has parts of a second in threes", exp.String)
def instant_text(node: exp.String, facts: Facts) -> Node | None:
    function = {"DATETIME": "_fraction_string", "TIME": "_fraction_string", "TIMESTAMP": "_instant_string"}
    kind = of(node.this)
    if kind not in function or node.args.get("zone") is not None:
        return None
    return typed(call(f"bq.main.{function[kind]}", node.this), "STRING")


@rule(
    "a result that is too large for FLOAT64, or not defined, is an error", exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Pow
)
def float_results(node: exp.Binary, facts: Facts) -> Node | None:
    sides = (node.this, node.expression)
    if types.kind(node.type) != "FLOAT64" or any(of(side) not in types.NUMBERS for side in sides):
        return None
    if all(is_literal(side) for side in sides) and not isinstance(node, exp.Pow):
        return None
    name = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Pow: "POW"}[type(node)]
    return typed(call("bq.main._finite_of_two", *sides, typed(node.copy(), "FLOAT64"), name), "FLOAT64")


STANDARD_PATHS = {"JSON_VALUE", "JSON_QUERY", "JSON_VALUE_ARRAY", "JSON_QUERY_ARRAY"}


@rule(
    "a JSONPath quotes a key with double quotes",
    exp.JSONExtractScalar,
    exp.JSONExtract,
    exp.JSONExtractArray,
    exp.JSONValueArray,
)
def json_paths(node: Node, facts: Facts) -> None:
    path = node.args.get("expression")
    standard = node.meta.get("name", "").upper() in STANDARD_PATHS or node.args.get("scalar_only")
    if standard and isinstance(path, exp.Literal) and "['" in path.this:
        raise refuse(f"Invalid token in JSONPath at: {path.this[path.this.index('[') :]}", place(node))


@rule("JSON_EXTRACT and JSON_QUERY of a STRING are STRINGs", exp.JSONExtract)
def json_of_text(node: exp.JSONExtract, facts: Facts) -> Node | None:
    return typed(node.copy(), "STRING") if of(node.this) == "STRING" else None


@rule("an extraction has at most one capturing group", exp.RegexpExtract, exp.RegexpExtractAll, exp.RegexpInstr)
def capturing_groups(node: Node, facts: Facts) -> None:
    pattern = node.expression
    if isinstance(pattern, exp.Literal | exp.RawString):
        try:
            text_functions.grouped_once(pattern.this)
        except ValueError as error:
            raise refuse(str(error), place(node)) from error


@rule("an array of dates needs a step", exp.GenerateDateArray, exp.GenerateTimestampArray)
def array_step(node: Node, facts: Facts) -> Node | None:
    step = node.args.get("step")
    count = step.this if isinstance(step, exp.Interval) else None
    if count is None or isinstance(count, exp.Literal):
        return None
    zero = exp.EQ(this=exp.Paren(this=count.copy()), expression=exp.Literal.number(0))
    error = call("_raise", "Sequence step cannot be 0.")
    return exp.Case(ifs=[exp.If(this=zero, true=error)], default=node.copy())


@rule("%e writes the day in two places, the first a space for one digit", exp.TimeToStr)
def spaced_day(node: exp.TimeToStr, facts: Facts) -> Node | None:
    pattern = node.args["format"]
    if not isinstance(pattern, exp.Literal) or "%-d" not in pattern.this:
        return None
    around, day = node.copy(), node.copy()
    around.set("format", exp.Literal.string(pattern.this.replace("%-d", "\x01")))
    day.set("format", exp.Literal.string("%-d"))
    return typed(call("replace", around, "\x01", call("lpad", day, 2, " ")), "STRING")


@rule("TIMESTAMP, DATE, DATETIME and TIME of a STRING are as strict as its CAST", exp.Timestamp)
def timestamp_of_text(node: exp.Timestamp, facts: Facts) -> None:
    if of(node.this) == "STRING" and not node.this.meta.get("strict"):
        node.set("this", strict(node.this, "TIMESTAMP", safe=False))


@rule("a year before 1000 has four digits", exp.TimeToStr)
def early_years(node: exp.TimeToStr, facts: Facts) -> Node | None:
    value, pattern = node.this, node.args["format"]
    if of(value) not in ("DATE", "DATETIME", "TIMESTAMP") or not isinstance(pattern, exp.Literal):
        return None
    if not re.search(r"%(E4)?[YGFcD]", pattern.this):
        return None
    error = call("_raise", "the emulator formats no years before 1000")
    early = exp.LT(this=call("year", value), expression=exp.Literal.number(1000))
    return exp.Case(ifs=[exp.If(this=early, true=error)], default=node.copy())


@rule("a bucket of dates is in range", exp.Anonymous)
def bucket_in_range(node: exp.Anonymous, facts: Facts) -> Node | None:
    kind = node.name.lower().removeprefix(NAMES).removesuffix("_bucket").upper()
    if kind not in ("DATE", "DATETIME", "TIMESTAMP") or not node.name.lower().endswith("_bucket"):
        return None
    return typed(call(f"bq.main._{kind.lower()}_in_range", typed(node.copy(), kind)), kind)


@rule("STRING_AGG of BYTES is missing in DuckDB", exp.GroupConcat)
def aggregated_bytes(node: exp.GroupConcat, facts: Facts) -> None:
    if any(of(inner) == "BYTES" for inner in node.find_all(exp.Column, exp.Cast, exp.ByteString)):
        raise refuse("the emulator has no STRING_AGG of BYTES", place(node))


@rule("a column that a subquery has twice has no meaning", exp.Column)
def ambiguous_columns(node: exp.Column, facts: Facts) -> None:
    select = node.find_ancestor(exp.Select)
    if select is None or isinstance(node.this, exp.Star):
        return
    sources = [part.this for part in (select.args.get("from_"), *(select.args.get("joins") or [])) if part is not None]
    for source in sources:
        if not isinstance(source, exp.Subquery) or not isinstance(source.this, exp.Select):
            continue
        if node.table and node.table.casefold() != source.alias.casefold():
            continue
        names = [item.alias_or_name.casefold() for item in source.this.expressions]
        if names.count(node.name.casefold()) > 1:
            raise refuse(f"Column name {node.name} is ambiguous", place(node))


@rule("DATE of numbers is in range", exp.DateFromParts, exp.Date)
def date_of_numbers(node: Node, facts: Facts) -> Node | None:
    if isinstance(node, exp.Date) and not node.expressions:
        return None
    return typed(call("bq.main._date_in_range", typed(node.copy(), "DATE")), "DATE")


@rule("TYPEOF names BigQuery's types", exp.Typeof)
def type_of(node: exp.Typeof, facts: Facts) -> Node | None:
    found = datatype(node.this)
    if found is None:
        raise refuse("the emulator does not know the type of the argument of TYPEOF", place(node))
    return exp.Literal.string(types.name(found))


@rule("CURRENT_TIME in a time zone is the time there", exp.CurrentTime)
def current_time(node: exp.CurrentTime, facts: Facts) -> Node | None:
    if node.this is None:
        return None
    return typed(call("timezone", node.this, exp.CurrentTimestamp()), "TIME")


@rule("NTILE takes a constant", exp.Ntile)
def buckets(node: exp.Ntile, facts: Facts) -> None:
    if node.this is not None and not is_literal(node.this):
        raise refuse("The argument to NTILE must be a literal or query parameter", place(node))


MOVED = (
    *(exp.DateAdd, exp.DateSub, exp.DatetimeAdd, exp.DatetimeSub, exp.TimestampAdd, exp.TimestampSub),
    *(exp.DateTrunc, exp.DatetimeTrunc, exp.TimestampTrunc, exp.LastDay),
)


@rule("a date before the year 1 or after 9999 is an error", *MOVED, exp.Add, exp.Sub)
def dates_in_range(node: Node, facts: Facts) -> Node | None:
    kind = types.kind(node.type)
    if kind not in ("DATE", "DATETIME", "TIMESTAMP") or of(node.this) not in (kind, "DATE"):
        return None
    if isinstance(node, exp.Add | exp.Sub) and kind == "DATE" and "INTERVAL" in (of(node.this), of(node.expression)):
        kind = "DATETIME"
    kept = node.copy()
    kept.type = types.build(kind)
    return typed(call(f"bq.main._{kind.lower()}_in_range", typed(kept, kind)), kind)


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
