"""The connection to Discord: what people do there becomes an Incoming, and every one of them is answered."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from adapters.discord.attachments import describe, list_sent
from adapters.discord.commands import CatalogueTranslator, Given, add_commands
from adapters.discord.components import FORM, MENU, PRESS
from adapters.discord.desk import Desk
from adapters.discord.exchange import Exchange
from adapters.discord.forms import read_form
from adapters.discord.mail import Mail
from adapters.discord.syncing import sync_commands
from bots.buttons import MAX_BYTES
from bots.dialog import Choice, Command, Reply, Tone
from bots.incoming import Incoming
from bots.wording import Words

_log = logging.getLogger(__name__)
_HANDLERS = ("CommandTree-invoker", "discord.py: on_")
"""How the library names the tasks in which people are answered."""
Interaction = discord.Interaction[Any]


@dataclass(frozen=True)
class Place:
    """Where commands are shown, everywhere or in some servers, and where it is noted that they are."""

    memory: Path
    guilds: tuple[int, ...] = ()


class Tree(app_commands.CommandTree["Client"]):
    """The slash commands, and an answer for one that is not among them."""

    async def on_error(
        self, interaction: Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        if interaction.type is discord.InteractionType.autocomplete:
            _log.info("nothing can be completed: %s", error)
        elif isinstance(error, app_commands.CommandInvokeError):
            _log.error("an interaction could not be answered", exc_info=error.original)
        else:  # one that is gone, or has changed: Discord shows old ones for a while
            _log.info("a command cannot be called: %s", error)
            await self.client.answer(interaction, command="?")


class Client(discord.Client):
    """Talks with people on Discord; holds nothing that must outlive it."""

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            guild_ready_timeout=0.0,  # nothing here needs a list of servers
        )
        self.tree = Tree(self)
        self._desk = desk
        self._mail = Mail(desk)
        self._place = place

    async def setup_hook(self) -> None:
        await self.tree.set_translator(CatalogueTranslator())
        add_commands(self.tree, self._desk.conversation.catalogue, self)
        await sync_commands(self.tree, self._place.guilds, self._place.memory)

    async def drain(self, limit_s: float) -> None:
        """Let the handlers that run come to their end, for so long."""
        self._desk.let_go()
        named = (t for t in asyncio.all_tasks() if t.get_name().startswith(_HANDLERS))
        running = [task for task in named if task is not asyncio.current_task()]
        if running:
            _, late = await asyncio.wait(running, timeout=limit_s)
            for task in late:
                task.cancel()

    async def on_ready(self) -> None:
        _log.info("connected to Discord, in %d servers", len(self.guilds))

    async def on_resumed(self) -> None:
        _log.info("connected to Discord again; nothing was missed")

    async def on_disconnect(self) -> None:
        _log.warning("the connection to Discord is lost; it is made again")

    async def on_message(self, message: discord.Message) -> None:
        if message.guild is None and message.author != self.user:
            await self._mail.take(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        if payload.guild_id is None:
            await self._mail.take_edit(payload.message)

    async def take_command(self, interaction: Interaction, command: Command, given: Given) -> None:
        """Take a slash command with its options."""
        files = [value for value in given.values() if isinstance(value, discord.Attachment)]
        args = {n: v for n, v in given.items() if isinstance(v, str | int | float)}
        pictures = self._desk.pictures.take(describe(files))
        path, is_private = command.path, command.private
        await self.answer(
            interaction, is_private=is_private, command=path, args=args, pictures=pictures
        )

    async def take_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Take the pictures of a message that was chosen by its menu."""
        pictures = self._desk.pictures.take(list_sent(message))
        path = self._desk.conversation.catalogue.pictures
        if pictures:
            await self.answer(interaction, command=path, pictures=pictures)
            return
        words = Words(interaction.locale.value)
        nothing = Reply(
            words.say("There is no picture in this message"),
            words.say("Choose one with pictures attached, or send them to me directly."),
            tone=Tone.CAUTION,
        )
        incoming = self._make_incoming(interaction)
        await Exchange(self._desk.conversation, interaction, incoming).show(nothing)

    async def complete(
        self, interaction: Interaction, command: Command, param: str, typed: str
    ) -> list[Choice]:
        """List what could be meant by what is typed into an option."""
        given = {n: v for n, v in interaction.namespace if isinstance(v, str | int | float)}
        incoming = self._make_incoming(interaction, args=given)
        return await self._desk.conversation.suggest(incoming, command.path, param, typed)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Take presses and forms; commands have come by the tree."""
        data: dict[str, Any] = dict(interaction.data or {})
        if interaction.type is discord.InteractionType.modal_submit:
            text, files = read_form(data)
            await self.answer(interaction, text=text, pictures=self._desk.pictures.take(files))
        elif interaction.type is discord.InteractionType.component:
            if interaction.message is not None:
                self._desk.let_go(interaction.message.id)
            await self._press(interaction, str(data["custom_id"]), data.get("values") or [""])

    async def _press(self, interaction: Interaction, custom_id: str, values: list[str]) -> None:
        """Take a press: what it asks for stands in its id, or in the option that was chosen."""
        if custom_id.startswith(FORM):
            data = custom_id.removeprefix(FORM)
            await self.answer(interaction, in_form=True, button=data)
            return
        data = values[0] if custom_id.startswith(MENU) else custom_id.removeprefix(PRESS)
        await self.answer(interaction, button=data[: MAX_BYTES + 1] or "?")

    async def answer(
        self,
        interaction: Interaction,
        *,
        is_private: bool = True,
        in_form: bool = False,
        **what: Any,  # fields of Incoming
    ) -> None:
        """Answer an interaction, and keep its answer up to date while a training goes on."""
        incoming = self._make_incoming(interaction, **what)
        conversation = self._desk.conversation
        exchange = Exchange(conversation, interaction, incoming, is_private=is_private)
        try:
            answer = await exchange.answer(in_form=in_form)
        except (
            Exception
        ):  # the door for errors of interactions: there is nothing left to answer with
            _log.exception("an interaction could not be answered")
            return
        if exchange.message_id is not None:
            await self._desk.keep_up(exchange.message_id, incoming, answer, exchange.edit)

    def _make_incoming(self, interaction: Interaction, **what: Any) -> Incoming:  # of Incoming
        place, locale = interaction.channel_id, interaction.locale.value
        return self._desk.make_incoming(interaction.user, place, locale, **what)
