"""A double as text, in the form in which answers are compared."""


def float_text(number: float) -> str:
    """Return a double as its shortest text; a whole number has no `.0`, and zero has no sign."""
    if number != number:
        return "NaN"
    return repr(number + 0.0).removesuffix(".0")
