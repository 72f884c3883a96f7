"""The page of settings is what the code says."""

import os
import subprocess
import sys
from pathlib import Path

from config.reference import read_descriptions, write_reference
from config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guides" / "settings.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == write_reference(), (
        "run `trainyard settings > docs/guides/settings.md`"
    )


def test_every_setting_is_on_it_and_says_what_it_is() -> None:
    page, words = write_reference(), read_descriptions()
    for name in Settings.model_fields:
        assert f"`TRAINYARD_{name.upper()}`" in page
        assert words.get(name), f"{name} says nothing"


def read_points(folder: Path, **environment: str) -> str:
    """Read a setting in a process that is started in a folder."""
    program = "from config.settings import Settings; print(Settings().welcome_points)"
    others = {name: text for name, text in os.environ.items() if not name.startswith("TRAINYARD_")}
    command = (sys.executable, "-c", program)
    environment = {**others, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.check_output(command, cwd=folder, env=environment, text=True).strip()


def test_a_file_of_settings_is_read_where_it_is_started_or_where_it_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TRAINYARD_WELCOME_POINTS=71\n")
    (tmp_path / "other").write_text("TRAINYARD_WELCOME_POINTS=72\n")
    assert read_points(tmp_path) == "71"
    assert read_points(tmp_path, TRAINYARD_ENV_FILE="other") == "72"
    assert read_points(tmp_path, TRAINYARD_ENV_FILE=os.devnull) == str(
        Settings.model_fields["welcome_points"].default
    )
