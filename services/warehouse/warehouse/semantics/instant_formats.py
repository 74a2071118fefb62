"""FORMAT_DATE, FORMAT_TIME, FORMAT_DATETIME and FORMAT_TIMESTAMP, for formats that DuckDB writes in another way."""

import datetime
import functools
import re
from collections.abc import Callable

from warehouse.semantics.instants import EPOCH, OFFSET, zone_at, zone_name

ELEMENT = re.compile(r"%(E4Y|E[*\d]S|Ez|[EO]?[A-Za-z%])")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
Moment = datetime.datetime
OF_DATE: dict[str, Callable[[Moment], str]] = {
    "A": lambda t: DAYS[t.weekday()],
    "a": lambda t: DAYS[t.weekday()][:3],
    "B": lambda t: MONTHS[t.month - 1],
    "b": lambda t: MONTHS[t.month - 1][:3],
    "h": lambda t: MONTHS[t.month - 1][:3],
    "C": lambda t: f"{t.year // 100:02}",
    "D": lambda t: f"{t.month:02}/{t.day:02}/{t.year % 100:02}",
    "d": lambda t: f"{t.day:02}",
    "e": lambda t: f"{t.day:2}",
    "F": lambda t: f"{t.year:04}-{t.month:02}-{t.day:02}",
    "G": lambda t: f"{t.isocalendar().year:04}",
    "g": lambda t: f"{t.isocalendar().year % 100:02}",
    "J": lambda t: f"{t.isocalendar().week * 7 - 7 + t.isoweekday():03}",
    "j": lambda t: f"{t.timetuple().tm_yday:03}",
    "m": lambda t: f"{t.month:02}",
    "Q": lambda t: str((t.month + 2) // 3),
    "U": lambda t: f"{(t.timetuple().tm_yday + 6 - t.isoweekday() % 7) // 7:02}",
    "u": lambda t: str(t.isoweekday()),
    "V": lambda t: f"{t.isocalendar().week:02}",
    "W": lambda t: f"{(t.timetuple().tm_yday + 6 - t.weekday()) // 7:02}",
    "w": lambda t: str(t.isoweekday() % 7),
    "Y": lambda t: str(t.year),
    "y": lambda t: f"{t.year % 100:02}",
    "E4Y": lambda t: f"{t.year:04}",
}
OF_DATE["x"] = OF_DATE["D"]


def _seconds(digits: int, moment: Moment) -> str:
    return f"{moment.second:02}.{moment.microsecond * 1000:09}"[: 3 + digits]


OF_TIME: dict[str, Callable[[Moment], str]] = {
    "H": lambda t: f"{t.hour:02}",
    "I": lambda t: f"{(t.hour + 11) % 12 + 1:02}",
    "k": lambda t: f"{t.hour:2}",
    "l": lambda t: f"{(t.hour + 11) % 12 + 1:2}",
    "M": lambda t: f"{t.minute:02}",
    "P": lambda t: "pm" if t.hour >= 12 else "am",
    "p": lambda t: "PM" if t.hour >= 12 else "AM",
    "R": lambda t: f"{t.hour:02}:{t.minute:02}",
    "r": lambda t: f"{(t.hour + 11) % 12 + 1:02}:{t.minute:02}:{t.second:02} {'PM' if t.hour >= 12 else 'AM'}",
    "S": lambda t: f"{t.second:02}",
    "T": lambda t: f"{t.hour:02}:{t.minute:02}:{t.second:02}",
    "E*S": lambda t: f"{t.second:02}.{t.microsecond:06}".rstrip("0").rstrip(".") if t.microsecond else f"{t.second:02}",
    **{f"E{digits}S": functools.partial(_seconds, digits) for digits in range(1, 10)},
}
OF_TIME |= {"X": OF_TIME["T"], "E0S": OF_TIME["S"]}
OF_DAY_AND_TIME: dict[str, Callable[[Moment], str]] = {
    "c": lambda t: f"{OF_DATE['a'](t)} {OF_DATE['b'](t)} {t.day:2} {OF_TIME['T'](t)} {t.year}",
    "s": lambda t: str((t - EPOCH) // datetime.timedelta(seconds=1)),
}
OF_ZONE: dict[str, Callable[[Moment], str]] = {
    "z": lambda t: f"{t:%z}"[:5],
    "Ez": lambda t: f"{t:%:z}"[:6],
}
EVERYWHERE: dict[str, Callable[[Moment], str]] = {"%": lambda _: "%", "n": lambda _: "\n", "t": lambda _: "\t"}
OF_KIND = {
    "DATE": OF_DATE,
    "TIME": OF_TIME,
    "DATETIME": {**OF_DATE, **OF_TIME, **OF_DAY_AND_TIME},
    "TIMESTAMP": {**OF_DATE, **OF_TIME, **OF_DAY_AND_TIME, **OF_ZONE},
}
ALL = {*OF_DATE, *OF_TIME, *OF_DAY_AND_TIME, *OF_ZONE, "Z", *EVERYWHERE}


def elements(template: str) -> list[str]:
    """Return the elements of a format without their `%`. Raises ValueError for one that BigQuery does not document."""
    if found := re.search(r"%(?!E4Y|E[*\d]S|Ez|[EO]?[A-Za-z%]|$)", template):
        raise ValueError(f"Format element {template[found.start() : found.start() + 2]} is not supported")
    names = [_plain(name) for name in ELEMENT.findall(template)]
    if unknown := next((name for name in names if name not in ALL), None):
        raise ValueError(f"Format element %{unknown} is not supported")
    return names


def text(template: str, kind: str, micros: int, zone: str) -> str:
    """Return an instant, in microseconds since 1970, in a format. Elements that its type does not have stay.

    Raises ValueError for an unknown element or zone.
    """
    elements(template)
    moment = EPOCH + datetime.timedelta(microseconds=micros)
    if kind == "TIMESTAMP":
        moment = moment.astimezone(zone_at(zone if OFFSET.fullmatch(zone) else None, zone))

    def element(match: re.Match[str]) -> str:
        name = _plain(match[1])
        if name == "Z" and kind == "TIMESTAMP":
            return zone_name(micros / 1_000_000, zone)
        write = EVERYWHERE.get(name) or OF_KIND[kind].get(name)
        return write(moment) if write else match[0]

    return ELEMENT.sub(element, template)


def _plain(name: str) -> str:
    """Return an element without the modifier E or O that changes nothing in English."""
    return name if name in ALL or len(name) == 1 else name[1:]


FUNCTIONS = {"_instant_text": (text, ["VARCHAR", "VARCHAR", "BIGINT", "VARCHAR"], "VARCHAR")}
