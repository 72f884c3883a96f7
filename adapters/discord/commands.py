"""Slash commands made of the catalogue, with completion, both languages and the menu of a message."""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import discord
from discord import app_commands

from adapters.discord.texts import OPTION, cut
from bots.catalogue import Catalogue
from bots.dialog import Choice, Command, Kind, Param
from bots.wording import N_, Words, shorten

MAX_OPTIONS = 25
MAX_IMAGES = 10
ADD_IMAGES = N_("Add images to dataset")
_LOCALES = {discord.Locale.german: "de"}
_TYPES: dict[Kind, type[object]] = {
    Kind.TEXT: str,
    Kind.CHOICE: str,
    Kind.NUMBER: float,
    Kind.TOGGLE: bool,
    Kind.IMAGES: discord.Attachment,
}
Given = dict[str, Any]
"""What the library hands over for each option: a str, int, float, bool or Attachment."""
Group = app_commands.Group


class Takes(Protocol):
    """What the commands call when somebody uses them."""

    async def take_command(
        self, interaction: discord.Interaction, command: Command, given: Given
    ) -> None: ...

    async def take_message(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> None: ...

    async def complete(
        self, interaction: discord.Interaction, command: Command, param: str, typed: str
    ) -> list[Choice]: ...


class CatalogueTranslator(app_commands.Translator):
    """Translates what the commands say by the conversation's own catalogue."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        language, text = _LOCALES.get(locale), string.extras.get("text")
        return cut(Words(language).say(text), OPTION) if language and text else None


def add_commands(tree: app_commands.CommandTree[Any], catalogue: Catalogue, taker: Takes) -> None:
    """Put every command of the catalogue into the tree, `dataset add` as `add` of a group `dataset`."""
    groups: dict[tuple[str, ...], Group] = {}
    for path, command in catalogue.commands.items():
        *above, name = path.split(" ")
        made = _make_command(command, name, taker)
        if above:
            _find_group(tree, groups, tuple(above)).add_command(made)
        else:
            tree.add_command(made)

    async def add_images(interaction: discord.Interaction, message: discord.Message) -> None:
        await taker.take_message(interaction, message)

    menu = app_commands.ContextMenu(
        name=app_commands.locale_str(ADD_IMAGES, text=ADD_IMAGES), callback=add_images
    )
    tree.add_command(menu)


def _find_group(
    tree: app_commands.CommandTree[Any], groups: dict[tuple[str, ...], Group], path: tuple[str, ...]
) -> Group:
    if path not in groups:
        group = Group(name=path[-1], description=" ".join(path))
        groups[path] = group
        if path[:-1]:
            _find_group(tree, groups, path[:-1]).add_command(group)
        else:
            tree.add_command(group)
    return groups[path]


def _make_command(
    command: Command, name: str, taker: Takes
) -> app_commands.Command[Any, Any, None]:
    """Make a slash command. Nothing is required: what is missing, the conversation asks."""

    async def run(interaction: discord.Interaction[Any], /, **given: Any) -> None:  # see Given
        await taker.take_command(interaction, command, given)

    options = _list_options(command)
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what the library reads
        [_make_option("interaction", discord.Interaction), *(o for o, _ in options.values())]
    )
    described = app_commands.describe(**{name: text for name, (_, text) in options.items()})(run)
    made: app_commands.Command[Any, Any, None] = app_commands.Command(
        name=name, description=_describe(command.summary), callback=described
    )
    for param in command.params:
        if param.name in options and param.kind is Kind.CHOICE:
            made.autocomplete(param.name)(_make_completion(command, param.name, taker))
    return made


def _list_options(
    command: Command,
) -> dict[str, tuple[inspect.Parameter, app_commands.locale_str]]:
    """List the options of a command with their descriptions. Raises ValueError for too many."""
    options = {}
    for param in command.params:
        if param.hidden:
            continue
        names = [param.name]
        if param.kind is Kind.IMAGES:
            names = [f"image{number}" for number in range(1, MAX_IMAGES + 1)]
        for name in names:
            options[name] = (_make_option(name, _choose_type(param), None), _describe(param.ask))
    if len(options) > MAX_OPTIONS:
        raise ValueError(f"{command.path} has more than {MAX_OPTIONS} options")
    return options


def _make_option(
    name: str, annotation: object, default: object = inspect.Parameter.empty
) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, annotation=annotation, default=default)


def _choose_type(param: Param) -> object:
    """Return the annotation by which the library makes an option, with the bounds of a number."""
    limits = param.limits
    if param.kind is not Kind.NUMBER:
        return _TYPES[param.kind]
    number: Callable[[float], float] = int if limits.whole else float
    bounds = [None if end is None else number(end) for end in (limits.least, limits.most)]
    if bounds == [None, None]:
        return number
    return app_commands.Range.__class_getitem__((number, *bounds))  # type: ignore[attr-defined]


def _describe(text: str) -> app_commands.locale_str:
    """Describe in English, in Discord's hundred characters; translated from the whole text."""
    return app_commands.locale_str(shorten(text, OPTION), text=text)


def _make_completion(
    command: Command, param: str, taker: Takes
) -> Callable[[discord.Interaction[Any], str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    async def complete(
        interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        found = await taker.complete(interaction, command, param, typed)
        return [
            app_commands.Choice(name=cut(choice.label, OPTION), value=choice.value)
            for choice in found[:MAX_OPTIONS]
            if len(choice.value) <= OPTION
        ]

    return complete
