"""Scripts of conversations played on Telegram: lines are said, buttons pressed, pictures sent as files."""

import asyncio
from pathlib import Path

from adapters.console.pictures import find_pictures, looks_like_pictures
from bots.catalogue import Catalogue
from core.errors import NotFoundError
from tests.adapters.telegram.chats import ME
from tests.adapters.telegram.people import Somebody, list_buttons, read
from tests.adapters.telegram.refusals import Json


class TelegramStage:
    """Somebody who says the lines of a script; their paths begin at a folder."""

    def __init__(self, person: Somebody, catalogue: Catalogue, folder: Path) -> None:
        self.person = person
        self._catalogue = catalogue
        self._folder = folder
        self._since = 0
        self._told = ""

    @property
    def changed(self) -> asyncio.Event:
        return self.person.chat.changed

    def see(self) -> str:
        """Return what the bot has sent since the last line, and what the file picker said."""
        sent = [m for m in self.person.chat.messages[self._since :] if m["from"] == ME]
        return "\n".join([self._told, *map(read, sent)])

    async def say(self, line: str) -> None:
        """Do what a line means, and wait for the answer."""
        last, chat = self._find_last(), self.person.chat
        self._since, self._told = len(chat.messages), ""
        try:
            own = self._act(line, last)
        except NotFoundError as error:  # nobody can pick a file that is not there
            self._told = error.message
            return
        await self.person.hear(self._since + own)

    def _act(self, line: str, last: Json | None) -> int:
        """Do it; return how many messages of one's own that makes."""
        label = _find_label(line, last)
        if last is not None and label:
            self.person.press(last, label)
            return 0
        places = looks_like_pictures(line, self._folder)
        if places:
            return self._send(places, "")
        command = self._catalogue.parse_line(line) if line.startswith("/") else None
        if command is not None and command.rest and command.command.images is not None:
            return self._send(list(command.rest), line.removesuffix(" ".join(command.rest)).strip())
        self.person.say(line)
        return 1

    def _send(self, places: list[str], caption: str) -> int:
        pictures = find_pictures(places, self._folder)
        files = [(picture.filename, Path(picture.reference).read_bytes()) for picture in pictures]
        if len(files) == 1:
            self.person.send_file(*files[0], caption)
        else:
            self.person.send_album(files, caption)
        return len(files)

    def _find_last(self) -> Json | None:
        """Return the message whose buttons a person would press: the last one that has any."""
        shown = [m for m in self.person.chat.messages if m["from"] == ME and list_buttons(m)]
        return shown[-1] if shown else None


def _find_label(line: str, last: Json | None) -> str:
    """Return the label of the button that a line means; empty when it is something to say."""
    labels = [str(button["text"]) for button in list_buttons(last or {})]
    for label in labels:
        if label.casefold() == line.casefold():
            return label
    if line.isascii() and line.isdigit() and len(labels) > 1 and 0 < int(line) <= len(labels):
        return labels[int(line) - 1]
    return ""
