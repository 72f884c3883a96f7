"""Settings that are handed on to processes whole; apart from Settings, which only says what there is to choose."""

import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr, TypeAdapter
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from config.settings import Settings

_PREFIX = "TRAINYARD_"
_ANY: TypeAdapter[Any] = TypeAdapter(Any)  # a setting of any type


class OwnSettings(Settings):
    """Settings that no environment and no .env file reaches: what was not given is the default."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def make_environment(settings: Settings) -> dict[str, str]:
    """Make the environment in which a process has just these settings, whatever ours and a .env file say."""
    others = {name: text for name, text in os.environ.items() if not name.startswith(_PREFIX)}
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    ours = {name.upper(): _write(value) for name, value in values.items() if value is not None}
    ours["ENV_FILE"] = os.devnull
    return others | {f"{_PREFIX}{name}": text for name, text in ours.items()}


def _write(value: object) -> str:
    """Write a setting as the environment has it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, str | Path):
        return str(value)
    return _ANY.dump_json(value).decode()
