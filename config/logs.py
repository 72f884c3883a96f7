"""Where and how a process writes what happens to it: JSON lines for machines, plain lines for a terminal.

Each line says which request and which job it belongs to. Secrets of the settings, tokens and login links
are struck out of the finished line, whoever wrote them there.
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

from config.settings import Settings
from core.correlation import get_job_id, get_request_id

_NOISY = ("arq", "aiohttp.access", "httpx", "httpcore", "botocore", "aiobotocore", "pymongo")
_STRUCK_OUT = "[secret]"
_SHORTEST_SECRET = 6
_TOKENS = re.compile(r"ty_[a-z2-7]{16}_[A-Za-z0-9_-]+|(?<=/login/)[A-Za-z0-9_-]{8,}")
"""API tokens, and what makes a login link one."""


def set_up_logging(settings: Settings, file: Path | None = None) -> None:
    """Log to standard error, or to a file where the terminal is for a conversation."""
    handler = logging.FileHandler(file) if file else logging.StreamHandler()
    handler.setFormatter(make_formatter(settings, is_terminal=not file and sys.stderr.isatty()))
    # importing honcho has set up logging already
    logging.basicConfig(force=True, handlers=[handler], level=settings.log_level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def make_formatter(settings: Settings, *, is_terminal: bool) -> logging.Formatter:
    """Make what turns a record of the standard library's logging into a line."""
    chosen = settings.log_format
    is_json = chosen == "json" or (chosen == "auto" and not is_terminal)
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    rendering: list[Processor] = [structlog.processors.EventRenamer("message"), _render_json]
    if not is_json:
        rendering = [_render_text]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            stamp,
            _add_ids,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            *rendering,
            _Striker(settings),
        ],
    )


def list_secrets(settings: Settings) -> list[str]:
    """List the values that no line may hold, the longest first."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    secrets = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
    return sorted((one for one in secrets if len(one) >= _SHORTEST_SECRET), key=len, reverse=True)


def _add_ids(logger: WrappedLogger, name: str, event_dict: EventDict) -> EventDict:
    for key, value in (("request", get_request_id()), ("job", get_job_id())):
        if value:
            event_dict[key] = value
    return event_dict


_json = structlog.processors.JSONRenderer(ensure_ascii=False)


def _render_json(logger: WrappedLogger, name: str, event_dict: EventDict) -> str:
    return str(_json(logger, name, event_dict))


def _render_text(logger: WrappedLogger, name: str, event_dict: Mapping[str, object]) -> str:
    """Write a line as people read it, the traceback beneath."""
    known = event_dict.get
    ids = "".join(f" {key}={known(key)}" for key in ("request", "job") if known(key))
    when, level = str(known("timestamp"))[:19].replace("T", " "), str(known("level")).upper()
    line = f"{when} {level} {known('logger')} {known('event')}{ids}"
    trace = known("exception")
    return f"{line}\n{trace}" if trace else line


def make_strike(settings: Settings) -> Callable[[str], str]:
    """Make what strikes secrets out of a text."""
    found = [re.escape(secret) for secret in list_secrets(settings)]
    pattern = re.compile("|".join((*found, _TOKENS.pattern)))
    return lambda text: pattern.sub(_STRUCK_OUT, text)


class _Striker:
    """Strikes secrets out of a finished line."""

    def __init__(self, settings: Settings) -> None:
        self._strike = make_strike(settings)

    def __call__(self, logger: WrappedLogger, name: str, event_dict: Any) -> str:  # a line by now
        return self._strike(str(event_dict))
