"""An answer on its way: pictures as photos, files as documents, words and keyboard last."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LabeledPrice,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated

from adapters.telegram.rendering import MAX_CAPTION, MAX_CHARACTERS, render, render_keyboard
from bots.dialog import Answer, File, Invoice, Kind, Link, Question, Reply
from bots.wording import Words, shorten

MAX_DOCUMENT_BYTES = 50 * 1000 * 1000
MAX_PHOTO_BYTES = 10 * 1000 * 1000
"""Source: https://core.telegram.org/bots/api#sending-files"""
CURRENCY = "XTR"
_MAX_INVOICE_TITLE, _MAX_INVOICE_TEXT = 32, 255
"""Source: https://core.telegram.org/bots/api#sendinvoice"""
_ALBUM = 10
_UPLOADS = 4
_UPLOAD_S = 120.0
Keyboard = InlineKeyboardMarkup | ForceReply | None


@dataclass(frozen=True)
class Place:
    """Where an answer goes: a chat, a topic in it, and in a group the message that is answered."""

    chat: int
    topic: int | None = None
    answered: int | None = None


class Sender:
    """Sends answers and edits them; at most a few files are in memory at a time."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._uploads = asyncio.Semaphore(_UPLOADS)

    async def send(self, place: Place, answer: Answer) -> Message:
        """Send an answer; return its last message, which has the buttons. Raises TelegramError."""
        try:
            return await self._send(place, answer)
        except ChatMigrated as error:  # the group got another number when it grew
            return await self._send(Place(error.new_chat_id, place.topic), answer)

    async def _send(self, place: Place, answer: Answer) -> Message:
        images: Sequence[File] = ()
        if isinstance(answer, Reply):
            for file in (*answer.files, *(i for i in answer.images if _is_large(i))):
                await self._send_file(place, file)
            images = [image for image in answer.images if not _is_large(image)]
            if answer.invoice is not None:
                return await self._send_invoice(place, answer, answer.invoice)
        keyboard = _find_keyboard(place, answer)
        captions = render(answer, MAX_CAPTION)
        if len(images) == 1 and len(captions) == 1:
            return await self._send_photo(place, images[0], captions[0], keyboard)
        for start in range(0, len(images), _ALBUM):
            await self._send_album(place, images[start : start + _ALBUM])
        *first, last = render(answer)
        for text in first:
            await self._write(place, text, None)
        return await self._write(place, last, keyboard)

    async def _send_invoice(self, place: Place, reply: Reply, invoice: Invoice) -> Message:
        """Send an invoice; a copy of it that is passed on opens our chat and can be paid by nobody."""
        return await self._bot.send_invoice(
            place.chat,
            shorten(reply.title, _MAX_INVOICE_TITLE),
            shorten(reply.text, _MAX_INVOICE_TEXT),
            invoice.id,
            CURRENCY,
            [LabeledPrice(reply.title, invoice.stars)],
            start_parameter="topup",
            message_thread_id=place.topic,
        )

    async def _write(self, place: Place, text: str, keyboard: Keyboard) -> Message:
        return await self._bot.send_message(
            place.chat,
            text,
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard,
            message_thread_id=place.topic,
            reply_parameters=_refer(place),
        )

    async def _send_photo(
        self, place: Place, image: File, caption: str, keyboard: Keyboard = None
    ) -> Message:
        """Send a picture as a photo; as a file when Telegram does not take it for a photo."""
        async with self._uploads:
            try:
                return await self._bot.send_photo(
                    place.chat,
                    await _read(image),
                    caption=caption,
                    filename=image.name,
                    parse_mode=ParseMode.HTML,
                    reply_markup=keyboard,
                    message_thread_id=place.topic,
                    reply_parameters=_refer(place),
                    write_timeout=_UPLOAD_S,
                )
            except BadRequest as error:
                if not _is_no_photo(error):
                    raise
        return await self._send_file(place, replace(image, caption=""), caption, keyboard)

    async def _send_album(self, place: Place, images: Sequence[File]) -> None:
        if len(images) == 1:
            await self._send_file(place, images[0])
            return
        async with self._uploads:
            album = [
                InputMediaPhoto(
                    await _read(image),
                    caption=shorten(image.caption, MAX_CAPTION),
                    filename=image.name,
                )
                for image in images
            ]
            try:
                await self._bot.send_media_group(
                    place.chat, album, message_thread_id=place.topic, write_timeout=_UPLOAD_S
                )
                return
            except BadRequest as error:
                if not _is_no_photo(error):
                    raise
        for image in images:
            await self._send_file(place, image)

    async def _send_file(
        self, place: Place, file: File, caption: str = "", keyboard: Keyboard = None
    ) -> Message:
        """Send a file; `caption` is HTML, a file's own caption is not."""
        async with self._uploads:
            return await self._bot.send_document(
                place.chat,
                await _read(file),
                caption=caption or shorten(file.caption, MAX_CAPTION),
                filename=file.name,
                parse_mode=ParseMode.HTML if caption else None,
                reply_markup=keyboard,
                message_thread_id=place.topic,
                write_timeout=_UPLOAD_S,
            )

    async def edit(self, message: Message, reply: Reply) -> None:
        """Put another reply into a message that was sent, as far as it fits. Raises TelegramError."""
        chat, number, keyboard = message.chat.id, message.message_id, render_keyboard(reply)
        try:
            if message.text is not None:
                text = render(reply, MAX_CHARACTERS)[0]
                await self._bot.edit_message_text(
                    text, chat, number, parse_mode=ParseMode.HTML, reply_markup=keyboard
                )
                return
            caption = render(reply, MAX_CAPTION)[0]
            await self._bot.edit_message_caption(
                chat, number, caption=caption, parse_mode=ParseMode.HTML, reply_markup=keyboard
            )
        except BadRequest as error:
            if not is_unchanged(error):
                raise


def is_unchanged(error: BadRequest) -> bool:
    """Say whether an edit was refused only because everything is so already."""
    return "message is not modified" in error.message.lower()


def _is_no_photo(error: BadRequest) -> bool:
    """Say whether these bytes are too wide, too tall or otherwise no photo for Telegram."""
    message = error.message.lower()
    return "photo_" in message or "image_process_failed" in message


def _is_large(image: File) -> bool:
    return image.size_bytes > MAX_PHOTO_BYTES


def list_too_large(answer: Answer) -> list[File]:
    """List the files of an answer that Telegram takes from no bot."""
    files = answer.files if isinstance(answer, Reply) else ()
    return [file for file in files if file.size_bytes > MAX_DOCUMENT_BYTES]


async def leave_out(reply: Reply, large: Sequence[File], words: Words) -> Reply:
    """Leave files out, and say how else one gets them."""
    text, links = [reply.text], list(reply.links)
    for file in large:
        text.append(
            words.say(
                "“{name}” has {size}; Telegram takes at most {most} from a bot.",
                name=file.name,
                size=words.size(file.size_bytes),
                most=words.size(MAX_DOCUMENT_BYTES),
            )
        )
        if file.link is not None:
            links.append(Link(words.say("Download"), await file.link()))
    kept = tuple(file for file in reply.files if file not in large)
    return replace(reply, text="\n".join(text).strip(), files=kept, links=tuple(links))


def _find_keyboard(place: Place, answer: Answer) -> Keyboard:
    """Make the keyboard; where several people talk, a text is asked by opening a reply."""
    if place.answered is not None and isinstance(answer, Question):
        asks_words = not answer.choices and answer.param.kind is not Kind.IMAGES
        if asks_words:
            return ForceReply(selective=True)
    return render_keyboard(answer)


def _refer(place: Place) -> ReplyParameters | None:
    if place.answered is None:
        return None
    return ReplyParameters(place.answered, allow_sending_without_reply=True)


async def _read(file: File) -> bytes:
    return b"".join([chunk async for chunk in file.open()])
