"""A question as a form; apart because a form is read from what Discord sends back, also after a restart."""

from collections.abc import Iterator, Mapping

import discord

from adapters.discord.attachments import Sent, read_sent
from adapters.discord.texts import FORM, OPTION, cut, fit
from bots.dialog import Kind, Question
from bots.wording import Words

ID = "ty-answer"
MAX_FILES = 10
_TEXT = 4000
_LONG = 200
Json = Mapping[str, object]


def make_form(question: Question, title: str, words: Words) -> discord.ui.Modal:
    """Make the form of a question that takes a text, a number or pictures.

    It is stopped: the client reads what comes back, and the library need not remember the form.
    """
    form = discord.ui.Modal(title=cut(title, FORM), custom_id=ID)
    form.stop()
    label = question.title if len(question.title) <= FORM else words.say("Answer")
    above = [question.problem, question.text if len(question.text) > OPTION else ""]
    above += [question.title] if label != question.title else []
    if any(above):
        form.add_item(discord.ui.TextDisplay(fit("\n\n".join(filter(None, above)), 2000)))
    hint = question.text if 0 < len(question.text) <= OPTION else None
    form.add_item(
        discord.ui.Label(text=cut(label, FORM), description=hint, component=_make_field(question))
    )
    return form


def _make_field(question: Question) -> discord.ui.Item[discord.ui.View]:
    param = question.param
    if param.kind is Kind.IMAGES:
        return discord.ui.FileUpload(custom_id="files", max_values=MAX_FILES, min_values=1)
    most = min(_TEXT, param.limits.characters)
    is_long = param.kind is Kind.TEXT and most > _LONG
    return discord.ui.TextInput(
        custom_id="text",
        style=discord.TextStyle.paragraph if is_long else discord.TextStyle.short,
        max_length=most,
        required=param.required,
    )


def read_form(data: Json) -> tuple[str, list[Sent]]:
    """Read what somebody put into a form: its text, and its files."""
    text, wanted = "", set[str]()
    for field in _walk(data):
        text += str(field.get("value") or "")
        chosen = field.get("values")
        wanted |= {str(value) for value in chosen} if isinstance(chosen, list) else set()
    resolved = data.get("resolved")
    files = resolved.get("attachments") if isinstance(resolved, dict) else None
    known = files if isinstance(files, dict) else {}
    return text, read_sent({key: file for key, file in known.items() if key in wanted})


def _walk(part: object) -> Iterator[Json]:
    """Find the fields in a form, wherever Discord nests them."""
    if not isinstance(part, dict):
        return
    if "custom_id" in part and ("value" in part or "values" in part):
        yield part
    yield from _walk(part.get("component"))
    inner = part.get("components")
    for child in inner if isinstance(inner, list) else ():
        yield from _walk(child)
