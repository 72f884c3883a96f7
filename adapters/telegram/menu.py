"""The menu of commands beside the input field: one for each language, set when it has changed."""

import logging

from telegram import Bot, BotCommand
from telegram.constants import BotCommandLimit

from bots.catalogue import Catalogue
from bots.wording import DEFAULT, LANGUAGES, Words, shorten

_log = logging.getLogger(__name__)


async def set_menus(bot: Bot, catalogue: Catalogue) -> None:
    """Set the menu of each language; English is everybody else's."""
    for language in LANGUAGES:
        menu = make_menu(catalogue, Words(language))
        code = "" if language == DEFAULT else language
        if list(await bot.get_my_commands(language_code=code)) != menu:
            await bot.set_my_commands(menu, language_code=code)
            _log.info("the menu of %d commands is set for %s", len(menu), language)


def make_menu(catalogue: Catalogue, words: Words) -> list[BotCommand]:
    """List the commands as Telegram names them: `dataset create` is /dataset_create."""
    return [
        BotCommand(
            command.path.replace(" ", "_"),
            shorten(words.say(command.summary), BotCommandLimit.MAX_DESCRIPTION),
        )
        for command in catalogue.commands.values()
    ][: BotCommandLimit.MAX_COMMAND_NUMBER]
