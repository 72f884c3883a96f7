"""Somebody on the fake Discord: gives commands, presses buttons, fills in forms, writes and sends pictures."""

import asyncio
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fake_discord.server import (
    APPLICATION,
    CHANNEL,
    GUILD,
    LIMIT_BYTES,
    Discord,
    Exchange,
    make_message,
)

Json = dict[str, Any]
Upload = tuple[str, bytes]
ANSWER_S = 20.0
_KINDS = {str: 3, int: 4, bool: 5, float: 10}


class NoAnswerError(AssertionError):
    """The bot was silent."""


@dataclass(frozen=True)
class Control:
    """Something to press: a button, or an option of a menu."""

    label: str
    custom_id: str
    type: int = 2
    value: str = ""
    detail: str = ""


class Person:
    """One person, in the direct messages with the bot or in the server's channel."""

    def __init__(
        self, discord: Discord, number: int = 42, *, locale: str = "en-US", in_server: bool = False
    ) -> None:
        self.discord = discord
        self.number = number
        self.locale = locale
        self.in_server = in_server
        self.name = f"user{number}"
        self.seen: list[Json] = []
        self.last: Json | None = None
        """What was shown last: a message, or an open form under `form`."""
        self.changed = asyncio.Event()
        self.comes_late = False
        """Whatever this person does next has expired before the bot answers."""
        self.acting = asyncio.Event()
        """Set when something was done; `last_exchange` is what is known of it."""
        self.last_exchange: Exchange | None = None
        discord.watchers[number] = self

    @property
    def channel(self) -> int:
        return CHANNEL if self.in_server else self.discord.find_channel(self.number)

    @property
    def user(self) -> Json:
        about = {"id": str(self.number), "username": self.name, "global_name": self.name}
        return {**about, "discriminator": "0", "avatar": None}

    def notice(self, message: Json) -> None:
        """See a message of the bot, new or changed."""
        self.seen.append(message)
        self.last = message
        self.changed.set()

    async def command(self, path: str, *uploads: Upload, wait: bool = True, **options: Any) -> Json:
        """Give a slash command; only one that was synced, with options that it has."""
        names = path.split(" ")
        known = {o["name"]: o for o in self.find_command(path).get("options") or []}
        files = {f"image{n}": self.discord.attach(*upload) for n, upload in enumerate(uploads, 1)}
        given = [
            {"name": name, "type": known[name]["type"], "value": value}
            for name, value in options.items()
        ]
        given += [
            {"name": name, "type": known[name]["type"], "value": file["id"]}
            for name, file in files.items()
        ]
        data = make_command(names, given)
        data["resolved"] = {"attachments": {file["id"]: file for file in files.values()}}
        return await self.interact(2, data, wait=wait)

    def find_command(self, path: str) -> Json:
        """Find what was synced. Raises StopIteration for what the platform does not show."""
        guild = GUILD if self.in_server and GUILD in self.discord.commands else 0
        level: Sequence[Json] = self.discord.commands[guild]
        for name in path.split(" "):
            found = next(c for c in level if c["name"] == name and c.get("type", 1) in (1, 2))
            level = found.get("options") or []
        return found

    async def complete(self, path: str, option: str, typed: str, **options: object) -> list[Json]:
        """Type into an option, and see what is offered."""
        known = {o["name"]: o for o in self.find_command(path)["options"]}
        assert known[option].get("autocomplete"), f"{option} is not completed"
        given = [{"name": n, "type": 3, "value": value} for n, value in options.items()]
        given.append({"name": option, "type": 3, "value": typed, "focused": True})
        answer = await self.interact(4, make_command(path.split(" "), given))
        choices: list[Json] = answer["choices"]
        return choices

    async def use_menu(self, name: str, message: Json) -> Json:
        """Choose something from the menu of a message."""
        data = {"id": "5", "name": name, "type": 3, "target_id": message["id"]}
        return await self.interact(2, {**data, "resolved": {"messages": {message["id"]: message}}})

    async def press(self, label: str, message: Json | None = None, *, wait: bool = True) -> Json:
        """Press what is labelled so, on the last message or on another."""
        message = message or self.last
        assert message is not None and "form" not in message
        found = [c for c in list_controls(message) if c.label == label]
        assert found, f"{label!r} is not among {[c.label for c in list_controls(message)]}"
        return await self.press_control(found[0], message, wait=wait)

    async def press_control(self, control: Control, message: Json, *, wait: bool = True) -> Json:
        data: Json = {"custom_id": control.custom_id, "component_type": control.type}
        if control.type == 3:
            data["values"] = [control.value]
        return await self.interact(3, data, message, wait=wait)

    async def submit(self, text: str = "", *uploads: Upload, form: Json | None = None) -> Json:
        """Fill in the open form and send it in."""
        form = form or (self.last or {})["form"]
        files = [self.discord.attach(*upload) for upload in uploads]
        parts = []
        for part in form["components"]:
            if part["type"] != 18:
                continue
            field = part["component"]
            filled: Json = {"type": field["type"], "custom_id": field["custom_id"]}
            if field["type"] == 4:
                assert len(text) <= field["max_length"], "the form takes no more characters"
                filled["value"] = text
            else:
                assert 1 <= len(files) <= field["max_values"]
                filled["values"] = [file["id"] for file in files]
            parts.append({"type": 18, "component": filled})
        resolved = {"attachments": {file["id"]: file for file in files}}
        data = {"custom_id": form["custom_id"], "components": parts, "resolved": resolved}
        return await self.interact(5, data)

    async def interact(
        self, kind: int, data: Json, message: Json | None = None, *, wait: bool = True
    ) -> Json:
        """Do something, and return what the bot answered: a message, a form or choices."""
        loop, number = asyncio.get_running_loop(), self.discord.new_id()
        token = secrets.token_hex(16)
        exchange = Exchange(
            number, token, self.number, self.channel, loop.time(), loop.create_future()
        )
        exchange.is_expired = self.comes_late
        self.discord.exchanges[token] = self.last_exchange = exchange
        self.acting.set()
        await self.discord.dispatch(
            "INTERACTION_CREATE", self._describe(exchange, kind, data, message)
        )
        if not wait:
            return {}
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await exchange.answered
        except TimeoutError as error:
            raise NoAnswerError(f"{data} was never answered") from error
        if "form" in answer:
            self.last = answer
            self.seen.append(answer)
            self.changed.set()
        return answer

    def _describe(self, exchange: Exchange, kind: int, data: Json, message: Json | None) -> Json:
        about: Json = {
            "id": str(exchange.id),
            "application_id": str(APPLICATION),
            "type": kind,
            "token": exchange.token,
            "version": 1,
            "locale": self.locale,
            "data": data,
            "entitlements": [],
            "app_permissions": "0",
            "attachment_size_limit": LIMIT_BYTES,
            "authorizing_integration_owners": {},
            "channel_id": str(self.channel),
        }
        if message is not None:
            about["message"] = message
        if not self.in_server:
            channel = {"id": str(self.channel), "type": 1}
            return {**about, "user": self.user, "channel": channel, "context": 1}
        roles = {"roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False}
        member = {"user": self.user, "permissions": "0", "mute": False, "flags": 0, **roles}
        guild = {"id": str(GUILD), "locale": "en-US", "features": []}
        place = {"guild_id": str(GUILD), "guild": guild, "guild_locale": "en-US", "context": 0}
        channel = {"id": str(CHANNEL), "type": 0, "name": "general"}
        return {**about, "member": member, "channel": channel, **place}

    async def write(self, text: str = "", *uploads: Upload, **more: object) -> Json:
        """Write to the bot directly, and return what it answers."""
        message = self.make_message(text, *uploads) | more
        return await self.send(message)

    def make_message(self, text: str = "", *uploads: Upload) -> Json:
        """Make a message of this person, with files attached."""
        message = make_message(
            self.discord.new_id(), self.discord.find_channel(self.number), self.user
        )
        files = [self.discord.attach(*upload) for upload in uploads]
        return {**message, "content": text, "attachments": files}

    async def send(self, message: Json, event: str = "MESSAGE_CREATE") -> Json:
        """Send a message, or an event about one, and return what the bot answers."""
        known = len(self.seen)
        await self.discord.dispatch(event, {**message, "channel_type": 1})
        try:
            async with asyncio.timeout(ANSWER_S):
                while len(self.seen) == known:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError as error:
            raise NoAnswerError(f"{message['content'][:100]!r} was never answered") from error
        return self.seen[known]


def make_command(names: Sequence[str], options: list[Json]) -> Json:
    """Nest options into a group and a subcommand, as the platform sends them."""
    inner = options
    for depth, name in enumerate(reversed(names[1:])):
        inner = [{"name": name, "type": 2 if depth else 1, "options": inner}]
    return {"id": "4", "name": names[0], "type": 1, "options": inner}


def list_controls(message: Mapping[str, Any]) -> list[Control]:
    """List what can be pressed, as people read it."""
    return list(_walk(message))


def _walk(message: Mapping[str, Any]) -> Iterator[Control]:
    for row in message.get("components") or []:
        for item in row["components"]:
            if item["type"] == 3:
                for option in item["options"]:
                    detail = option.get("description") or ""
                    yield Control(option["label"], item["custom_id"], 3, option["value"], detail)
            elif item["style"] != 5:
                yield Control(item["label"], item["custom_id"])
