"""CAST … FORMAT between STRING and dates and times, and between STRING and BYTES."""

import base64
import binascii
import datetime
import functools
import re
from collections.abc import Callable

from warehouse.semantics.instant_formats import DAYS, MONTHS, Moment
from warehouse.semantics.instants import EPOCH, OFFSET, zone_at

TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|YYYY|RRRR|YYY|YY|RR|Y|MONTH|MON|MM|DDD|DD|DAY|DY|D|HH24|HH12|HH|MI|SSSSS|SS|FF[1-9]'
    r"|A\.M\.|P\.M\.|AM|PM|TZH|TZM|[-.,/;:']|\s+",
    re.IGNORECASE,
)
DATE_PARTS = frozenset(["YYYY", "YYY", "YY", "Y", "RRRR", "RR", "MONTH", "MON", "MM", "DDD", "DD", "DAY", "DY", "D"])
TIME_PARTS = frozenset(["HH24", "HH12", "HH", "MI", "SSSSS", "SS", "FF", "A.M.", "P.M.", "AM", "PM"])
ZONE_PARTS = frozenset(("TZH", "TZM"))
PARTS = {
    "DATE": DATE_PARTS,
    "TIME": TIME_PARTS,
    "DATETIME": DATE_PARTS | TIME_PARTS,
    "TIMESTAMP": DATE_PARTS | TIME_PARTS | ZONE_PARTS,
}
READ = {  # what an element of a format matches in a text
    "YYYY": r"(?P<year>\d{1,4})",
    "RRRR": r"(?P<year>\d{1,4})",
    "YYY": r"(?P<short_year>\d{1,3})",
    "YY": r"(?P<short_year>\d{1,2})",
    "Y": r"(?P<short_year>\d)",
    "RR": r"(?P<near_year>\d{1,2})",
    "MONTH": rf"(?P<name>(?i:{'|'.join(MONTHS)}))",
    "MON": rf"(?P<name>(?i:{'|'.join(name[:3] for name in MONTHS)}))",
    "MM": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
    "HH24": r"(?P<hour>\d{1,2})",
    "HH12": r"(?P<half_day>\d{1,2})",
    "HH": r"(?P<half_day>\d{1,2})",
    "MI": r"(?P<minute>\d{1,2})",
    "SSSSS": r"(?P<of_day>\d{1,5})",
    "SS": r"(?P<second>\d{1,2})",
    **dict.fromkeys(("A.M.", "P.M."), r"(?P<half>[AaPp]\.[Mm]\.)"),
    **dict.fromkeys(("AM", "PM"), r"(?P<half>[AaPp][Mm])"),
    "TZH": r"(?P<zone>[+-]\d{1,2})",
    "TZM": r"(?P<zone_minute>\d{1,2})",
}
LIMITS = {  # what a group of READ may be; datetime checks the others
    "half_day": (1, 12),
    "minute": (0, 59),
    "second": (0, 59),
    "of_day": (0, 86399),
    "zone_minute": (0, 59),
}
WRITE: dict[str, Callable[[Moment], str]] = {
    "YYYY": lambda t: f"{t.year:04}",
    "RRRR": lambda t: f"{t.year:04}",
    "YYY": lambda t: f"{t.year:04}"[-3:],
    "YY": lambda t: f"{t.year:04}"[-2:],
    "RR": lambda t: f"{t.year:04}"[-2:],
    "Y": lambda t: f"{t.year:04}"[-1:],
    "MONTH": lambda t: MONTHS[t.month - 1],
    "MON": lambda t: MONTHS[t.month - 1][:3],
    "MM": lambda t: f"{t.month:02}",
    "DDD": lambda t: f"{t.timetuple().tm_yday:03}",
    "DD": lambda t: f"{t.day:02}",
    "DAY": lambda t: DAYS[t.weekday()],
    "DY": lambda t: DAYS[t.weekday()][:3],
    "D": lambda t: str(t.isoweekday() % 7 + 1),
    "HH24": lambda t: f"{t.hour:02}",
    "HH12": lambda t: f"{(t.hour + 11) % 12 + 1:02}",
    "HH": lambda t: f"{(t.hour + 11) % 12 + 1:02}",
    "MI": lambda t: f"{t.minute:02}",
    "SSSSS": lambda t: f"{t.hour * 3600 + t.minute * 60 + t.second:05}",
    "SS": lambda t: f"{t.second:02}",
    **dict.fromkeys(("A.M.", "P.M."), lambda t: "P.M." if t.hour >= 12 else "A.M."),
    **dict.fromkeys(("AM", "PM"), lambda t: "PM" if t.hour >= 12 else "AM"),
    "TZH": lambda t: f"{t:%z}"[:3],
    "TZM": lambda t: f"{t:%z}"[3:5],
}
NAMES = frozenset(["MONTH", "MON", "DAY", "DY", "A.M.", "P.M.", "AM", "PM"])


def elements(model: str, kind: str) -> list[str]:
    """Return the elements of a format. Raises ValueError for one that the type does not have."""
    if "Y,YYY" in model.upper():
        raise ValueError("Unsupported format element 'Y,YYY'")
    found, end = [], 0
    for match in TOKEN.finditer(model):
        if match.start() != end:
            break
        found.append(match[0])
        end = match.end()
    if end < len(model):
        raise ValueError(f"Cannot find matched format element at {end}: '{model[end:]}'")
    for element in found:
        name = _name(element)
        if name in DATE_PARTS | TIME_PARTS | ZONE_PARTS and name not in PARTS[kind]:
            raise ValueError(f"{kind} does not support '{element.upper()}'")
    return found


def written(model: str, kind: str, micros: int, zone: str) -> str:
    """Return an instant, in microseconds since 1970, in a format. Raises ValueError for an invalid format or zone."""
    moment = EPOCH + datetime.timedelta(microseconds=micros)
    if kind == "TIMESTAMP":
        moment = moment.astimezone(zone_at(zone if OFFSET.fullmatch(zone) else None, zone))
    return "".join(_written(element, moment) for element in elements(model, kind))


def _written(element: str, moment: Moment) -> str:
    name = _name(element)
    if name == "FF":
        return f"{moment.microsecond:06}000"[: int(element[2])]
    if name not in WRITE:
        return re.sub(r"\\(.)", r"\1", element[1:-1]) if element.startswith('"') else element
    text = WRITE[name](moment)
    if name in NAMES and element[0].islower():
        return text.lower()
    return text.capitalize() if name in NAMES and element[1].islower() else text.upper()


def read(model: str, kind: str, text: str, zone: str) -> int:
    """Return the instant in microseconds since 1970.

    Parts that the format lacks are those of the first day of this month, 00:00.
    Raises ValueError for a text that is not of the format, and for an element that is only written.
    """
    match = _pattern(model, kind).fullmatch(text.strip())
    if match is None:
        raise ValueError(f"Failed to parse input string {text!r} with the format {model!r}")
    found = match.groupdict()
    for group, (least, most) in LIMITS.items():
        if found.get(group) and not least <= int(found[group]) <= most:
            raise ValueError(
                f"Failed to parse input string {text!r} with the format {model!r}: {found[group]} is not between "
                f"{least} and {most}"
            )
    today = datetime.datetime.now(datetime.UTC)
    month = int(found.get("month") or today.month)
    if name := found.get("name"):
        month = [each[:3].lower() for each in MONTHS].index(name[:3].lower()) + 1
    hour = int(found.get("hour") or 0)
    if half_day := found.get("half_day"):
        hour = int(half_day) % 12 + (12 if (found.get("half") or "a")[0].lower() == "p" else 0)
    local = datetime.datetime(_year(found, today.year), month, int(found.get("day") or 1), hour)
    local += datetime.timedelta(
        minutes=int(found.get("minute") or 0),
        seconds=int(found.get("second") or found.get("of_day") or 0),
        microseconds=int((found.get("fraction") or "")[:6].ljust(6, "0")),
    )
    offset = found.get("zone")
    if offset:
        offset = f"{offset}:{int(found.get('zone_minute') or 0):02}"
    elif OFFSET.fullmatch(zone):
        offset = zone
    micros: int = (local.replace(tzinfo=zone_at(offset, zone)) - EPOCH) // datetime.timedelta(microseconds=1)
    return micros


def _year(found: dict[str, str | None], now: int) -> int:
    if near := found.get("near_year"):
        other = 0 if (int(near) < 50) == (now % 100 < 50) else 100 if int(near) < 50 else -100
        return now - now % 100 + int(near) + other
    if short := found.get("short_year"):
        size: int = 10 ** len(short)
        return now - now % size + int(short)
    return int(found.get("year") or now)


@functools.lru_cache
def _pattern(model: str, kind: str) -> re.Pattern[str]:
    parts = []
    for element in elements(model, kind):
        name = _name(element)
        if name == "FF":
            parts.append(rf"(?P<fraction>\d{{1,{element[2]}}})")
        elif name in READ:
            parts.append(READ[name])
        elif name in WRITE:
            raise ValueError(f"Format element '{name}' is not supported for parsing")
        else:
            parts.append(r"\s+" if element.isspace() else re.escape(_written(element, EPOCH)))
    try:
        return re.compile("".join(parts))
    except re.error as error:
        raise ValueError(f"Format elements of the same kind are in the format {model!r} twice") from error


def _name(element: str) -> str:
    return "FF" if element.upper().startswith("FF") else element.upper()


TEXTS = {"UTF-8": "utf-8", "UTF8": "utf-8", "ASCII": "ascii"}
ENCODERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[str], bytes]]] = {
    **dict.fromkeys(("HEX", "BASE16"), (binascii.hexlify, binascii.unhexlify)),
    "BASE32": (base64.b32encode, base64.b32decode),
    "BASE64": (base64.b64encode, lambda text: base64.b64decode(text, validate=True)),
    "BASE64M": (lambda data: b"\r\n".join(re.findall(b".{1,76}", base64.b64encode(data))), base64.b64decode),
}
ENCODINGS = frozenset({*TEXTS, *ENCODERS})


def encoded(model: str, data: bytes) -> str:
    """Return BYTES as text. Raises ValueError for bytes that are no text of the encoding."""
    name = model.upper()
    return data.decode(TEXTS[name]) if name in TEXTS else ENCODERS[name][0](data).decode()


def decoded(model: str, text: str) -> bytes:
    """Return the BYTES that a text stands for. Raises ValueError for a text that is not of the encoding."""
    name = model.upper()
    try:
        return text.encode(TEXTS[name]) if name in TEXTS else ENCODERS[name][1](text)
    except ValueError as error:
        raise ValueError(f"Failed to decode {text!r} as {name}: {error}") from error


TEXT, MICROS = "VARCHAR", "BIGINT"
FUNCTIONS = {
    "_model_text": (written, [TEXT, TEXT, MICROS, TEXT], TEXT),
    "_model_instant": (read, [TEXT, TEXT, TEXT, TEXT], MICROS),
    "_bytes_encoded": (encoded, [TEXT, "BLOB"], TEXT),
    "_bytes_decoded": (decoded, [TEXT, TEXT], "BLOB"),
}
