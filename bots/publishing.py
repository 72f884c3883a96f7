"""Publishing in conversation: who may use a model, under which words, and who is paid for that."""

from collections.abc import Sequence

from bots.choices import MODEL
from bots.dialog import (
    Args,
    Button,
    Choice,
    Command,
    Context,
    Fact,
    Kind,
    Limits,
    Param,
    Reply,
    Scalar,
    Tone,
    command,
)
from bots.wording import N_
from core.errors import InvalidError, RefusedError
from core.models.publishing import Card
from core.models.records import ModelAccess, TrainedModel
from core.royalties.shares import WHOLE_BPS


async def list_access(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the two ways to publish."""
    words = context.words
    return [
        Choice(ModelAccess.PUBLIC.value, words.say("Everybody finds it")),
        Choice(ModelAccess.UNLISTED.value, words.say("Only whoever knows its name")),
    ]


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\n", ",").split(","))


def _read_access(args: Args) -> ModelAccess:
    return ModelAccess(args.text("access", ModelAccess.PUBLIC.value))


async def _check_public(context: Context, known: Args, value: Scalar) -> None:
    """Refuse words that the model could not be published under, while they can be typed anew."""
    await _check(context, known, _read_access(known), str(value))


async def _check_current(context: Context, known: Args, value: Scalar) -> None:
    """Refuse words that the model could not have where it is now."""
    model = await context.studio.models.get_own(context.principal, known.text("model"))
    await _check(context, known, model.access, str(value))


async def _check(context: Context, known: Args, access: ModelAccess, text: str) -> None:
    publishing, model = context.studio.publishing, known.text("model")
    try:
        await publishing.preview(context.principal, model, access, _split(text))
    except RefusedError as error:
        raise InvalidError(error.message) from error


_WORDS = Param(
    "trigger",
    N_("Which words bring it into a prompt? Take words that nobody else writes, with commas."),
    limits=Limits(characters=250),
    example="miracat",
    check=_check_public,
)


async def _confirm_publish(context: Context, args: Args) -> Reply:
    words, access = context.words, _read_access(args)
    model = await context.studio.publishing.preview(
        context.principal, args.text("model"), access, _split(args.text("trigger"))
    )
    own = sum(s.bps for s in model.shares if s.account == context.principal.account)
    others = len([s for s in model.shares if s.account != context.principal.account])
    return Reply(
        words.say("Publish “{name}”?", name=model.name),
        words.say("Others can use it then, and pay you for that. You can withdraw it at any time.")
        if access is ModelAccess.PUBLIC
        else words.say("Whoever knows its name can use it then, and pays you for that."),
        (
            Fact(words.say("Trigger words"), ", ".join(model.trigger_words)),
            Fact(words.say("As a tag"), f"<lora:{model.slug}:{model.default_weight:g}>"),
            Fact(words.say("Your share"), words.percent(own / WHOLE_BPS)),
            Fact(words.say("Others whose pictures it learned from"), words.number(others)),
        ),
        tone=Tone.CAUTION,
    )


@command(
    "mod publish",
    N_("Let others use a model"),
    MODEL,
    Param("access", N_("Who shall find it?"), Kind.CHOICE, list_access, required=False),
    _WORDS,
    confirm=_confirm_publish,
    yes=N_("Publish"),
)
async def publish(context: Context, args: Args) -> Reply:
    """Publish the model that was confirmed."""
    words = context.words
    model = await context.studio.publishing.publish(
        context.principal, args.text("model"), _read_access(args), _split(args.text("trigger"))
    )
    return Reply(
        words.say("“{name}” is published", name=model.name),
        words.say("Write a trigger word into a prompt to bring the model in."),
        (Fact(words.say("Trigger words"), ", ".join(model.trigger_words)),),
        buttons=(_look(context, model), _withdraw(context, model)),
        tone=Tone.GOOD,
    )


@command(
    "mod words",
    N_("Change a model's trigger words"),
    MODEL,
    Param(_WORDS.name, _WORDS.ask, limits=_WORDS.limits, example="miracat", check=_check_current),
)
async def change_words(context: Context, args: Args) -> Reply:
    """Change trigger words, and say which old ones still work."""
    words = context.words
    model = await context.studio.publishing.change_triggers(
        context.principal, args.text("model"), _split(args.text("trigger"))
    )
    old = ", ".join(old.word for old in model.old_words)
    facts = [Fact(words.say("Trigger words"), ", ".join(model.trigger_words))]
    if old:
        facts.append(Fact(words.say("Old words that still work"), old))
    return Reply(
        words.say("The trigger words are changed"),
        facts=tuple(facts),
        buttons=(_look(context, model),),
        tone=Tone.GOOD,
    )


@command(
    "mod tags",
    N_("Say what a model is about"),
    MODEL,
    Param(
        "tags",
        N_("Which tags? Separate them with commas."),
        limits=Limits(characters=400),
        example=N_("cat, photo"),
    ),
)
async def change_tags(context: Context, args: Args) -> Reply:
    """Give a model tags, by which others find it."""
    words = context.words
    card = Card(tags=_split(args.text("tags")))
    model = await context.studio.publishing.describe(context.principal, args.text("model"), card)
    return Reply(
        words.say("The tags are changed"),
        facts=(Fact(words.say("Tags"), ", ".join(model.tags)),),
        buttons=(_look(context, model),),
        tone=Tone.GOOD,
    )


async def _confirm_withdraw(context: Context, args: Args) -> Reply:
    words = context.words
    model = await context.studio.models.get_own(context.principal, args.text("model"))
    return Reply(
        words.say("Withdraw “{name}”?", name=model.name),
        words.say(
            "Then only you can use it, and others may take its trigger words. What it earned stays."
        ),
        tone=Tone.CAUTION,
    )


@command(
    "mod withdraw",
    N_("Keep a model to yourself again"),
    MODEL,
    confirm=_confirm_withdraw,
    yes=N_("Withdraw"),
)
async def withdraw(context: Context, args: Args) -> Reply:
    """Withdraw the model that was confirmed."""
    model = await context.studio.publishing.withdraw(context.principal, args.text("model"))
    return Reply(
        context.words.say("“{name}” is yours alone again", name=model.name),
        buttons=(_look(context, model),),
        tone=Tone.GOOD,
    )


def _look(context: Context, model: TrainedModel) -> Button:
    return Button(context.words.say("The model"), "mod show", {"model": model.id})


def _withdraw(context: Context, model: TrainedModel) -> Button:
    return Button(context.words.say("Withdraw"), "mod withdraw", {"model": model.id})


COMMANDS: tuple[Command, ...] = (publish, change_words, change_tags, withdraw)
