"""From what people type to what a command takes: checked in the order of parameters, refused in their words."""

import math
import unicodedata
from collections.abc import Sequence

from pydantic import JsonValue

from bots.dialog import Args, Choice, Context, Kind, Param, Scalar
from bots.wording import Words
from core.errors import InvalidError
from core.records import ID_PATTERN

YES = frozenset({"yes", "y", "true", "on", "1", "ok", "sure", "ja", "j", "an", "wahr"})
NO = frozenset({"no", "n", "false", "off", "0", "nein", "aus", "falsch"})
MAX_CHOICES = 25


async def check(context: Context, param: Param, given: JsonValue, known: Args) -> Scalar:
    """Return what was given in the parameter's type. Raises InvalidError in the person's language."""
    value = await _convert(context, param, given, known)
    if param.check is not None:
        await param.check(context, known, value)
    return value


async def _convert(context: Context, param: Param, given: JsonValue, known: Args) -> Scalar:
    words = context.words
    if param.kind is Kind.NUMBER:
        return check_number(words, param, given)
    if param.kind is Kind.TOGGLE:
        return check_toggle(words, given)
    text = str(given).strip() if isinstance(given, str | int | float) else ""
    if param.kind is Kind.CHOICE:
        return await check_choice(context, param, text, known)
    return check_text(words, param, text)


def check_number(words: Words, param: Param, given: JsonValue) -> int | float:
    """Return a number within the limits."""
    limits = param.limits
    value = words.read_number(given) if isinstance(given, str) else given
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidError(words.say("“{given}” is not a number.", given=_show(given)))
    if limits.whole and value != int(value):
        raise InvalidError(words.say("Give a whole number."))
    if limits.least is not None and value < limits.least:
        least = words.number(limits.least)
        raise InvalidError(words.say("The least is {least}.", least=least))
    if limits.most is not None and value > limits.most:
        raise InvalidError(words.say("The most is {most}.", most=words.number(limits.most)))
    return int(value) if limits.whole else value


def check_toggle(words: Words, given: JsonValue) -> bool:
    """Return yes or no, in any language that we speak."""
    if isinstance(given, bool):
        return given
    text = str(given).strip().casefold()
    if text in YES | NO:
        return text in YES
    raise InvalidError(words.say("Answer yes or no."))


def check_text(words: Words, param: Param, text: str) -> str:
    """Return a text that has something to read and is not too long."""
    most = param.limits.characters
    if len(text) > most:
        raise InvalidError(
            words.say(
                "That has {length} characters, and at most {most} are taken. Make it shorter.",
                length=words.number(len(text)),
                most=words.number(most),
            )
        )
    if param.required and not any(unicodedata.category(c)[0] not in "CZ" for c in text):
        raise InvalidError(words.say("That is empty. Type a few words."))
    return text


async def check_choice(context: Context, param: Param, text: str, known: Args) -> str:
    """Return the value of the choice that the text means: its value, its label or one of its keys.

    An id is passed on as it is: core knows whether this person may see it, and answers the same
    words when not.
    """
    if ID_PATTERN.fullmatch(text):
        return text
    assert param.choices is not None
    choices = await param.choices(context, known, text)
    if not choices and not text:
        raise InvalidError(context.words.say(param.empty))
    return match(context.words, choices, text)


def match(words: Words, choices: Sequence[Choice], text: str) -> str:
    """Find the one choice that a text means, exactly or by how its label begins. Raises InvalidError."""
    wanted = _fold(text)
    exact = {c.value for c in choices if wanted in (_fold(c.value), _fold(c.label), *c.keys)}
    begun = {c.value for c in choices if wanted and _fold(c.label).startswith(wanted)}
    for found in (exact, begun):
        if len(found) == 1:
            return found.pop()
        if found:
            raise InvalidError(
                words.say("“{given}” could be several. Choose one of them.", given=_show(text))
            )
    raise InvalidError(words.say("“{given}” is none of the choices.", given=_show(text)))


def narrow(choices: Sequence[Choice], typed: str) -> list[Choice]:
    """Return the choices that contain what was typed so far, those that begin with it first."""
    wanted = _fold(typed)
    found = [c for c in choices if wanted in _fold(c.label) or wanted in (c.value, *c.keys)]
    found.sort(key=lambda choice: not _fold(choice.label).startswith(wanted))
    return found[:MAX_CHOICES]


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _show(given: object) -> str:
    text = " ".join(str(given).split())
    return text if len(text) <= 60 else text[:59] + "…"
