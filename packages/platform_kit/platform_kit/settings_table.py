"""Reads the table of settings, `settings.ini`. Standard library only, any Python from 3.9 on: tools read it too."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path

FILE = Path(__file__).with_name("settings.ini")
HEADING = "heading: "
IN = "in "  # begins the key of a mode's value
ENV = ("written", "commented", "none")
RENAMED = {"is": "meaning", "for": "consumers", "from": "least", "to": "most"}
"""The keys whose fields have other names, because the key is a reserved word in Python or says too little there."""
NUMBERS = {"whole": "-?[0-9]{1,19}", "decimal": r"-?([0-9]{1,19}(\.[0-9]{0,19})?|\.[0-9]{1,19})"}
SWITCHES = (("yes", "no"), ("true", "false"))
SWITCH_WORDS = ("yes", "no", "true", "false", "1", "0", "on", "off", "y", "n", "t", "f")
"""What a switch may be, in any case: the words that pydantic reads as a bool."""
PATTERNS = {"address": r"https?://([^\s/?#\[\]]+|([^\s/?#\[\]]+@)?\[[0-9A-Fa-f:.]+\](:[0-9]+)?)(/[^\s?#]*)?"}
SHOWN = 200  # characters of an invalid value in a message
CONTROL = re.compile("[\x00-\x1f\x7f]")


class TableError(Exception):
    """The table of settings is invalid. The text names the section and the mistake."""


@dataclass(frozen=True)
class Setting:
    """One setting. The head of `settings.ini` explains each field."""

    name: str
    heading: str
    env: str
    meaning: str
    in_modes: dict[str, str]
    default: str = ""
    compose: str | None = None
    empty: str = ""
    process: str | None = None
    consumers: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    form: str = ""
    pattern: str = ""
    number: str = ""
    least: str = ""
    most: str = ""
    unit: str = ""
    example: str | None = None
    secret: bool = False
    generated: str = ""
    modes: tuple[str, ...] = ()
    optional_in: tuple[str, ...] = ()
    port_of: str = ""

    @property
    def in_container(self) -> str:
        """The default in containers."""
        return self.default if self.compose is None else self.compose

    @property
    def allowed(self) -> str:
        """A description of the valid values; empty if every text is valid."""
        if self.number:
            kind = "a whole number" if self.number == "whole" else "a number"
            return f"{kind}{f' of {self.unit}' if self.unit else ''} from {self.least} to {self.most}"
        return self.form or " or ".join(f"'{value}'" for value in self.values)

    def refusal(self, value: str) -> str:
        """Return why a value is invalid, as a sentence without the value of a secret; empty if it is valid."""
        if not value or self._allows(value):  # an empty variable counts as unset
            return ""
        shown = "not valid (its value is secret)" if self.secret else f"'{value[:SHOWN]}'"
        return f"{self.name} is {shown}; it must be {self.allowed or 'a text without control characters'}."

    def _allows(self, value: str) -> bool:
        if self.values:
            return value in self.values or (self.values in SWITCHES and value.lower() in SWITCH_WORDS)
        if self.number:
            least, most = Decimal(self.least), Decimal(self.most)
            return bool(re.fullmatch(NUMBERS[self.number], value)) and least <= Decimal(value) <= most
        pattern = PATTERNS.get(self.pattern, self.pattern)
        return bool(re.fullmatch(pattern, value)) if pattern else not CONTROL.search(value)


LISTS = {field.name for field in fields(Setting) if field.type == "tuple[str, ...]"}
NAMES = {field.name for field in fields(Setting)} - {"name", "heading", "env", "in_modes", *RENAMED.values()}
KEYS = {name.replace("_", " "): name for name in NAMES} | RENAMED
"""The keys of a section, and the fields that they fill."""


def read(file: Path = FILE) -> dict[str, Setting]:
    """Return every setting by name, in the table's order. Raises TableError."""
    # No interpolation, because values contain `$` and `%`; a comment needs a line of its own.
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(file.read_text(encoding="utf-8"), str(file))
    except configparser.Error as error:
        raise TableError(str(error)) from error
    table: dict[str, Setting] = {}
    heading = env = ""
    for section in parser.sections():
        keys = dict(parser[section])
        if section.startswith(HEADING):
            heading, env = section[len(HEADING) :], keys.get("env", "")
            if env not in ENV:
                raise TableError(f"{file.name}: [{section}] needs env = {' or '.join(ENV)}")
            continue
        table[section] = _setting(section, heading, env, keys, file)
    return table


def _setting(name: str, heading: str, env: str, keys: dict[str, str], file: Path) -> Setting:
    """Return a section as a setting. Raises TableError."""
    in_modes = {key[len(IN) :]: keys.pop(key) for key in list(keys) if key.startswith(IN)}
    values: dict[str, object] = {}
    for key, value in keys.items():
        field = KEYS.get(key)
        if not field:
            raise TableError(f"{file.name}: [{name}] has an unknown key: {key}. Its head lists the keys")
        values[field] = tuple(part.strip() for part in value.split(",") if part.strip()) if field in LISTS else value
    if not values.get("meaning"):
        raise TableError(f"{file.name}: [{name}] does not say what the setting is: it needs a line `is = …`")
    answer = values.pop("secret", "no")
    if answer not in ("yes", "no") or (answer == "yes" and values.get("default")):
        raise TableError(f"{file.name}: [{name}] is either `secret = yes` without a default, or not secret")
    if values.get("number") and not (values["number"] in NUMBERS and values.get("least") and values.get("most")):
        raise TableError(f"{file.name}: [{name}] needs number = {' or '.join(NUMBERS)}, and both limits, from and to")
    return Setting(
        name=name,
        heading=heading,
        env=env,
        in_modes=in_modes,
        secret=answer == "yes",
        **values,  # type: ignore[arg-type]
    )


def refusals(variables: Mapping[str, str]) -> dict[str, str]:
    """Return why each invalid setting among the variables is refused, by its name."""
    found = {name: TABLE[name].refusal(value) for name, value in variables.items() if name in TABLE}
    return {name: reason for name, reason in found.items() if reason}


TABLE = read()
PORTS = {setting.port_of: int(setting.default) for setting in TABLE.values() if setting.port_of}
"""The published ports, by the service that listens on them."""
