"""The page of settings is what the code says."""

from pathlib import Path

from config.reference import read_descriptions, write_reference
from config.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "settings.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == write_reference(), (
        "run `trainyard settings > docs/guides/settings.md`"
    )


def test_every_setting_is_on_it_and_says_what_it_is() -> None:
    page, words = write_reference(), read_descriptions()
    for name in Settings.model_fields:
        assert f"`TRAINYARD_{name.upper()}`" in page
        assert words.get(name), f"{name} says nothing"
