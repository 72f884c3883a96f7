"""One update after another is answered here, in words, whatever it is."""

import asyncio
import logging
from collections import deque
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import replace

from telegram import (
    CallbackQuery,
    Message,
    PreCheckoutQuery,
    SuccessfulPayment,
    Update,
    User,
)
from telegram.constants import ChatAction
from telegram.error import Forbidden, TelegramError
from telegram.ext import ExtBot

from adapters.telegram.albums import Albums
from adapters.telegram.delivery import Asked, Delivery
from adapters.telegram.files import PHOTO, Files
from adapters.telegram.reading import PLATFORM, Said, find_place, is_group, read_message
from adapters.telegram.sending import Place
from adapters.telegram.stars import answer_checkout, read_payment
from bots.albums import sum_up
from bots.conversation import Conversation
from bots.dialog import Answer, Command, Link, Picture
from bots.incoming import Incoming
from bots.opened_links import ask_to_link
from bots.topups import thank
from bots.wording import Words
from core.conversations.service import Spot

_log = logging.getLogger(__name__)
_REMEMBERED = 10_000


class Desk:
    """Answers updates. What it remembers is how an album comes in, and whom it gave a hint."""

    def __init__(self, bot: ExtBot[None], conversation: Conversation, files: Files) -> None:
        self._bot = bot
        self._conversation = conversation
        self._files = files
        self._delivery = Delivery(bot, conversation)
        self._albums: Albums[Asked] = Albums(self._tell_album)
        self._hinted: deque[int] = deque(maxlen=_REMEMBERED)

    async def take(self, update: Update) -> None:
        """Answer an update, or leave it alone when it says nothing to us."""
        try:
            if update.pre_checkout_query is not None:
                await self._check_out(update.pre_checkout_query)
            elif update.callback_query is not None:
                await self._press(update.callback_query)
            elif update.message is not None and update.message.successful_payment is not None:
                await self._take_payment(update.message, update.message.successful_payment)
            elif update.message is not None:
                await self._hear(update.message)
            elif update.edited_message is not None:
                await self._hear_edit(update.edited_message)
            elif update.channel_post is not None:
                await self._hear_nobody(update.channel_post)
        except Forbidden as error:  # blocked, or thrown out of a group: nobody is there
            _log.info("an answer reaches nobody: %s", error)

    async def close(self) -> None:
        """Answer the albums that are coming in, and follow nothing any more."""
        await self._albums.close()
        await self._delivery.followers.close()

    async def _check_out(self, query: PreCheckoutQuery) -> None:
        words = Words(query.from_user.language_code or "")
        await answer_checkout(self._bot, self._conversation.studio, words, query)

    async def _take_payment(self, message: Message, payment: SuccessfulPayment) -> None:
        """Keep a payment, then say so; an answer that does not arrive loses nothing."""
        user, studio = message.from_user, self._conversation.studio
        if user is None:
            return
        kept = await studio.top_ups.take(read_payment(user, payment))
        incoming = self._make(user, message.chat.id)
        context, _ = await self._conversation.meet(incoming)
        account = context.principal.account
        thanks = thank(context.words, kept, await studio.points.get_balance(account))
        answer = await self._conversation.seal(account, thanks)
        with suppress(TelegramError):
            await self._delivery.deliver(Asked(incoming, user, find_place(message)), answer)

    async def _press(self, query: CallbackQuery) -> None:
        message = query.message
        if message is None or not query.data:
            await self._delivery.acknowledge(query)
            return
        in_group = is_group(message)
        place = find_place(message) if isinstance(message, Message) else Place(message.chat.id)
        self._delivery.followers.stop((message.chat.id, message.message_id))
        incoming = self._make(query.from_user, message.chat.id, button=query.data)
        asked = Asked(incoming, query.from_user, place, in_group, query)
        if in_group:
            await self._delivery.deliver(asked, await self._conversation.handle(incoming))
            return
        acknowledged = self._delivery.acknowledge(query)
        answer, _ = await asyncio.gather(self._conversation.handle(incoming), acknowledged)
        await self._delivery.deliver(asked, answer)

    async def _hear(self, message: Message) -> None:
        said = read_message(message, self._bot.username, self._conversation.catalogue)
        album = (message.chat.id, message.media_group_id)
        if said is None and message.media_group_id is not None and self._albums.knows(album):
            said = Said("")  # in a group only the first picture of an album has the words
        user = message.from_user
        if said is None or user is None:
            return
        if message.sender_chat is not None:
            await self._hear_nobody(message)
        elif not user.is_bot:
            await self._answer(message, user, said, album if message.media_group_id else None)

    async def _answer(
        self, message: Message, user: User, said: Said, album: Hashable | None
    ) -> None:
        picture = self._files.find_picture(message)
        if picture is not None:
            caption = " ".join(said.line.rest) if said.line is not None else said.words
            picture = replace(picture, caption=caption)
        asked = self._read(message, user, said, picture)
        if album is not None and picture is not None:
            caption = self._albums.begin(album, asked, picture.caption)
            if asked.incoming.pictures:
                pictures = (replace(picture, caption=caption),)
                asked = replace(asked, incoming=replace(asked.incoming, pictures=pictures))
            self._albums.end(album, await self._conversation.handle(asked.incoming))
            return
        if said.code:
            answer = await ask_to_link(self._conversation, asked.incoming, said.code)
        else:
            answer = await self._conversation.handle(asked.incoming)
        if picture is not None:
            answer = await self._add_hints(asked, answer)
        await self._delivery.deliver(asked, answer)

    async def _tell_album(self, asked: Asked, answers: list[Answer]) -> None:
        answer = await sum_up(self._conversation, asked.incoming, answers)
        try:
            await self._delivery.deliver(asked, await self._add_hints(asked, answer))
        except TelegramError as error:
            _log.warning("an album is not answered: %s", error)

    async def _add_hints(self, asked: Asked, answer: Answer) -> Answer:
        """Say that a picture was not taken, and once to each person what Telegram does to photos."""
        pictures, user = asked.incoming.pictures, asked.user.id
        if pictures and (not pictures[0].filename.startswith(PHOTO) or user in self._hinted):
            return answer
        words = await self._delivery.find_words(asked.incoming)
        hint = words.say("Telegram makes photos smaller. Sent as files they keep their quality.")
        if pictures:
            self._hinted.append(user)
        else:
            hint = words.say("The picture was left out: this command takes none.")
        return replace(answer, text=f"{answer.text}\n{hint}".lstrip())

    async def _hear_edit(self, message: Message) -> None:
        said = read_message(message, self._bot.username, self._conversation.catalogue)
        user = message.from_user
        if said is None or not said.words or user is None or user.is_bot:
            return
        words = await self._delivery.find_words(self._make(user, message.chat.id))
        await self._delivery.tell(
            find_place(message),
            words.say("What is edited stays as it was for me."),
            words.say("Send it once more as a new message."),
        )

    async def _hear_nobody(self, message: Message) -> None:
        """Answer a command in a channel, or of somebody who hides behind their group."""
        said = read_message(message, self._bot.username, self._conversation.catalogue)
        if said is None or said.line is None:
            return
        words = Words()
        await self._delivery.tell(
            find_place(message),
            words.say("I cannot see who asks here."),
            words.say("Open my own chat and ask there."),
            Link(words.say("Open the chat"), self._bot.link),
        )

    def _read(self, message: Message, user: User, said: Said, picture: Picture | None) -> Asked:
        """Make what somebody asked for of a message. What is private goes on in their own chat."""
        command: Command | None = said.line.command if said.line is not None else None
        args = dict(said.line.args) if said.line is not None else {}
        usual = self._conversation.catalogue.get(self._conversation.catalogue.pictures)
        takes = picture is not None and (command or usual).images is not None
        private = command.private if command is not None else takes and usual.private
        chat = user.id if is_group(message) and private else message.chat.id
        incoming = self._make(
            user,
            chat,
            command=command.path if command is not None else "",
            args=args,
            text="" if command is not None or takes else said.words,
            pictures=(picture,) if takes else (),
        )
        return Asked(incoming, user, find_place(message), is_group(message))

    def _make(self, user: User, chat: int, **what: object) -> Incoming:
        async def show_progress(text: str) -> None:
            with suppress(TelegramError):
                await self._bot.send_chat_action(chat, ChatAction.TYPING)

        return Incoming(
            spot=Spot(platform=PLATFORM, external_id=str(user.id), place=str(chat)),
            display_name=user.full_name,
            locale=user.language_code or "",
            reopen=self._files.open_picture,
            progress=show_progress,
            **what,  # type: ignore[arg-type]  # each is named by one of the callers above
        )
