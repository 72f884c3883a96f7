"""What people write to the bot directly: texts, pictures, edits, and whatever else is not for it."""

import logging

import discord

from adapters.discord.attachments import list_sent
from adapters.discord.desk import Desk
from adapters.discord.exchange import find_words, make_message
from adapters.discord.rendering import render
from bots.dialog import Reply, Tone
from bots.incoming import Incoming
from bots.wording import N_, Words

_log = logging.getLogger(__name__)
_ORDINARY = (discord.MessageType.default, discord.MessageType.reply)
_PEOPLE_ONLY = N_("I talk with people only")
_NOT_AGAIN = N_("An edited message is not read again")
_SEND_NEW = N_("Send it as a new message.")
_REMEMBERED = 1000


class Mail:
    """Answers direct messages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told: dict[tuple[int, str], None] = {}
        """Which bots and which edits were answered, so that none is answered twice."""

    async def take(self, message: discord.Message) -> None:
        """Answer a direct message of somebody."""
        if message.type not in _ORDINARY:
            return
        if message.author.bot:
            if self._is_new(message.author.id, "bot"):
                await self._tell(message, _PEOPLE_ONLY, "")
            return
        try:
            incoming = self._read(message)
            answer = await self._desk.conversation.handle(incoming)
            words = await find_words(self._desk.conversation, incoming)
            rendered = await render(answer, self._desk.conversation.catalogue, words)
            sent = await message.channel.send(**make_message(rendered))
        except Exception:  # the door for errors of messages: there is nothing left to answer with
            _log.exception("a message could not be answered")
            return

        async def edit(reply: Reply) -> None:
            shown = make_message(await render(reply, self._desk.conversation.catalogue, words))
            shown.pop("files", None)
            await sent.edit(**shown)

        await self._desk.keep_up(sent.id, incoming, answer, edit)

    async def take_edit(self, message: discord.Message) -> None:
        """Say that an edited message is not read; Discord edits messages by itself too, to show links."""
        at = message.edited_at
        if message.author.bot or at is None or not self._is_new(message.id, at.isoformat()):
            return
        await self._tell(message, _NOT_AGAIN, _SEND_NEW)

    def _read(self, message: discord.Message) -> Incoming:
        """Tell a command with pictures from pictures and from text."""
        user, place = message.author, message.channel.id
        text, sent = message.content, list_sent(message)
        if not sent:
            return self._desk.make_incoming(user, place, text=text)
        line = self._desk.conversation.catalogue.parse_line(text)
        if line is None or line.command.images is None:
            pictures = self._desk.pictures.take(sent, text)
            return self._desk.make_incoming(user, place, pictures=pictures)
        args, pictures = dict(line.args), self._desk.pictures.take(sent)
        return self._desk.make_incoming(
            user, place, command=line.command.path, args=args, pictures=pictures
        )

    async def _tell(self, message: discord.Message, title: str, text: str) -> None:
        words = (
            Words()
            if message.author.bot
            else await find_words(self._desk.conversation, self._read(message))
        )
        reply = Reply(words.say(title), words.say(text), tone=Tone.CAUTION)
        rendered = await render(reply, self._desk.conversation.catalogue, words)
        try:
            await message.channel.send(**make_message(rendered))
        except discord.HTTPException as error:
            _log.info("nothing can be said there: %s", error)

    def _is_new(self, number: int, what: str) -> bool:
        """Note what is answered now, among the last thousand; False when it was answered before."""
        if (number, what) in self._told:
            return False
        if len(self._told) >= _REMEMBERED:
            self._told.pop(next(iter(self._told)))
        self._told[number, what] = None
        return True
