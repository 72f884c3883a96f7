"""Log lines: JSON for machines, plain for people, with ids and without secrets."""

import json
import logging
import sys
from pathlib import Path

from pydantic import SecretStr

from config.logs import make_formatter
from config.settings import Settings
from core.correlation import correlated

_TOKEN = "1234567:telegram-token-of-a-bot"


def make(tmp_path: Path, **chosen: object) -> Settings:
    return Settings.model_validate(
        {"data_folder": tmp_path, "telegram_token": SecretStr(_TOKEN), **chosen}
    )


def record(message: str, *args: object, exc_info: bool = False) -> logging.LogRecord:
    found = sys.exc_info() if exc_info else None
    return logging.LogRecord("core.jobs", logging.INFO, "f.py", 1, message, args, found)


def test_a_line_for_machines_names_time_level_place_request_and_job(tmp_path: Path) -> None:
    formatter = make_formatter(make(tmp_path), is_terminal=False)
    with correlated("req-1", "jb_x"):
        line = json.loads(formatter.format(record("%s: claimed, attempt %d", "jb_x", 2)))
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "message": "jb_x: claimed, attempt 2",
        "level": "info",
        "logger": "core.jobs",
        "request": "req-1",
        "job": "jb_x",
    }


def test_a_line_for_people_is_one_line_with_the_traceback_beneath(tmp_path: Path) -> None:
    formatter = make_formatter(make(tmp_path), is_terminal=True)
    try:
        raise ValueError("torn")
    except ValueError:
        with correlated("req-1"):
            text = formatter.format(record("it failed", exc_info=True))
    first, *beneath = text.splitlines()
    assert first.endswith("INFO core.jobs it failed request=req-1")
    assert beneath[-1] == "ValueError: torn"


def test_no_line_holds_a_secret_of_the_settings_a_token_or_a_login_link(tmp_path: Path) -> None:
    secrets = (
        _TOKEN,
        "ty_abcdefgh234567ab_" + "s" * 43,
        "http://127.0.0.1/login/" + "k" * 43,
    )
    for is_terminal in (True, False):
        formatter = make_formatter(make(tmp_path), is_terminal=is_terminal)
        for secret in secrets:
            try:
                raise ValueError(f"POST https://api.telegram.org/bot{secret}/getMe")
            except ValueError:
                text = formatter.format(record("asked %s", secret, exc_info=True))
            hidden = secret.rpartition("/")[2]
            assert hidden not in text and text.count("[secret]") >= 2


def test_outside_a_request_no_id_is_made_up(tmp_path: Path) -> None:
    formatter = make_formatter(make(tmp_path, log_format="json"), is_terminal=True)
    assert "request" not in json.loads(formatter.format(record("serving")))
