"""Numbers, durations, prices, dates and sentences in a person's language; nothing else knows languages.

English is written in the code; every other language is a catalogue in locales/, kept whole by a test.
"""

import itertools
import math
import re
from datetime import datetime

from babel import Locale
from babel.dates import format_datetime
from babel.lists import format_list
from babel.numbers import NumberFormatError, format_decimal, format_percent, parse_decimal
from babel.units import format_unit

from bots.languages import load_language

LANGUAGES = {"en": "English", "de": "Deutsch"}
DEFAULT = "en"
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_BARS = "▁▂▃▄▅▆▇█"
_UNITS = (("TB", 1000**4), ("GB", 1000**3), ("MB", 1000**2), ("kB", 1000))


def N_(message: str) -> str:  # gettext's own name, which its tools look for
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return message


def choose_language(wanted: str) -> str:
    """Return the language that fits a platform's locale (`de-AT`, `de_AT`, `pt`), English if none does."""
    language = wanted.replace("_", "-").split("-", 1)[0].lower()
    return language if language in LANGUAGES else DEFAULT


class Words:
    """One language."""

    def __init__(self, language: str = DEFAULT) -> None:
        self.language = choose_language(language)
        self._locale = Locale.parse(self.language)
        self._language = load_language(self.language)

    def say(self, message: str, /, **facts: object) -> str:
        """Translate a text and put facts into it."""
        return str(self._language.texts.ugettext(message)).format(**facts) if message else ""

    def known(self, message: str) -> str:
        """Translate what an error of the core says, whatever it was about; unknown ones stay as they are."""
        return self._language.translate_error(message) if message else ""

    def count(self, one: str, many: str, n: int, /, **facts: object) -> str:
        """Translate a text that depends on a number, which is its `{n}`."""
        text = str(self._language.texts.ungettext(one, many, n))
        return text.format(n=self.number(n), **facts)

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self._locale)

    def measure(self, value: float) -> str:
        """Write a measurement with three significant digits or so."""
        digits = 4 if abs(value) < 1 else 2
        return format_decimal(round(value, digits), format="#,##0.####", locale=self._locale)

    def points(self, points: int) -> str:
        return self.count("{n} point", "{n} points", points)

    def pictures(self, pictures: int) -> str:
        return self.count("{n} picture", "{n} pictures", pictures)

    def percent(self, share: float) -> str:
        return format_percent(share, locale=self._locale)

    def listing(self, parts: list[str]) -> str:
        """Join with commas and an "and" before the last."""
        return format_list(parts, locale=self._locale) if parts else "–"

    def duration(self, seconds: float) -> str:
        """Write a length of time in its one or two greatest units."""
        whole = max(0, round(seconds))
        minutes, rest = divmod(whole, 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        parts = ((days, "day"), (hours, "hour"), (minutes, "minute"), (rest, "second"))
        first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
        shown = [part for part in parts[first : first + 2] if part[0]] or [parts[-1]]
        return " ".join(
            format_unit(count, f"duration-{unit}", length="short", locale=self._locale)
            for count, unit in shown
        )

    def moment(self, at: datetime) -> str:
        """Write a date and time of day, in UTC and saying so."""
        return f"{format_datetime(at, 'medium', locale=self._locale)} UTC"

    def size(self, size_bytes: int) -> str:
        for unit, worth in _UNITS:
            if size_bytes >= worth:
                value = format_decimal(round(size_bytes / worth, 1), locale=self._locale)
                return f"{value} {unit}"
        return f"{self.number(size_bytes)} B"

    def read_number(self, text: str) -> float | None:
        """Read a number as people of this language write it, or plainly; None for what is none."""
        text = text.strip().replace(" ", "")
        if not 0 < len(text) <= 40:
            return None
        try:
            value = float(parse_decimal(text, locale=self._locale, strict=True))
        except (NumberFormatError, OverflowError):
            return float(text) if _PLAIN_NUMBER.fullmatch(text) else None
        return value if math.isfinite(value) else None


def draw_bar(share: float, width: int = 12) -> str:
    """Draw progress as text."""
    full = round(max(0.0, min(1.0, share)) * width)
    return "▰" * full + "▱" * (width - full)


def draw_line(values: list[float], width: int = 32) -> str:
    """Draw a curve as text, one character for each run of values."""
    if not values:
        return ""
    width = min(width, len(values))
    cuts = [round(index * len(values) / width) for index in range(width + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(cuts)]
    low, span = min(means), (max(means) - min(means)) or 1.0
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in means)


def shorten(text: str, characters: int) -> str:
    """Cut a text to a length, with a sign that it goes on."""
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"
