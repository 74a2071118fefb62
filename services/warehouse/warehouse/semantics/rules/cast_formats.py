"""CAST … FORMAT."""

from sqlglot import exp

from warehouse.semantics import format_models
from warehouse.semantics.nodes import Node, call, of, place, refuse, typed
from warehouse.semantics.rule import Facts, rule


@rule("CAST with FORMAT reads and writes dates, times and encodings of BYTES", exp.Cast, exp.TryCast)
def formatted_casts(node: exp.Cast, facts: Facts) -> Node | None:
    model, zone = node.args.get("format"), None
    if isinstance(model, exp.AtTimeZone):
        model, zone = model.this, model.args["zone"]
    if model is None:
        return None
    source, target = of(node.this), of(node)
    if not isinstance(model, exp.Literal):
        raise refuse("the emulator needs a literal as the FORMAT of a CAST", place(node))
    try:
        found = _converted(node.this, source, target, model.this, zone or exp.Literal.string("UTC"))
    except ValueError as error:
        raise refuse(str(error), place(node.this)) from error
    if found is None:
        raise refuse(
            f"the emulator has no CAST of {source} to {target} with the FORMAT '{model.this}'", place(node.this)
        )
    return typed(exp.func("TRY", found) if isinstance(node, exp.TryCast) else found, target or "STRING")


def _converted(value: Node, source: str | None, target: str | None, model: str, zone: Node) -> Node | None:
    if (source, target) in (("BYTES", "STRING"), ("STRING", "BYTES")) and model.upper() in format_models.ENCODINGS:
        return call("_bytes_encoded" if source == "BYTES" else "_bytes_decoded", model, value)
    if target == "STRING" and source in format_models.PARTS:
        format_models.elements(model, source)
        day = typed(exp.Literal.string("1970-01-01"), "DATE")
        whole = exp.Add(this=day, expression=value.copy()) if source == "TIME" else value
        return call("_model_text", model, source, call("epoch_us", whole), zone)
    if source == "STRING" and target in format_models.PARTS:
        format_models.elements(model, target)
        instant = call("make_timestamp", call("_model_instant", model, target, value, zone))
        return call("timezone", "UTC", instant) if target == "TIMESTAMP" else instant
    return None
