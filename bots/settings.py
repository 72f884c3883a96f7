"""Settings as people write and read them; apart because trainings and generations both have some."""

from bots.wording import Words
from core.errors import InvalidError
from core.offerings.generation import GenerationOffer
from core.offerings.records import Offering, Param, ParamValue


def read_settings(
    words: Words, offering: Offering | GenerationOffer, text: str
) -> dict[str, ParamValue]:
    """Read `steps=200 rank: 4, flip=no`. Raises InvalidError naming what cannot be read."""
    given: dict[str, ParamValue] = {}
    spaced = text.replace(": ", "=").replace(" = ", "=").replace(":", "=").replace(";", " ")
    for part in spaced.split():
        name, mark, value = part.strip(",").partition("=")
        setting = offering.find_param(name)
        if not mark or setting is None:
            known = ", ".join(param.name for param in offering.params)
            raise InvalidError(
                words.say(
                    "“{given}” is no setting. Write name=value; there are: {known}.",
                    given=part[:60],
                    known=known,
                )
            )
        given[name] = _read_setting(words, setting, value)
    return given


def show_value(words: Words, value: ParamValue) -> str:
    """Write a setting's value."""
    if isinstance(value, bool):
        return words.say("yes") if value else words.say("no")
    if isinstance(value, int | float):
        return words.number(value) if isinstance(value, int) else f"{value:g}"
    return value


def _read_setting(words: Words, setting: Param, text: str) -> ParamValue:
    if setting.kind == "choice":
        return text
    if setting.kind == "bool":
        folded = text.casefold()
        if folded in ("yes", "true", "on", "ja", "an", "no", "false", "off", "nein", "aus"):
            return folded in ("yes", "true", "on", "ja", "an")
        raise InvalidError(words.say("{name} is yes or no.", name=setting.name))
    number = words.read_number(text)
    if number is None:
        raise InvalidError(words.say("“{given}” is not a number.", given=text[:60]))
    return int(number) if setting.kind == "int" and number == int(number) else number
