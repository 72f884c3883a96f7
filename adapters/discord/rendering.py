"""From an answer to a Discord message: embeds, files and buttons, within every limit of the platform."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import discord

from adapters.discord.components import arrange_question, arrange_reply, list_details
from adapters.discord.texts import (
    DESCRIPTION,
    EMBED,
    FIELD_NAME,
    FIELD_VALUE,
    TITLE,
    draw_table,
    fit,
)
from bots.catalogue import Catalogue
from bots.dialog import Answer, Fact, File, Link, Question, Reply, Tone
from bots.wording import Words

FILE_BYTES = 10 * 1024**2
"""What may be sent where Discord does not say. Source: Discord's reference on uploading files."""
MAX_FILES = 10
MAX_FIELDS = 25
_COLOURS = {
    Tone.PLAIN: discord.Colour(0x5865F2),
    Tone.GOOD: discord.Colour(0x2E9E5B),
    Tone.CAUTION: discord.Colour(0xE0A100),
    Tone.BAD: discord.Colour(0xD0392B),
}


@dataclass
class Rendered:
    """What is sent: embeds, files, and buttons if there are any."""

    embeds: list[discord.Embed]
    view: discord.ui.View | None = None
    files: list[discord.File] = field(default_factory=list)


async def render(
    answer: Answer, catalogue: Catalogue, words: Words, file_bytes: int = FILE_BYTES
) -> Rendered:
    """Render whatever a conversation answers."""
    if isinstance(answer, Question):
        return _render_question(answer, catalogue, words)
    return await render_reply(answer, words, file_bytes)


async def render_reply(reply: Reply, words: Words, file_bytes: int = FILE_BYTES) -> Rendered:
    """Render a reply. Files larger than `file_bytes` are told of instead."""
    rendered = render_still(reply)
    for image in reply.images[: MAX_FILES - 1]:
        name = await _attach(rendered, image, file_bytes)
        if name:
            _show_image(rendered, name, image.caption)
    notes, links = [], list(reply.links)
    for file in reply.files[: MAX_FILES - len(rendered.files)]:
        if await _attach(rendered, file, file_bytes):
            continue
        notes.append(
            words.say(
                "{name} is too large to be sent here: {size}.",
                name=file.name,
                size=words.size(file.size_bytes),
            )
        )
        if file.link is not None:
            links.append(Link(f"{words.say('Download')}: {file.name}", await file.link()))
        else:
            notes.append(words.say("Download it on the web or through the API."))
    if notes:
        _add_notes(rendered.embeds[0], notes)
        rendered.view = arrange_reply(replace(reply, links=tuple(links)))
    return rendered


def render_still(reply: Reply) -> Rendered:
    """Render a reply without its pictures and files."""
    embed = discord.Embed(title=fit(reply.title, TITLE) or None, colour=_COLOURS[reply.tone])
    _add_facts(embed, reply.facts)
    room = min(DESCRIPTION, EMBED - len(embed))
    text = fit(reply.text, room)
    if reply.table is not None:
        drawn = draw_table(reply.table, room - len(text) - 1)
        text = f"{text}\n{drawn}".strip("\n")
    embed.description = text or None
    return Rendered([embed], arrange_reply(reply))


def _render_question(question: Question, catalogue: Catalogue, words: Words) -> Rendered:
    tone = Tone.CAUTION if question.problem else Tone.PLAIN
    embed = discord.Embed(title=fit(question.title, TITLE), colour=_COLOURS[tone])
    problem = f"**{fit(question.problem, 1000)}**" if question.problem else ""
    details = [f"**{fit(c.label, 100)}**  {fit(c.detail, 200)}" for c in list_details(question)]
    embed.description = "\n".join(
        part for part in (problem, fit(question.text, 2000), *details) if part
    )
    return Rendered([embed], arrange_question(question, catalogue, words))


def _add_facts(embed: discord.Embed, facts: Iterable[Fact]) -> None:
    """Add fields while there is room for them."""
    for fact in list(facts)[:MAX_FIELDS]:
        name, value = fit(fact.name, FIELD_NAME) or "–", fit(fact.value, FIELD_VALUE) or "–"
        if len(embed) + len(name) + len(value) <= EMBED:
            embed.add_field(name=name, value=value, inline=len(value) <= 40)


def _show_image(rendered: Rendered, name: str, caption: str) -> None:
    """Show an attached picture: the first in the answer itself, each other one in an embed of its own."""
    if rendered.embeds[0].image.url is None:
        rendered.embeds[0].set_image(url=f"attachment://{name}")
        return
    room = EMBED - sum(map(len, rendered.embeds))
    embed = discord.Embed(
        description=fit(caption, min(200, room)), colour=rendered.embeds[0].colour
    )
    rendered.embeds.append(embed.set_image(url=f"attachment://{name}"))


async def _attach(rendered: Rendered, file: File, most_bytes: int) -> str:
    """Attach a file and return its name, of which Discord would make a safe one; empty when too large."""
    if file.size_bytes > most_bytes:
        return ""
    body = bytearray()
    async for chunk in file.open():
        body += chunk
        if len(body) > most_bytes:  # its size was a guess
            return ""
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in file.name)
    name = name[-100:] or "file"
    rendered.files.append(discord.File(io.BytesIO(body), name))
    return name


def _add_notes(embed: discord.Embed, notes: list[str]) -> None:
    room = min(DESCRIPTION - len(embed.description or "") - 1, EMBED - len(embed) - 1)
    text = fit("\n".join(notes), max(0, room))
    embed.description = f"{embed.description or ''}\n{text}".strip("\n")
