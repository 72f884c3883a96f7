"""Every text of the sandbox's scripts in every language, and none that no script says."""

import json
import re

import pytest

from adapters.web.pages import STATIC_FOLDER
from bots.wording import LANGUAGES

_STRING = r'"((?:[^"\\]|\\.)*)"'
_SAY = re.compile(rf"(?<![.\w])(?:say|mark)\(\s*{_STRING}")
_COUNT = re.compile(rf"\bcount\([^,\"]+,\s*{_STRING},\s*{_STRING}")


def read_spoken() -> set[str]:
    """Find what `say("…")`, `mark("…")` and `count(n, "…", "…")` say in every script."""
    spoken: set[str] = set()
    for script in STATIC_FOLDER.rglob("*.js"):
        if script.parent.name != "locales":
            text = script.read_text()
            spoken.update(json.loads(f'"{found}"') for found in _SAY.findall(text))
            spoken.update(json.loads(f'"{f}"') for pair in _COUNT.findall(text) for f in pair)
    return spoken


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_text_of_the_pages_is_translated_and_none_is_left_over(language: str) -> None:
    source = (STATIC_FOLDER / "locales" / f"{language}.js").read_text()
    texts = json.loads(
        re.sub(r",\s*}", "}", source.removeprefix("export default ").rstrip().removesuffix(";"))
    )
    spoken = read_spoken()
    assert len(spoken) > 50
    assert spoken - texts.keys() == set() and texts.keys() - spoken == set()
    for text, translation in texts.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", translation)), text
