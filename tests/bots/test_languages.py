"""Every text in every language, with the same places to put things; and how numbers and times are written."""

import string
from datetime import UTC, datetime

import pytest

from bots.languages import load_language, read_catalogue
from bots.wording import LANGUAGES, Words, choose_language, draw_bar, draw_line, shorten
from tests.bots.messages import (
    extract_catalogue,
    extract_errors,
    extract_spoken,
    extract_told,
)
from tests.bots.people import Person, expect_question, expect_reply, find_button

OTHERS = [language for language in LANGUAGES if language != "en"]


def list_places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_and_none_is_left_over(language: str) -> None:
    catalogue = read_catalogue(language)
    known = {m.id for m in catalogue if m.id and not m.context and all(_list_strings(m.string))}
    spoken = extract_spoken()
    assert len(spoken) > 150
    assert spoken - known == set() and known - spoken == set()


@pytest.mark.parametrize("language", OTHERS)
def test_every_error_is_translated(language: str) -> None:
    catalogue = read_catalogue(language)
    known = {m.id for m in catalogue if m.context == "error" and m.string}
    errors, told = extract_errors(), extract_told()
    assert len(errors) > 50 and len(told) > 10
    assert (errors | told) - known == set()


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_catalogues_is_translated_and_none_is_left_over(language: str) -> None:
    known = {m.id for m in read_catalogue(language) if m.context == "catalogue" and m.string}
    texts = extract_catalogue()
    assert len(texts) > 50 and known == texts


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_puts_in_what_the_original_does(language: str) -> None:
    for message in read_catalogue(language):
        if message.id:
            originals = _list_strings(message.id)
            translations = _list_strings(message.string)
            assert len(translations) >= len(originals)
            for index, translation in enumerate(translations):
                original = originals[min(index, len(originals) - 1)]
                assert list_places(translation) == list_places(original), message.id


def _list_strings(text: object) -> list[str]:
    return [str(part) for part in text] if isinstance(text, list | tuple) else [str(text)]


def test_a_finished_error_is_recognised_by_what_stands_around_its_facts() -> None:
    german = load_language("de")
    assert (
        german.translate_error("SD 1.5 LoRA needs 5 to 1000 images; this dataset has 3.")
        == "SD 1.5 LoRA braucht 5 bis 1000 Bilder; dieser Datensatz hat 3."
    )
    assert german.translate_error("This training has already been cancelled.") == (
        "Dieses Training ist schon abgebrochen."
    )
    assert german.translate_error("Nobody has ever said this.") == "Nobody has ever said this."
    assert load_language("en").translate_error("{0} (x") == "{0} (x"


async def test_a_person_is_answered_in_their_language_from_the_first_word(mira: Person) -> None:
    mira.locale = "de-AT"
    first = expect_reply(await mira.type("/points"), "Du hast 100 Punkte")
    assert first.text.startswith("Willkommen bei Trainyard, mira!")
    expect_question(await mira.type("/dataset create"), "name")
    expect_reply(await mira.type("abbrechen"), "Schon gut")
    missing = expect_reply(await mira.ask("dataset show", dataset="ds_" + "a" * 16))
    assert missing.text == "Diesen Datensatz gibt es nicht."
    question = expect_question(await mira.type("/language"), "language")
    expect_reply(await mira.press(find_button(question, "English")), "answered in English")
    expect_reply(await mira.type("/points"), "You have 100 points")


def test_numbers_times_and_sizes_are_written_as_people_do() -> None:
    english, german = Words("en"), Words("de")
    assert (english.number(1234.5), german.number(1234.5)) == ("1,234.5", "1.234,5")
    assert (english.points(1), german.points(1200)) == ("1 point", "1.200 Punkte")
    assert english.duration(0) == "0 sec"
    assert english.duration(59.6) == "1 min"
    assert english.duration(3725) == "1 hr 2 min"
    assert german.duration(2 * 86400 + 3600) == "2 Tg. 1 Std."
    assert (english.size(999), german.size(1_500_000)) == ("999 B", "1,5 MB")
    at = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
    assert german.moment(at) == "01.03.2026, 12:05:00 UTC"
    assert english.listing(["a", "b", "c"]) == "a, b, and c" and english.listing([]) == "–"


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "1,000", 1000),
        ("en", "1.5", 1.5),
        ("de", "1.000", 1000),
        ("de", "1,5", 1.5),
        ("de", "0.002", 0.002),
        ("en", "٣", 3),
        ("en", "1,5", None),
        ("en", "infinity", None),
        ("en", "9" * 41, None),
        ("en", "", None),
    ],
)
def test_numbers_are_read_as_people_write_them(
    language: str, text: str, value: float | None
) -> None:
    assert Words(language).read_number(text) == value


def test_languages_are_chosen_by_what_platforms_say() -> None:
    wanted = {"de": "de", "de-CH": "de", "DE_at": "de", "en-US": "en", "pt-BR": "en", "": "en"}
    assert {text: choose_language(text) for text in wanted} == wanted


def test_progress_and_curves_are_drawn_in_text() -> None:
    assert draw_bar(0.5, 4) == "▰▰▱▱" and draw_bar(7, 2) == "▰▰" and draw_bar(-1, 2) == "▱▱"
    assert draw_line([1, 2, 3], 3) == "▁▅█" or draw_line([1, 2, 3], 3) == "▁▄█"
    assert draw_line([]) == "" and draw_line([5, 5]) == "▁▁"
    assert len(draw_line([float(n) for n in range(1000)], 20)) == 20
    assert shorten("abcdef", 4) == "abc…" and shorten("abcd", 4) == "abcd"
