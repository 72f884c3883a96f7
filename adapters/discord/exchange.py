"""One interaction from its first answer to its last, within Discord's three seconds and fifteen minutes."""

import asyncio
import logging
import time
from dataclasses import replace
from typing import Any

import discord

from adapters.discord.forms import make_form
from adapters.discord.rendering import Rendered, render
from adapters.discord.texts import fit
from bots.conversation import Conversation
from bots.dialog import Answer, Kind, Question, Reply
from bots.failures import apologise
from bots.incoming import Incoming
from bots.wording import Words

_log = logging.getLogger(__name__)
_THINK_S = 1.2
"""After so long without an answer Discord is told that one comes; it gives up after three seconds."""
_TELL_EVERY_S = 2.0
_GONE = frozenset({10008, 10015, 10062, 50027})
"""Unknown message, webhook or interaction, invalid webhook token: this interaction takes no answer any more.

Source: Discord's reference, "JSON error codes".
"""


class Exchange:
    """Answers one interaction."""

    def __init__(
        self,
        conversation: Conversation,
        interaction: discord.Interaction,
        incoming: Incoming,
        *,
        is_private: bool = True,
    ) -> None:
        self._conversation = conversation
        self._interaction = interaction
        self._incoming = replace(incoming, progress=self._tell)
        self._is_private = is_private
        self._is_waiting = False
        """Discord shows that an answer comes."""
        self._is_gone = False
        self._told_s = 0.0
        self.message_id: int | None = None
        """The message that holds the answer."""

    async def answer(self, *, in_form: bool = False) -> Answer:
        """Handle what came in and answer it; `in_form` puts a question as a form where that can be."""
        async with asyncio.TaskGroup() as group:
            handling = group.create_task(self._conversation.handle(self._incoming))
            await asyncio.wait({handling}, timeout=_THINK_S)
            if not handling.done():
                await self._defer()
            answer = await handling
        await self.show(answer, in_form=in_form)
        return answer

    async def show(self, answer: Answer, *, in_form: bool = False) -> None:
        """Show an answer: in a form, as a message, or directly when this interaction has expired."""
        try:
            if isinstance(answer, Question) and self._fits_form(answer, in_form):
                await self._ask_in_form(answer)
            else:
                await self._send(await self._render(answer), answer)
        except discord.HTTPException as error:
            if error.code in _GONE:
                _log.info("an interaction has expired; the answer goes to its person directly")
                self._is_gone = True
            else:
                answer = await self._conversation.seal("", apologise(await self._find_words()))
            await self._send(await self._render(answer), answer)

    def _fits_form(self, question: Question, in_form: bool) -> bool:
        """Say whether a form can be shown: as a first answer, and not on a form."""
        asks_freely = question.param.kind in (Kind.TEXT, Kind.NUMBER) or in_form
        is_first = not (self._is_waiting or self._is_gone)
        return (
            asks_freely
            and is_first
            and self._interaction.type is not discord.InteractionType.modal_submit
        )

    async def _ask_in_form(self, question: Question) -> None:
        words = await self._find_words()
        command = self._conversation.catalogue.commands[question.command]
        form = make_form(question, words.say(command.summary), words)
        await self._interaction.response.send_modal(form)

    async def _defer(self) -> None:
        hidden = self._is_private and not is_alone(self._interaction)
        try:
            await self._interaction.response.defer(ephemeral=hidden, thinking=True)
            self._is_waiting = True
        except discord.HTTPException as error:  # what runs shall end well all the same
            _log.info("an interaction takes no answer: %s", error)
            self._is_gone = True

    async def _send(self, rendered: Rendered, answer: Answer) -> None:
        message, interaction = make_message(rendered), self._interaction
        if self._is_gone:
            self.message_id = (await interaction.user.send(**message)).id
        elif self._is_waiting:
            files = message.pop("files", [])
            sent = await interaction.edit_original_response(
                content=None, attachments=files, **message
            )
            self.message_id = sent.id
        else:
            hidden = answer.private and not is_alone(interaction)
            shown = await interaction.response.send_message(**message, ephemeral=hidden)
            self.message_id = shown.message_id

    async def edit(self, answer: Answer) -> None:
        """Put another answer in the place of the one that was sent; what is attached to it stays.

        Where only its person reads, the message may be changed for ever, else for fifteen minutes.
        """
        message = make_message(await self._render(answer))
        message.pop("files", None)
        channel = self._interaction.channel
        if (
            is_alone(self._interaction)
            and self.message_id
            and isinstance(channel, discord.DMChannel)
        ):
            await channel.get_partial_message(self.message_id).edit(**message)
        else:
            await self._interaction.edit_original_response(**message)

    async def _tell(self, text: str) -> None:
        """Show how far a long answer has come; nobody is told of an answer that is not awaited yet."""
        now_s = time.monotonic()
        if self._is_waiting and now_s - self._told_s >= _TELL_EVERY_S:
            self._told_s = now_s
            try:
                await self._interaction.edit_original_response(content=fit(text, 200))
            except discord.HTTPException as error:
                _log.debug("progress could not be shown: %s", error)

    async def _render(self, answer: Answer) -> Rendered:
        needs_words = isinstance(answer, Question) or (
            isinstance(answer, Reply) and bool(answer.files)
        )
        words = await self._find_words() if needs_words else Words()
        limit = self._interaction.filesize_limit
        return await render(answer, self._conversation.catalogue, words, limit)

    async def _find_words(self) -> Words:
        return await find_words(self._conversation, self._incoming)


async def find_words(conversation: Conversation, incoming: Incoming) -> Words:
    """Return the language in which somebody is answered."""
    spot, accounts = incoming.spot, conversation.studio.accounts
    account, _ = await accounts.first_contact(
        spot.platform, spot.external_id, incoming.display_name
    )
    return Words(account.locale)


def is_alone(interaction: discord.Interaction) -> bool:
    """Say whether nobody else reads here: in the direct messages with the bot, where answers may stay."""
    return bool(interaction.context.dm_channel)


def make_message(rendered: Rendered) -> dict[str, Any]:
    """Return what a rendered answer gives to the library's methods that send."""
    message: dict[str, Any] = {"embeds": rendered.embeds}
    if rendered.view is not None:
        message["view"] = rendered.view
    if rendered.files:
        message["files"] = rendered.files
    return message
