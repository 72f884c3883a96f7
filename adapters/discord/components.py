"""Buttons and menus that work for ever: what one does stands in its own id, and the client reads it there.

A view is stopped before it is sent, so that the library keeps none of them: none runs out, none
fills the memory, and a press after a restart is like any other.
"""

import re
from collections.abc import Sequence

import discord

from adapters.discord.texts import LABEL, OPTION, cut
from bots.buttons import encode
from bots.catalogue import Catalogue
from bots.dialog import Button, Choice, Kind, Question, Reply, Style
from bots.wording import Words

PRESS = "ty:"
FORM = "ty-form:"
"""Opens the form in which a question is answered; what follows asks it once more, or is empty for the open one."""
MENU = "ty-menu:"
MAX_BUTTONS = 25
MAX_ROW = 5
_FEW = 5
_MAX_URL = 512
_STYLES = {
    Style.PLAIN: discord.ButtonStyle.secondary,
    Style.PRIMARY: discord.ButtonStyle.primary,
    Style.DANGER: discord.ButtonStyle.danger,
}


View = discord.ui.View


def arrange_reply(reply: Reply) -> View | None:
    """Arrange the buttons and links of a reply; what does not fit as buttons goes into a menu."""
    view = View(timeout=None)
    links = [link for link in reply.links if re.match("https?://", link.url)][:MAX_ROW]
    links = [link for link in links if len(link.url) <= _MAX_URL]
    places = MAX_BUTTONS - len(links)
    if len(reply.buttons) <= places:
        _add_buttons(view, reply.buttons)
    else:
        shown = places - MAX_ROW - places % MAX_ROW
        _add_buttons(view, reply.buttons[:shown])
        rest = reply.buttons[shown : shown + 25]
        _add_menu(view, [(button, "") for button in rest], "…")
    for link in links:
        view.add_item(discord.ui.Button(label=cut(link.label, LABEL), url=link.url))
    view.stop()
    return view if view.children else None


def arrange_question(question: Question, catalogue: Catalogue, words: Words) -> View:
    """Arrange a question's choices, few as buttons and many as a menu, and a way to answer in a form."""
    view = View(timeout=None)
    chosen, others = _split(question)
    details = {choice.label: choice.detail for choice in question.choices}
    if len(chosen) > _FEW:
        _add_menu(view, [(b, details.get(b.label, "")) for b in chosen[:25]], question.title)
    else:
        _add_buttons(view, chosen)
    if not chosen or len(question.choices) > len(chosen):
        view.add_item(_make_form_button(question, catalogue, words))
    _add_buttons(view, others)
    view.stop()
    return view


def _split(question: Question) -> tuple[Sequence[Button], Sequence[Button]]:
    """Tell the buttons that answer from the others."""
    labels = {choice.label for choice in question.choices}
    chosen = [b for b in question.buttons if b.label in labels and question.param.name in b.args]
    return chosen, [button for button in question.buttons if button not in chosen]


def list_details(question: Question) -> list[Choice]:
    """List the choices whose details are not seen on a button."""
    if len(_split(question)[0]) > _FEW:
        return []
    return [choice for choice in question.choices[:_FEW] if choice.detail]


def _make_form_button(
    question: Question, catalogue: Catalogue, words: Words
) -> discord.ui.Button[View]:
    label = (
        words.say("Send pictures") if question.param.kind is Kind.IMAGES else words.say("Answer")
    )
    asking = Button("", question.command, question.known, ask=question.param.name)
    data = encode(catalogue.commands[question.command], asking) or ""
    return _make_button(label, FORM + data, discord.ButtonStyle.primary)


def _add_buttons(view: View, buttons: Sequence[Button]) -> None:
    """Add buttons; of two that do the same the first, since Discord takes no id twice."""
    known = set[str]()
    for button in buttons:
        if button.data in known:
            continue
        known.add(button.data)
        view.add_item(_make_button(button.label, PRESS + button.data, _STYLES[button.style]))


def _make_button(label: str, custom_id: str, style: discord.ButtonStyle) -> discord.ui.Button[View]:
    return discord.ui.Button(label=cut(label, LABEL), style=style, custom_id=custom_id)


def _add_menu(view: View, entries: Sequence[tuple[Button, str]], title: str) -> None:
    options = {
        button.data: discord.SelectOption(
            label=cut(button.label, OPTION),
            value=button.data,
            description=cut(detail, OPTION) if detail else None,
        )
        for button, detail in entries
    }
    menu: discord.ui.Select[View] = discord.ui.Select(
        custom_id=MENU, placeholder=cut(title, 150), options=list(options.values())
    )
    view.add_item(menu)
