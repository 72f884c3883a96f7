"""What Discord refuses: the limits of messages, components, forms and commands, as its reference states them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
NAME = re.compile(r"[-_\w]{1,32}")
MAX_FILES = 10


class InvalidFormError(Exception):
    """What the API answers with 400, code 50035."""


def require(is_met: object, what: str) -> None:
    if not is_met:
        raise InvalidFormError(what)


def check_message(message: Json, files: int) -> None:
    """Raise InvalidFormError when Discord would not take a message."""
    embeds = message.get("embeds") or []
    content = message.get("content") or ""
    require(len(content) <= 2000, "content is too long")
    require(content or embeds or files or message.get("components"), "the message is empty")
    require(len(embeds) <= 10, "too many embeds")
    require(files <= MAX_FILES, "too many files")
    require(sum(map(_check_embed, embeds)) <= 6000, "the embeds are too long together")
    _check_components(message.get("components") or [])
    if content or embeds:
        allowed = message.get("allowed_mentions")
        require(allowed is not None and allowed.get("parse") == [], "somebody could be mentioned")


def _check_embed(embed: Json) -> int:
    title, description = embed.get("title") or "", embed.get("description") or ""
    fields = embed.get("fields") or []
    require(len(title) <= 256 and len(description) <= 4096, "the embed is too long")
    require(len(fields) <= 25, "too many fields")
    for field in fields:
        require(0 < len(field["name"].strip()) <= 256, "a field's name is empty or too long")
        require(0 < len(field["value"].strip()) <= 1024, "a field's value is empty or too long")
    return len(title) + len(description) + sum(len(f["name"] + f["value"]) for f in fields)


def _check_components(rows: list[Json]) -> None:
    require(len(rows) <= 5, "too many rows")
    ids: list[str] = []
    for row in rows:
        require(row["type"] == 1 and 1 <= len(row["components"]) <= 5, "a row is too long")
        for item in row["components"]:
            if item["type"] == 3:
                require(len(row["components"]) == 1, "a menu needs a row of its own")
                _check_menu(item)
            elif item["style"] == 5:
                require(len(item["url"]) <= 512, "a link is too long")
            if item["type"] == 2:
                require(0 < len(item["label"].strip()) <= 80, "a label is empty or too long")
            if "custom_id" in item:
                ids.append(item["custom_id"])
    require(all(1 <= len(i) <= 100 for i in ids), "a custom_id is empty or too long")
    require(len(ids) == len(set(ids)), "a custom_id is there twice")


def _check_menu(menu: Json) -> None:
    options = menu["options"]
    require(1 <= len(options) <= 25, "a menu has no option or too many")
    require(len({o["value"] for o in options}) == len(options), "an option is there twice")
    require(len(menu.get("placeholder") or "") <= 150, "a placeholder is too long")
    for option in options:
        require(0 < len(option["label"].strip()) <= 100, "an option's label is wrong")
        require(0 < len(option["value"]) <= 100, "an option's value is wrong")
        require(len(option.get("description") or "") <= 100, "an option's description is too long")


def check_form(form: Json) -> None:
    """Raise InvalidFormError when Discord would not show a form."""
    require(0 < len(form["title"]) <= 45, "the title is empty or too long")
    require(1 <= len(form["components"]) <= 5, "a form has one to five parts")
    for part in form["components"]:
        if part["type"] == 10:
            require(0 < len(part["content"]) <= 4000, "the text is empty or too long")
            continue
        require(part["type"] == 18, "a field needs a label")
        require(0 < len(part["label"]) <= 45, "a label is empty or too long")
        require(len(part.get("description") or "") <= 100, "a description is too long")
        field = part["component"]
        if field["type"] == 4:
            require(1 <= field.get("max_length", 4000) <= 4000, "a text is too long")
        else:
            require(field["type"] == 19 and field["max_values"] <= 10, "no such field")


def check_choices(choices: list[Json]) -> None:
    """Raise InvalidFormError when Discord would not offer these completions."""
    require(len(choices) <= 25, "too many choices")
    for choice in choices:
        require(1 <= len(choice["name"]) <= 100, "a choice's name is wrong")
        require(1 <= len(str(choice["value"])) <= 100, "a choice's value is wrong")


def check_commands(commands: list[Json]) -> None:
    """Raise InvalidFormError when Discord would not take these commands."""
    slash = [command for command in commands if command.get("type", 1) == 1]
    require(len(slash) <= 100, "too many commands")
    require(len({c["name"] for c in slash}) == len(slash), "a command is there twice")
    for command in slash:
        require(sum(map(len, _list_texts(command))) <= 8000, f"{command['name']} is too long")
        _check_option(command)
    for menu in commands:
        if menu.get("type", 1) != 1:
            require(1 <= len(menu["name"]) <= 32, "a menu's name is too long")


def _check_option(option: Json) -> None:
    require(NAME.fullmatch(option["name"]) and option["name"].islower(), option["name"])
    for text in [option["description"], *(option.get("description_localizations") or {}).values()]:
        require(1 <= len(text) <= 100, f"the description of {option['name']} is wrong")
    inner = option.get("options") or []
    require(len(inner) <= 25, f"{option['name']} has too many options")
    required = [part.get("required", False) for part in inner]
    require(required == sorted(required, reverse=True), "required options come first")
    for part in inner:
        _check_option(part)


def _list_texts(option: Json) -> Iterator[str]:
    yield option["name"]
    yield option["description"]
    for part in option.get("options") or []:
        yield from _list_texts(part)
