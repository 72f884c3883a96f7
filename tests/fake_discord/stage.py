"""Plays the lines of a script as a person on Discord would do what they mean."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.console.pictures import find_pictures, looks_like_pictures
from bots.catalogue import Catalogue, Line
from core.errors import NotFoundError
from tests.fake_discord.person import Json, Person, Upload, list_controls

_ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
MAX_UPLOADS = 10


class DiscordStage:
    """A stage of the script player: what is done, and what is seen."""

    def __init__(self, person: Person, catalogue: Catalogue, folder: Path) -> None:
        self._person = person
        self._catalogue = catalogue
        self._folder = folder
        self._found_nothing = ""
        self.changed = person.changed

    async def say(self, line: str) -> None:
        """Do what a line means: press, send pictures, give a command, fill in a form, or write."""
        person, last = self._person, self._person.last
        person.seen.clear()
        self._found_nothing = ""
        form = (last or {}).get("form")
        if last is not None and not form and await self._press(line, last):
            return
        places = looks_like_pictures(line, self._folder)
        if places:
            uploads = self._find(places)
            await (person.submit("", *uploads) if form else person.write("", *uploads))
        elif line.startswith("/") and (typed := self._catalogue.parse_line(line)) is not None:
            await self._give(typed)
        elif form and not line.startswith("/"):
            await self._fill_in(line)
        else:
            await person.write(line)

    async def _press(self, line: str, last: Json) -> bool:
        controls = list_controls(last)
        found = [c for c in controls if c.label.casefold() == line.casefold()]
        if not found and line.isdigit() and 1 <= int(line) <= len(controls):
            found = [controls[int(line) - 1]]
        if found:
            await self._person.press_control(found[0], last)
        return bool(found)

    async def _fill_in(self, line: str) -> None:
        """Answer a form; one that wants files is put away, and the line is written instead."""
        assert self._person.last is not None
        fields = [
            p["component"] for p in self._person.last["form"]["components"] if p["type"] == 18
        ]
        if any(field["type"] == 19 for field in fields):
            await self._person.write(line)
        else:
            await self._person.submit(line)

    async def _give(self, line: Line) -> None:
        """Give a command, and take a completion where exactly one is offered."""
        path = line.command.path
        options: dict[str, Any] = {}
        for name, typed in line.args.items():
            known = {o["name"]: o for o in self._person.find_command(path)["options"]}
            options[name] = typed
            if known[name].get("autocomplete"):
                offered = await self._person.complete(path, name, typed, **_before(options, name))
                if len(offered) == 1:
                    options[name] = offered[0]["value"]
        try:
            uploads = self._find(list(line.rest)) if line.rest else []
        except NotFoundError as error:  # nobody can attach what is not there
            self._found_nothing = error.message
            return
        await self._person.command(path, *uploads, **options)

    def _find(self, places: list[str]) -> list[Upload]:
        pictures = find_pictures(places, self._folder)[:MAX_UPLOADS]
        return [(p.filename, Path(p.reference).read_bytes()) for p in pictures]

    def see(self) -> str:
        """Return all that was shown since the last line."""
        return "\n".join([self._found_nothing, *map(flatten, self._person.seen)])


def _before(options: Mapping[str, object], name: str) -> dict[str, object]:
    return {n: value for n, value in options.items() if n != name}


def flatten(shown: Mapping[str, Any]) -> str:
    """Write all that a message or a form shows, as people read it."""
    if "form" in shown:
        return _flatten_form(shown["form"])
    lines = [shown.get("content") or ""]
    for embed in shown.get("embeds") or []:
        lines += [
            read_markup(embed.get("title") or ""),
            read_markup(embed.get("description") or ""),
        ]
        for field in embed.get("fields") or []:
            lines.append(f"{read_markup(field['name'])}: {read_markup(field['value'])}")
    lines += [file["filename"] for file in shown.get("attachments") or []]
    for control in list_controls(shown):
        lines += [f"[{control.label}]", control.detail]
    for row in shown.get("components") or []:
        lines += [f"{i['label']}: {i['url']}" for i in row["components"] if i.get("style") == 5]
    return "\n".join(line for line in lines if line)


def _flatten_form(form: Mapping[str, Any]) -> str:
    lines = [form["title"]]
    for part in form["components"]:
        if part["type"] == 10:
            lines.append(read_markup(part["content"]))
        else:
            lines += [part["label"], part.get("description") or ""]
    return "\n".join(lines)


def read_markup(text: str) -> str:
    """Read a text as Discord shows it: marks are gone, and what was escaped is there."""
    parts = re.split(r"```\n?(.*?)\n?```", text, flags=re.DOTALL)
    shown = []
    for index, part in enumerate(parts):
        if index % 2:  # a code block, whose columns stand apart
            shown.append(re.sub(r"  +", "  ", part))
        else:
            shown.append(_ESCAPED.sub(r"\1", part.replace("**", "")))
    return "\n".join(shown)
