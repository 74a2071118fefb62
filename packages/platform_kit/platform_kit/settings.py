"""Settings of a service: read from the environment, with the defaults and the checks of the table of settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources.utils import parse_env_vars

from platform_kit.settings_table import TABLE, refusals

Address = Annotated[str, AfterValidator(lambda url: url.rstrip("/"))]
"""An address without the slash at its end."""


class SettingsError(Exception):
    """Invalid settings: each variable with its value, if it is not secret, and the allowed values."""


def setting(name: str, default: object = None) -> Any:
    """Return a field that is read from the variable `name`; its default is the one in the table of settings.

    `default` is used if the table has no default. A secret is not shown in the repr of the settings.
    """
    row = TABLE[name]
    return Field(validation_alias=name, default=row.default or default, repr=not row.secret)


class PlatformSettings(BaseSettings):
    """The base of a service's settings. An empty variable counts as unset."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", validate_default=True, populate_by_name=True, case_sensitive=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings passes them by these names
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use only the values from the caller: `read` passes the environment's."""
        return (init_settings,)

    def secrets(self) -> list[str]:
        """Return the values that no message may show."""
        rows = {name: TABLE[str(field.validation_alias)] for name, field in type(self).model_fields.items()}
        return [str(getattr(self, name)) for name, row in rows.items() if row.secret and getattr(self, name)]

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Return the settings from an environment, by default the process's. Raises SettingsError."""
        given = os.environ if environment is None else environment
        names = (str(field.validation_alias) for field in cls.model_fields.values())
        # A relative path is one of the current folder.
        return cls._remembered(tuple((name, given[name]) for name in names if name in given), os.getcwd())  # noqa: PTH109

    @classmethod
    # Settings are read at each use, a millisecond each: a thousand times while Dagster loads a large project.
    @lru_cache(maxsize=32)
    def _remembered(cls, given: tuple[tuple[str, str], ...], folder: str) -> Self:  # noqa: ARG003
        if refused := refusals(dict(given)):
            raise SettingsError(" ".join(refused.values()))
        source = EnvSettingsSource(cls, env_ignore_empty=True)
        source.env_vars = parse_env_vars(dict(given), case_sensitive=True, ignore_empty=True)
        try:
            return cls(**source())
        except ValidationError as error:
            # The error's own text and context would show secrets.
            raise SettingsError(" ".join(_sentence(item) for item in error.errors(include_url=False))) from None


def _sentence(error: ErrorDetails) -> str:
    """Return an error that the table cannot find: of the service's own type, or of several settings together."""
    name = str(error["loc"][0]) if error["loc"] else ""
    if name not in TABLE:
        return str(error["ctx"]["error"]) if "error" in error.get("ctx", {}) else error["msg"]
    value = "not valid (its value is secret)" if TABLE[name].secret else f"'{error['input']}'"
    return f"{name} is {value}: {error['msg']}."
