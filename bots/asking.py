"""Which question comes next, and how it is put; apart because forms and one-at-a-time both need it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from bots import arguments
from bots.buttons import name_shortcut
from bots.dialog import (
    Answer,
    Args,
    Button,
    Choice,
    Command,
    Context,
    Kind,
    Param,
    Picture,
    Question,
    Reply,
    Scalar,
    Style,
    Tone,
)
from core.errors import InvalidError

SHOWN_CHOICES = 10


@dataclass(frozen=True)
class Request:
    """A command on its way to being run: what was given, unchecked, and what is still to be asked."""

    command: Command
    given: Mapping[str, JsonValue] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    ask: str = ""
    sure: str = ""


@dataclass(frozen=True)
class Missing:
    """A parameter to ask, why its last value would not do, and what may stay of the rest."""

    param: Param
    problem: str
    known: Args
    given: Mapping[str, JsonValue]


async def find_missing(context: Context, request: Request) -> Missing | Args:
    """Check all that was given, in order; return the complete arguments, or what to ask next."""
    values: dict[str, Scalar] = {}
    given = {name: value for name, value in request.given.items() if value not in (None, "")}
    for param in request.command.params:
        known = Args(values, request.pictures)
        if param.kind is Kind.IMAGES:
            if not request.pictures and param.required:
                return Missing(param, "", known, given)
            continue
        if param.name == request.ask:
            given.pop(param.name, None)
            return Missing(param, "", known, given)
        if param.name in given:
            try:
                values[param.name] = await arguments.check(context, param, given[param.name], known)
            except InvalidError as error:
                if param.hidden:
                    raise
                rest = {name: value for name, value in given.items() if name != param.name}
                return Missing(param, error.message, known, rest)
        elif param.required and not param.hidden and param.when(context, known):
            only = await _find_only(context, param, known)
            if only is None:
                return Missing(param, "", known, given)
            values[param.name] = only
    return Args(values, request.pictures)


async def _find_only(context: Context, param: Param, known: Args) -> str | None:
    """Return the one choice there is, where taking it surprises nobody."""
    if not param.takes_only or param.choices is None:
        return None
    choices = await param.choices(context, known, "")
    return choices[0].value if len(choices) == 1 else None


async def put_question(context: Context, request: Request, missing: Missing) -> Answer:
    """Put the question for a parameter, with a button for each choice; say so when there is none."""
    words, param = context.words, missing.param
    choices: list[Choice] = []
    if param.choices is not None:
        choices = list(await param.choices(context, missing.known, ""))
        if not choices:
            return _say_empty(context, param)
    elif param.kind is Kind.TOGGLE:
        choices = [Choice("yes", words.say("Yes")), Choice("no", words.say("No"))]
    example = words.say(param.example)
    text = words.say("For example: {example}", example=example) if example else ""
    buttons = [
        Button(
            choice.label, request.command.path, {**_plain(missing.given), param.name: choice.value}
        )
        for choice in choices[:SHOWN_CHOICES]
    ]
    if len(choices) > SHOWN_CHOICES:
        more = len(choices) - SHOWN_CHOICES
        text = words.count("{n} more: type its name.", "{n} more: type the name.", more)
    return Question(
        title=words.say(param.ask),
        text=text,
        param=param,
        choices=tuple(choices),
        buttons=(*buttons, Button(words.say("Cancel"), "cancel")),
        problem=words.known(missing.problem),
        private=request.command.private,
        command=request.command.path,
        known=_plain(missing.given),
    )


def _say_empty(context: Context, param: Param) -> Reply:
    words = context.words
    buttons = [Button(words.say("Help"), "help")]
    if param.start:
        start = next(c for c in context.catalogue if c.path == param.start)
        buttons.insert(0, Button(words.say(start.summary), start.path))
    return Reply(words.say(param.empty), buttons=tuple(buttons), tone=Tone.CAUTION)


def _plain(given: Mapping[str, JsonValue]) -> dict[str, Scalar]:
    return {name: v for name, v in given.items() if isinstance(v, str | int | float | bool)}


def ask_sure(context: Context, command: Command, shortcut: str) -> Reply:
    """Ask for a yes or a no; the first button says yes, the last one no."""
    words = context.words
    data = name_shortcut(shortcut)
    yes = words.say(command.yes) or words.say("Yes")
    return Reply(
        words.say("Answer yes or no."),
        buttons=(
            Button(yes, command.path, style=Style.PRIMARY, data=data),
            Button(words.say("Cancel"), "cancel"),
        ),
    )


def say_lost(context: Context) -> Reply:
    """Answer what is neither a command nor an answer to anything."""
    words = context.words
    return Reply(
        words.say("I did not understand that"),
        words.say("Type a command, or choose one:"),
        buttons=(
            Button(words.say("Datasets"), "dataset list"),
            Button(words.say("Train"), "train"),
            Button(words.say("Help"), "help"),
        ),
        tone=Tone.CAUTION,
    )


def offer_change(context: Context, command: Command, args: Args) -> tuple[Button, ...]:
    """Offer to change what may be changed of a command that is too dear as it is."""
    names = [p.name for p in command.params if not p.required and not p.hidden]
    label = context.words.say("Change settings")
    return tuple(Button(label, command.path, args.values, ask=name) for name in names[:1])
