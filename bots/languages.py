"""A language's catalogue, read once: texts of the conversation, and what errors of the core say.

Errors come as finished English sentences. The catalogue keeps them under the context `error`, with
{0}, {1} where something was put in, so a sentence is recognised by what stands around it. What an
operator's catalogues say of offerings and settings stands under `catalogue`.
"""

import functools
import io
import re
from importlib import resources

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ENGLISH = "en"
_KNOWN = ("error", "catalogue")
_PLACE = re.compile(r"\\\{\d\\\}")


class Language:
    """What is known of one language."""

    def __init__(self, texts: NullTranslations, errors: dict[str, str]) -> None:
        self.texts = texts
        self._sentences = errors
        templates = sorted((text for text in errors if "{0}" in text), key=len, reverse=True)
        self._patterns = [(_make_pattern(text), errors[text]) for text in templates]

    def translate_error(self, message: str) -> str:
        """Translate a finished sentence; one that nobody has translated stays as it is."""
        if message in self._sentences:
            return self._sentences[message]
        for pattern, translation in self._patterns:
            match = pattern.fullmatch(message)
            if match is not None:
                parts = (self._sentences.get(part, part) for part in match.groups())
                return translation.format(*parts)
        return message


@functools.cache
def load_language(language: str) -> Language:
    """Read a language's catalogue, once; English needs none."""
    if language == ENGLISH:
        return Language(NullTranslations(), {})
    catalogue = read_catalogue(language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    errors = {
        str(message.id): str(message.string)
        for message in catalogue
        if message.context in _KNOWN and message.string
    }
    return Language(Translations(compiled), errors)


def read_catalogue(language: str) -> Catalog:
    """Read a language's .po file."""
    text = resources.files("bots").joinpath("locales", f"{language}.po").read_bytes()
    return read_po(io.BytesIO(text), locale=language)


def _make_pattern(template: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub("(.+?)", re.escape(template)), re.DOTALL)
