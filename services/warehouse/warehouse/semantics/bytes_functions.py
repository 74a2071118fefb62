"""Functions on BYTES, which DuckDB has for strings only. BIGINT arguments are counts and places, from 1."""

import re
from collections.abc import Callable

BYTES, INT, BOOL = "BLOB", "BIGINT", "BOOLEAN"


def trim(value: bytes, characters: bytes) -> bytes:
    """Return `value` without the bytes of `characters` at its ends."""
    return bytes(value).strip(bytes(characters))


def left_trim(value: bytes, characters: bytes) -> bytes:
    """Return `value` without the bytes of `characters` at its start."""
    return bytes(value).lstrip(bytes(characters))


def right_trim(value: bytes, characters: bytes) -> bytes:
    """Return `value` without the bytes of `characters` at its end."""
    return bytes(value).rstrip(bytes(characters))


def _fill(size: int, pattern: bytes, name: str) -> bytes:
    if size > 0 and not pattern:
        raise ValueError(f"Third argument (pad pattern) for {name} cannot be empty")
    return bytes(pattern) * (max(size, 0) // max(len(pattern), 1) + 1)


def left_pad(value: bytes, size: int, pattern: bytes) -> bytes:
    """Return `value` of `size` bytes, filled with `pattern` before it. Raises ValueError for a negative size."""
    if size < 0:
        raise ValueError("Second argument (output size) for LPAD/RPAD cannot be negative")
    missing = size - len(value)
    return (_fill(missing, pattern, "LPAD")[: max(missing, 0)] + bytes(value))[:size] if missing > 0 else value[:size]


def right_pad(value: bytes, size: int, pattern: bytes) -> bytes:
    """Return `value` of `size` bytes, filled with `pattern` after it. Raises ValueError for a negative size."""
    if size < 0:
        raise ValueError("Second argument (output size) for LPAD/RPAD cannot be negative")
    missing = size - len(value)
    return bytes(value) + _fill(missing, pattern, "RPAD")[:missing] if missing > 0 else value[:size]


def left(value: bytes, count: int) -> bytes:
    """Return the first bytes. Raises ValueError for a negative count."""
    if count < 0:
        raise ValueError("Second argument in LEFT() cannot be negative")
    return value[:count]


def right(value: bytes, count: int) -> bytes:
    """Return the last bytes. Raises ValueError for a negative count."""
    if count < 0:
        raise ValueError("Second argument in RIGHT() cannot be negative")
    return value[max(len(value) - count, 0) :]


def repeat(value: bytes, count: int) -> bytes:
    """Return `value` several times. Raises ValueError for a negative count."""
    if count < 0:
        raise ValueError("Second argument (repeat count) for REPEAT cannot be negative")
    return bytes(value) * count


def translate(value: bytes, source: bytes, target: bytes) -> bytes:
    """Return `value` with each byte of `source` replaced by the one of `target`, or removed where it has none."""
    table = {byte: target[place : place + 1] for place, byte in reversed(list(enumerate(source)))}
    return b"".join(table.get(byte, bytes([byte])) for byte in value)


def like(value: bytes, pattern: bytes) -> bool:
    """Return whether `value` matches a pattern of LIKE. Raises ValueError for a pattern that ends with a backslash."""
    parts, index = [], 0
    while index < len(pattern):
        byte = pattern[index : index + 1]
        if byte == b"\\":
            index += 1
            if index == len(pattern):
                raise ValueError("LIKE pattern ends with a backslash which is not escaped")
            parts.append(re.escape(pattern[index : index + 1]))
        else:
            parts.append({b"%": b".*", b"_": b"."}.get(byte, re.escape(byte)))
        index += 1
    return re.fullmatch(b"".join(parts), bytes(value), re.DOTALL) is not None


def _paired(operator: Callable[[int, int], int]) -> Callable[[bytes, bytes], bytes]:
    def combine(a: bytes, b: bytes) -> bytes:
        if len(a) != len(b):
            raise ValueError(
                "Bitwise binary operator for BYTES requires equal length of the inputs. "
                f"Got {len(a)} bytes on the left hand side and {len(b)} bytes on the right hand side."
            )
        return bytes(operator(x, y) for x, y in zip(a, b, strict=True))

    return combine


def text(value: bytes, quotes: bytes = b"\"'") -> str:
    """Return BYTES as FORMAT's %t shows them: quotes, and bytes that are no printable ASCII, are escaped."""
    escaped = quotes + b"\\"
    return "".join(f"\\{chr(b)}" if b in escaped else chr(b) if 32 <= b < 127 else f"\\x{b:02x}" for b in value)


def literal(value: bytes) -> str:
    """Return BYTES as a literal of GoogleSQL."""
    quote = "'" if b'"' in value and b"'" not in value else '"'
    return f"b{quote}{text(value, quote.encode())}{quote}"


def split(value: bytes, delimiter: bytes) -> list[bytes]:
    """Return the parts of `value` between the delimiters; each byte for an empty delimiter."""
    if not delimiter:
        return [value[place : place + 1] for place in range(len(value))]
    return bytes(value).split(bytes(delimiter))


FUNCTIONS = {
    "_bytes_trim": (trim, [BYTES, BYTES], BYTES),
    "_bytes_left_trim": (left_trim, [BYTES, BYTES], BYTES),
    "_bytes_right_trim": (right_trim, [BYTES, BYTES], BYTES),
    "_bytes_left_pad": (left_pad, [BYTES, INT, BYTES], BYTES),
    "_bytes_right_pad": (right_pad, [BYTES, INT, BYTES], BYTES),
    "_bytes_left": (left, [BYTES, INT], BYTES),
    "_bytes_right": (right, [BYTES, INT], BYTES),
    "_bytes_repeat": (repeat, [BYTES, INT], BYTES),
    "_bytes_translate": (translate, [BYTES, BYTES, BYTES], BYTES),
    "_bytes_like": (like, [BYTES, BYTES], BOOL),
    "_bytes_upper": (lambda value: bytes(value).upper(), [BYTES], BYTES),
    "_bytes_lower": (lambda value: bytes(value).lower(), [BYTES], BYTES),
    "_bytes_reverse": (lambda value: bytes(value)[::-1], [BYTES], BYTES),
    "_bytes_replace": (lambda value, old, new: bytes(value).replace(old, new) if old else value, [BYTES] * 3, BYTES),
    "_bytes_starts_with": (lambda value, start: bytes(value).startswith(start), [BYTES, BYTES], BOOL),
    "_bytes_ends_with": (lambda value, end: bytes(value).endswith(end), [BYTES, BYTES], BOOL),
    "_bytes_position": (lambda value, part: bytes(value).find(part) + 1, [BYTES, BYTES], INT),
    "_bytes_text": (lambda value: text(value), [BYTES], "VARCHAR"),
    "_bytes_literal": (literal, [BYTES], "VARCHAR"),
    "_bytes_split": (split, [BYTES, BYTES], "BLOB[]"),
    "_characters_of_bytes": (lambda value: bytes(value).decode("latin-1"), [BYTES], "VARCHAR"),  # for DuckDB's RE2
    "_bytes_of_characters": (lambda value: value.encode("latin-1"), ["VARCHAR"], BYTES),
    "_list_of_bytes": (lambda values: [value.encode("latin-1") for value in values], ["VARCHAR[]"], "BLOB[]"),
    "_bytes_code_points": (lambda value: list(bytes(value)), [BYTES], "BIGINT[]"),
    "_bytes_bit_count": (lambda value: int.from_bytes(value).bit_count(), [BYTES], INT),
    "_bytes_not": (lambda value: bytes(255 - byte for byte in value), [BYTES], BYTES),
    "_bytes_and": (_paired(lambda x, y: x & y), [BYTES, BYTES], BYTES),
    "_bytes_or": (_paired(lambda x, y: x | y), [BYTES, BYTES], BYTES),
    "_bytes_xor": (_paired(lambda x, y: x ^ y), [BYTES, BYTES], BYTES),
}
