"""Where an answer goes: to the chat that asked, or to the person alone when it is private and others read along."""

from contextlib import suppress
from dataclasses import dataclass

from telegram import CallbackQuery, Message, User
from telegram.error import BadRequest, TelegramError
from telegram.ext import ExtBot

from adapters.telegram.client import translate
from adapters.telegram.following import Followers
from adapters.telegram.rendering import MAX_ALERT
from adapters.telegram.sending import Place, Sender, leave_out, list_too_large
from bots.conversation import Conversation
from bots.dialog import Answer, Link, Reply, Tone
from bots.failures import apologise, explain
from bots.following import follow
from bots.incoming import Incoming
from bots.wording import Words, shorten
from core.errors import TrainyardError, UndeliverableError

_CANCEL = "cancel"
"""What the button carries that takes back an open question."""


@dataclass(frozen=True)
class Asked:
    """What somebody asked for, where its answer belongs, and by which button they did."""

    incoming: Incoming
    user: User
    place: Place
    in_group: bool = False
    query: CallbackQuery | None = None


class Delivery:
    """Hands answers over, and keeps those that follow a training up to date."""

    def __init__(self, bot: ExtBot[None], conversation: Conversation) -> None:
        self._bot = bot
        self._conversation = conversation
        self._sender = Sender(bot)
        self.followers = Followers(self._sender)

    async def find_words(self, incoming: Incoming) -> Words:
        """Return the language of a person."""
        context, _ = await self._conversation.meet(incoming)
        return context.words

    async def deliver(self, asked: Asked, answer: Answer) -> None:
        """Send an answer. Raises TelegramError when the chat does not take it."""
        large = list_too_large(answer)
        if large and isinstance(answer, Reply):
            answer = await leave_out(answer, large, await self.find_words(asked.incoming))
        refused = isinstance(answer, Reply) and answer.tone is Tone.BAD
        if asked.in_group and answer.private:
            if asked.query is not None and refused:
                await self.acknowledge(asked.query, f"{answer.title}\n{answer.text}")
                return
            await self._deliver_privately(asked, answer)
        else:
            await self._send(asked, asked.place, answer)
            if asked.query is not None and asked.in_group:
                await self.acknowledge(asked.query)
        if asked.query is not None and not (asked.in_group and refused):
            await self._close_question(asked.query)

    async def tell(self, place: Place, title: str, text: str = "", *links: Link) -> None:
        """Say something that no command said; who has no ear for it is left alone."""
        with suppress(TelegramError):
            await self._sender.send(place, Reply(title, text, links=links, tone=Tone.CAUTION))

    async def acknowledge(self, query: CallbackQuery, text: str = "") -> None:
        """Tell a button that it was pressed, with a text for the one who pressed it."""
        with suppress(TelegramError):  # after some seconds that is of no use any more
            shown = shorten(text, MAX_ALERT) if text else None
            await self._bot.answer_callback_query(query.id, shown, show_alert=bool(text))

    async def _send(self, asked: Asked, place: Place, answer: Answer) -> None:
        """Send an answer, or say why it cannot be sent: a file that is gone, or a defect of ours."""
        try:
            message = await self._sender.send(place, answer)
        except TrainyardError as error:
            failure = explain(await self.find_words(asked.incoming), error)
        except BadRequest as error:
            if isinstance(translate(error), UndeliverableError):
                raise
            failure = apologise(await self.find_words(asked.incoming))
        else:
            if isinstance(answer, Reply) and answer.follows:
                steps = follow(self._conversation, asked.incoming, answer.follows)
                self.followers.start(message, steps)
            return
        await self._sender.send(place, await self._conversation.seal("", failure))

    async def _deliver_privately(self, asked: Asked, answer: Answer) -> None:
        """Answer in the person's own chat, and say so in the group."""
        words = await self.find_words(asked.incoming)
        try:
            await self._send(asked, Place(asked.user.id), answer)
            note = words.say("I have answered you privately.")
        except TelegramError as error:
            if not isinstance(translate(error), UndeliverableError):
                raise
            note = words.say("This is for you alone: open my chat, press Start and ask once more.")
        if asked.query is not None:
            await self.acknowledge(asked.query, note)
            return
        await self.tell(asked.place, note, "", Link(words.say("Open the chat"), self._bot.link))

    async def _close_question(self, query: CallbackQuery) -> None:
        """Take the keyboard off a question that was answered; other buttons stay in reach."""
        message = query.message
        if not isinstance(message, Message) or message.reply_markup is None:
            return
        buttons = [button for row in message.reply_markup.inline_keyboard for button in row]
        if any(button.callback_data == _CANCEL for button in buttons):
            with suppress(TelegramError):  # pressed twice, or deleted meanwhile
                await self._bot.edit_message_reply_markup(message.chat.id, message.message_id)
